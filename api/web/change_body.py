"""A Change as a JSON body: quads, or in short a request for a value."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Annotated, Any, Final, TypeAlias

from pydantic import (
    BaseModel,
    ConfigDict,
    Field,
    FiniteFloat,
    StrictBool,
    StrictFloat,
    StrictInt,
    StrictStr,
    ValidationError,
)
from pydantic_core import from_json, to_json
from rdflib import Literal, URIRef

from api.run_info import RunInfo
from kg.change import Expected, Kind, Quad
from kg.errors import BadChange, BadTerm, UnknownNode
from kg.names import GraphName
from kg.terms import Term
from kg.wire import text_to_quads, text_to_term

_NAME: Final = "An IRI, or a name of this plant such as `Filler` or `tw:ratedSpeed`."
_MOST: Final = 50_000
_LONGEST_DETAIL: Final = 64 * 1024
"""Bytes: a detail is kept, and sent to everybody who follows, even where the Change is refused."""
_OF_THE_TWIN: Final = frozenset(
    {"decision", "request", "stage", "outcome", "ok", "facts", "meaning", "binds", "expires_us", "until_us"}
)
"""What the twin's own parts note in a detail; the story of a decision is told from it."""
Text: TypeAlias = Annotated[str, Field(max_length=10_000)]
ReasonText: TypeAlias = Annotated[
    str, Field(max_length=2_000, description="Why, in your own words; it goes on record.")
]


class QuadBody(BaseModel):
    """One triple in a named graph."""

    model_config = ConfigDict(extra="forbid")

    s: Annotated[Text, Field(description=f"{_NAME} A blank node is `_:label`.", examples=["Line"])]
    p: Annotated[Text, Field(description=_NAME, examples=["tw:powerLimitKw"])]
    o: Annotated[
        str,
        Field(
            max_length=1_000_000,
            description="In N-Triples form.",
            examples=['"2.3E2"^^<http://www.w3.org/2001/XMLSchema#double>'],
        ),
    ]
    g: Annotated[Text, Field(description="A named graph: its IRI or its short name.", examples=["plant"])]


class ExpectedBody(BaseModel):
    """What must still hold when the Change is judged."""

    model_config = ConfigDict(extra="forbid")

    s: Annotated[Text, Field(description=_NAME, examples=["Line"])]
    p: Annotated[Text, Field(description=_NAME, examples=["tw:powerLimitKw"])]
    o: Annotated[Text, Field(description="In N-Triples form.")]
    present: bool = True
    tolerance: Annotated[FiniteFloat, Field(ge=0)] | None = None


Quads: TypeAlias = Annotated[
    str | Annotated[list[QuadBody], Field(max_length=_MOST)], Field(description="N-Quads, or a list of quads.")
]


class ChangeBody(BaseModel):
    """Quads to remove and quads to add, all or none. Removals go first."""

    model_config = ConfigDict(extra="forbid")

    kind: Kind = Kind.EDIT
    adds: Quads = ""
    removes: Quads = ""
    reason: ReasonText
    cause: Annotated[str | None, Field(max_length=200, description="The id of what led to it.")] = None
    read_set: Annotated[list[ExpectedBody], Field(max_length=_MOST)] = Field(default_factory=list)
    detail: Annotated[dict[str, Any], Field(description="What belongs into the record but not into the graph.")] = (
        Field(default_factory=dict)
    )


class Wish(BaseModel):
    """A value for one property."""

    model_config = ConfigDict(extra="forbid")

    target: Annotated[Text, Field(description=_NAME, examples=["Filler.SetMachSpeed"])]
    value: Annotated[
        StrictBool | StrictInt | StrictFloat | Annotated[StrictStr, Field(max_length=10_000)],
        Field(description="In the property's unit.", examples=[300]),
    ]
    unit: Annotated[
        str | None, Field(max_length=100, description="If given, it must be the property's own.", examples=["/min"])
    ] = None


class RequestBody(BaseModel):
    """A request to a controller, in short."""

    model_config = ConfigDict(extra="forbid")

    request: Wish
    reason: ReasonText


