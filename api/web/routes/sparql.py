"""`/v1/sparql`: the SPARQL 1.1 Protocol over the replica. The replica writes the answer; it is passed on as it is."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Annotated, Any, Final
from urllib.parse import parse_qsl

from fastapi import APIRouter, Depends, Request, Response
from starlette.responses import RedirectResponse

from api.web.access import Action, allowed
from api.web.errors import BadRequest, BodyTooLarge, NotAcceptable, UnsupportedMedia
from api.web.identity import Person
from api.web.negotiation import VARY, Offer, best, choose, not_acceptable, prefers_page
from api.web.problems import problem_responses
from api.web.service_description import DESCRIPTION_OFFERS, service_description
from api.web.twin import Twin, the_twin
from kg.errors import NotYetSeen, QueryOverLimit, QueryRefused
from kg.tokens import REPLICA

router = APIRouter(tags=["sparql"])

WORKBENCH: Final = "/explore"
"""The page of the console on which people write queries."""
LONGEST_BODY: Final = 256 * 1024
"""Bytes: the longest query, percent-encoded."""
_MOST_PARAMETERS: Final = 64
_LARGEST_SEQ: Final = 2**53
_FORM, _QUERY, _UPDATE = "application/x-www-form-urlencoded", "application/sparql-query", "application/sparql-update"
_POINTER: Final = "Updates go to POST /v1/changes, where the Gate judges them."

TABLES: Final = (
    Offer("json", "application/sparql-results+json"),
    Offer("xml", "application/sparql-results+xml"),
    Offer("csv", "text/csv"),
    Offer("tsv", "text/tab-separated-values"),
    Offer("json", "application/json"),
    Offer("xml", "application/xml"),
    Offer("xml", "text/xml"),
)
GRAPHS: Final = (
    Offer("turtle", "text/turtle", ("ttl", "n3")),
    Offer("ntriples", "application/n-triples", ("nt",)),
    Offer("jsonld", "application/ld+json", ("json-ld", "json")),
    Offer("rdfxml", "application/rdf+xml", ("rdf", "rdf+xml", "xml")),
    Offer("trig", "application/trig"),
    Offer("nquads", "application/n-quads", ("nq",)),
    Offer("jsonld", "application/json"),
    Offer("rdfxml", "application/xml"),
    Offer("rdfxml", "text/xml"),
)

_HEADERS: Final = {
    "X-Limit-Time-S": "The time limit in force, in seconds.",
    "X-Limit-Rows": "The row limit in force.",
    "X-Rows": "Rows or triples in this answer.",
    "X-Truncated": "`true` where the answer was cut at the row limit.",
    "X-Seq": "The number of the last Change that the answer has seen.",
}
_PARAMETERS: Final = [
    {
        "name": name,
        "in": "query",
        "required": False,
        "description": text,
        "schema": schema,
    }
    for name, text, schema in (
        ("timeout", "Seconds; at most the time limit of the twin.", {"type": "number", "exclusiveMinimum": 0}),
        ("limit", "Rows; at most the row limit of the twin.", {"type": "integer", "minimum": 1}),
        ("min_seq", "Wait until the answer has seen this Change.", {"type": "integer", "minimum": 0}),
        ("format", "In place of Accept, for instance `csv` or `turtle`.", {"type": "string"}),
    )
]
_RESPONSES: Final[dict[int | str, dict[str, Any]]] = {
    200: {
        "description": "The answer: a table or yes-or-no in a format of SPARQL results, or a graph in one of RDF.",
        "headers": {name: {"description": text, "schema": {"type": "string"}} for name, text in _HEADERS.items()},
        "content": {
            # a table as JSON is an object, a graph as JSON-LD an object or a list; everything else is text
            offer.media: {"schema": {} if "json" in offer.media else {"type": "string"}}
            for offer in (*TABLES, *GRAPHS)
        },
    },
    **problem_responses(QueryRefused, QueryOverLimit, NotYetSeen, NotAcceptable, UnsupportedMedia, BodyTooLarge),
}


@dataclass(frozen=True, slots=True)
class Asked:
    """A request of the protocol, read and checked."""

    query: str
    seconds: float
    rows: int
    min_seq: int
    format: str | None


@router.get(
    "/sparql",
    summary="Ask the graph",
    response_class=Response,
    responses={
        **_RESPONSES,
        303: {"description": "A browser without a query is sent to the workbench."},
    },
    openapi_extra={
        "parameters": [
            {
                "name": "query",
                "in": "query",
                "required": False,
                "description": "SPARQL 1.1; without it the answer is the description of this service.",
                "schema": {"type": "string"},
                "example": "SELECT ?machine ?speed { ?machine pack:curMachSpeed ?speed }",
            },
            *_PARAMETERS,
        ]
    },
)
async def ask(
    request: Request,
    person: Annotated[Person, Depends(allowed(Action.QUERY))],
    twin: Annotated[Twin, Depends(the_twin)],
) -> Response:
    """SELECT, ASK, CONSTRUCT or DESCRIBE over all graphs as one; `GRAPH graph:state { }` chooses one of them.

    The prefixes of the project and of the plant need no declaration. Limits are in the headers `X-Limit-...`.
    """
    parameters = _parsed(request.scope["query_string"])
    if not any(name == "query" for name, _ in parameters):
        _refuse_others(parameters)
        return _described(request, _first(parameters).get("format"))
    return await _answer(twin, person, request, parameters)


@router.post(
    "/sparql",
    summary="Ask the graph with a longer query",
    response_class=Response,
    responses=_RESPONSES,
    openapi_extra={
        "parameters": _PARAMETERS,
        "requestBody": {
            "required": True,
            "content": {
                _QUERY: {"schema": {"type": "string"}, "example": "ASK { ?server tw:connected true }"},
                _FORM: {
                    "schema": {"type": "object", "required": ["query"], "properties": {"query": {"type": "string"}}},
                    "example": {"query": "ASK { ?server tw:connected true }"},
                },
            },
        },
    },
)
async def ask_with_body(
    request: Request,
    person: Annotated[Person, Depends(allowed(Action.QUERY))],
    twin: Annotated[Twin, Depends(the_twin)],
) -> Response:
    """The same with the query as the body (application/sparql-query) or as a field of a form."""
    parameters = _parsed(request.scope["query_string"])
    media = _media(request)
    if media == _QUERY:
        parameters.append(("query", _text(await _body(request))))
    elif media == _FORM:
        parameters += _parsed(await _body(request))
    elif media == _UPDATE:
        raise UnsupportedMedia(_POINTER, media=media)
    else:
        raise UnsupportedMedia(f"A query comes as {_QUERY} or {_FORM}, not as {media or 'nothing named'}.", media=media)
    return await _answer(twin, person, request, parameters)


async def _answer(twin: Twin, person: Person, request: Request, parameters: list[tuple[str, str]]) -> Response:
    asked = _asked(parameters, twin)
    accept = request.headers.get("accept")
    table, graph = best(TABLES, accept, asked.format), best(GRAPHS, accept, asked.format)
    if table is None and graph is None:
        raise not_acceptable((*TABLES, *GRAPHS), accept if asked.format is None else f"format={asked.format}")
    body = {
        "query": asked.query,
        "timeout_s": asked.seconds,
        "limit": asked.rows,
        "min_seq": asked.min_seq,
        "formats": {"table": table and table.name, "graph": graph and graph.name},
    }
    twin.strikes.require_few(person.login)
    try:
        answer = await twin.call(person, REPLICA, "query", body, timeout_s=2 * asked.seconds + 5)
    except QueryOverLimit as error:
        if error.facts.get("limit") == "time":
            twin.strikes.out_of_time(person.login)
        raise
    is_graph = answer["form"] == "graph"
    offer = graph if is_graph else table
    if offer is None:
        raise not_acceptable(GRAPHS if is_graph else TABLES, f"a query of this form ({answer['form']})")
    return Response(answer["text"], headers=_headers(answer), media_type=offer.content_type)


def _headers(answer: Mapping[str, Any]) -> dict[str, str]:
    return {
        **VARY,
        "Cache-Control": "no-store",
        "X-Limit-Time-S": f"{answer['time_limit_s']:g}",
        "X-Limit-Rows": str(answer["row_limit"]),
        "X-Rows": str(answer["rows"]),
        "X-Truncated": str(answer["truncated"]).lower(),
        "X-Seq": str(answer["seq"]),
    }


def _described(request: Request, name: str | None) -> Response:
    accept = request.headers.get("accept")
    if name is None and prefers_page(accept):
        return RedirectResponse(WORKBENCH, 303, VARY)
    offer = choose(DESCRIPTION_OFFERS, accept, name)
    text = service_description(str(request.url.replace(query="")), offer.name)
    return Response(text, headers=VARY, media_type=offer.content_type)


def _asked(parameters: list[tuple[str, str]], twin: Twin) -> Asked:
    _refuse_others(parameters)
    queries = [value for name, value in parameters if name == "query"]
    if len(queries) != 1:
        raise QueryRefused(f"A request holds one query; this holds {len(queries) or 'none'}.", queries=len(queries))
    given = _first(parameters)
    settings = twin.settings
    return Asked(
        query=queries[0],
        seconds=_number(given, "timeout", settings.query_timeout_s, settings.query_timeout_s),
        rows=int(_number(given, "limit", settings.query_rows, settings.query_rows, whole=True)),
        min_seq=int(_number(given, "min_seq", 0, _LARGEST_SEQ, whole=True, least=0)),
        format=given.get("format") or None,
    )


def _first(parameters: list[tuple[str, str]]) -> dict[str, str]:
    """The first value of each name: SPARQLWrapper tries several for `format`, its best guess first."""
    return dict(reversed(parameters))


def _refuse_others(parameters: list[tuple[str, str]]) -> None:
    names = {name for name, _ in parameters}
    if "update" in names:
        raise QueryRefused(f"This is the place of queries. {_POINTER}")
    foreign = names & {"default-graph-uri", "named-graph-uri"}
    if foreign:
        raise QueryRefused(
            f"{', '.join(sorted(foreign))}: all graphs are there, one is chosen with GRAPH in the query.",
            construct="DatasetClause",
        )


def _number(
    given: Mapping[str, str], name: str, default: float, most: float, *, whole: bool = False, least: float = math.ulp(0)
) -> float:
    text = given.get(name)
    if text is None or text == "":
        return default
    word = f"a {'whole ' if whole else ''}number"
    try:
        value = int(text) if whole else float(text)
    except ValueError:
        raise BadRequest(f"{name} is {word}, not {text[:50]!r}.", where=name) from None
    if not max(least, 1 if whole and least > 0 else least) <= value <= most:
        raise BadRequest(f"{name} is {word} of at most {most:g} here, and above zero.", where=name, most=most)
    return value


def _parsed(text: bytes) -> list[tuple[str, str]]:
    """Names and values of a form or query string. Raises QueryRefused for bytes that are not UTF-8."""
    try:
        decoded = text.decode("ascii")
        return parse_qsl(decoded, keep_blank_values=True, errors="strict", max_num_fields=_MOST_PARAMETERS)
    except UnicodeDecodeError as error:
        raise QueryRefused("The parameters are not percent-encoded UTF-8.") from error
    except ValueError as error:
        raise QueryRefused(f"There are more than {_MOST_PARAMETERS} parameters.") from error


def _text(body: bytes) -> str:
    try:
        return body.decode("utf-8")
    except UnicodeDecodeError as error:
        raise QueryRefused(f"The query is not UTF-8 (byte {error.start}).", byte=error.start) from error


async def _body(request: Request) -> bytes:
    read = bytearray()
    async for chunk in request.stream():
        read += chunk
        if len(read) > LONGEST_BODY:
            raise BodyTooLarge(f"A query's body may have {LONGEST_BODY} bytes.", max_bytes=LONGEST_BODY)
    return bytes(read)


def _media(request: Request) -> str:
    """The body's media type without parameters. Raises UnsupportedMedia for an encoding other than UTF-8."""
    kind, _, rest = request.headers.get("content-type", "").partition(";")
    name, _, value = rest.partition("=")
    if name.strip().lower() == "charset" and value.strip().strip('"').lower() not in ("utf-8", "utf8", "us-ascii"):
        raise UnsupportedMedia("A query comes in UTF-8.", media=kind)
    return kind.strip().lower()