def read_body(body: bytes) -> ChangeBody | RequestBody:
    """The body in bytes of JSON. Raises BadChange with line and column, or with the field at fault."""
    try:
        document = from_json(body, allow_inf_nan=False)
    except ValueError as error:
        raise BadChange(f"The body is not JSON: {error}.") from error
    if not isinstance(document, dict):
        raise BadChange("The body is a JSON object with `adds` and `removes`, or with `request`.")
    try:
        return (RequestBody if "request" in document else ChangeBody).model_validate(document)
    except ValidationError as error:
        first = error.errors(include_url=False, include_input=False)[0]
        where = ".".join(map(str, first["loc"]))
        raise BadChange(f"{where}: {first['msg']}.", where=where, problems=error.error_count()) from error


def quads_in(given: str | list[QuadBody], info: RunInfo, where: str) -> tuple[Quad, ...]:
    """The quads of a field. Raises BadTerm, or BadChange for a graph that does not exist."""
    if isinstance(given, str):
        return text_to_quads(given)
    return tuple(_quad(item, info, f"{where}.{place}") for place, item in enumerate(given))


def read_set_in(given: Iterable[ExpectedBody], info: RunInfo) -> tuple[Expected, ...]:
    """The read set of a body. Raises BadTerm."""
    return tuple(_expected(item, info, f"read_set.{place}") for place, item in enumerate(given))


def sound_detail(detail: dict[str, Any]) -> dict[str, Any]:
    """The detail itself. Raises BadChange where it is too long or says what only the twin's own parts say."""
    taken = sorted(_OF_THE_TWIN & detail.keys())
    if taken:
        raise BadChange(
            f"{', '.join(taken)} in a detail is for the twin's own parts; use another name.", where="detail"
        )
    if len(to_json(detail)) > _LONGEST_DETAIL:
        raise BadChange(f"The detail of a change has at most {_LONGEST_DETAIL} bytes as JSON.", where="detail")
    return detail


def json_schema() -> dict[str, Any]:
    """The schema of both bodies, for OpenAPI; complete in itself."""
    return {"oneOf": [_inlined(model.model_json_schema()) for model in (RequestBody, ChangeBody)]}


def _quad(item: QuadBody, info: RunInfo, where: str) -> Quad:
    subject = _node(item.s, info, f"{where}.s")
    if isinstance(subject, Literal):
        raise BadTerm(f"{where}.s: a literal is no subject.", where=f"{where}.s")
    return Quad(subject, _iri(item.p, info, f"{where}.p"), _term(item.o, f"{where}.o"), _graph(item.g, f"{where}.g"))


def _expected(item: ExpectedBody, info: RunInfo, where: str) -> Expected:
    subject, predicate = _iri(item.s, info, f"{where}.s"), _iri(item.p, info, f"{where}.p")
    return Expected(subject, predicate, _term(item.o, f"{where}.o"), item.present, item.tolerance)


def _node(text: str, info: RunInfo, where: str) -> Term:
    if text.startswith(("<", "_:", '"')):
        return _term(text, where)
    try:
        return _term(f"<{info.iri(text)}>", where)
    except UnknownNode as error:
        raise BadTerm(f"{where}: {error.message}", where=where) from error


def _iri(text: str, info: RunInfo, where: str) -> URIRef:
    node = _node(text, info, where)
    if not isinstance(node, URIRef):
        raise BadTerm(f"{where}: an IRI is needed.", where=where)
    return node


def _term(text: str, where: str) -> Term:
    try:
        return text_to_term(text)
    except BadTerm as error:
        raise BadTerm(f"{where}: {error.message}", where=where) from error


def _graph(text: str, where: str) -> GraphName:
    name = text.removeprefix("<").removesuffix(">")
    found = GraphName.of_iri(name) or next((graph for graph in GraphName if graph.value == name), None)
    if found is None:
        names = ", ".join(graph.value for graph in GraphName)
        raise BadChange(f"{where}: there is no named graph {text}; there are {names}.", where=where)
    return found


def _inlined(schema: Mapping[str, Any]) -> dict[str, Any]:
    """A JSON schema with its definitions written out where they are used."""
    known = schema.get("$defs", {})

    def written(node: Any) -> Any:
        if isinstance(node, list):
            return [written(item) for item in node]
        if not isinstance(node, dict):
            return node
        if "$ref" in node:
            own = {key: value for key, value in node.items() if key != "$ref"}
            return written(known[node["$ref"].removeprefix("#/$defs/")]) | written(own)
        return {key: written(value) for key, value in node.items() if key != "$defs"}

    inlined: dict[str, Any] = written(dict(schema))
    return inlined
