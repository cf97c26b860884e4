"""`POST /v1/changes` over a Gate that says what a test wants: bodies in, Changes out, verdicts and problems back."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import cache
from typing import Any

import httpx
import pyoxigraph
import pytest
from fastapi import FastAPI
from rdflib import RDF, SH, XSD, Literal, URIRef
from stubs import BOT, StubTwin, bearer

from api.plantfolder import find, load
from api.run_info import RunInfo
from api.web.app import build_api
from api.web.guard import Guard
from api.web.identity import Person
from kg.change import Change, Expected, Finding, Findings, Kind, Quad, Reason, Severity, Verdict
from kg.errors import ServiceDown
from kg.names import GraphName
from kg.plantfolder import PlantFolder
from kg.replica import Limits, check_query, run_query
from kg.terms import double_literal
from kg.tokens import CORE, REPLICA
from kg.wire import quads_to_text
from ontology import TW

PLANT = f"<{GraphName.PLANT.iri}>"
OLD = Quad(BOT.Line, TW.powerLimitKw, double_literal(220.0), GraphName.PLANT)
NEW = OLD._replace(o=double_literal(230.0))
JSON, UPDATE, PATCH = "application/json", "application/sparql-update", "application/rdf-patch"
SPEED = {"request": {"target": "Filler.SetMachSpeed", "value": 300}, "reason": "labeller is cleared"}
QUADS = tuple(OLD._replace(s=URIRef(f"urn:{n}")) for n in range(501))
REPLACE = """WITH graph:plant
DELETE { bot:Line tw:powerLimitKw ?o } INSERT { bot:Line tw:powerLimitKw 2.3E2 }
WHERE { bot:Line tw:powerLimitKw ?o }"""
TOO_FAST = Finding(
    focus=BOT.Filler,
    shape=URIRef("https://w3id.org/twinwright/shapes#LIM-SPEED-MAX"),
    component=SH.MaxInclusiveConstraintComponent,
    path="<https://w3id.org/twinwright/packml#setMachSpeed>",
    value=double_literal(880.0),
    severity=Severity.VIOLATION,
    message=f"The speed of {BOT.Filler} is above its maximum.",
    code="LIM-SPEED-MAX",
    distance=440.0,
)

REMOTE = {"s": f"<{BOT.Filler}>", "p": f"<{TW.siteRemote}>", "o": f'"true"^^<{XSD.boolean}>', "g": "state"}
WHY_NOT = {
    "admitted": False,
    "seq": 4711,
    "sentence": "1 way found among 1 candidate.",
    "repairs": [
        {
            "kind": "would-have-to-hold",
            "sentence": f"It would pass if {BOT.Filler} were in remote.",
            "edits": [{"part": "facts", "remove": None, "add": REMOTE, "by": "itself"}],
        }
    ],
    "judged": 1,
    "candidates": 32,
    "stopped": "exhausted",
}


@cache
def bottling() -> PlantFolder:
    return load(find("bottling"))


@cache
def store() -> pyoxigraph.Store:
    held = pyoxigraph.Store()
    held.extend(pyoxigraph.parse(quads_to_text(bottling().quads()), format=pyoxigraph.RdfFormat.N_QUADS))
    return held


@dataclass
class GateTwin(StubTwin):
    """The bottling plant; a Gate that says what it is told to, and a replica that holds the plant."""

    reasons: tuple[Reason, ...] = ()
    sent: list[tuple[str, Change, bool]] = field(default_factory=list)
    asked: list[Mapping[str, Any]] = field(default_factory=list)
    rows: int = 10_000
    whys: list[Mapping[str, Any]] = field(default_factory=list)
    plant: PlantFolder = field(default_factory=bottling)
    info: RunInfo = field(default_factory=lambda: RunInfo.of(bottling()))

    def now_us(self) -> int:
        return 1_800_000_000_000_000

    async def submit(self, person: Person, change: Change, dry_run: bool = False) -> Verdict:
        self.sent.append((person.login, change, dry_run))
        introduced = tuple(reason.finding for reason in self.reasons if reason.finding is not None)
        findings = Findings(introduced=introduced)
        return Verdict(change.id, not self.reasons, 4711, "r1", self.reasons, findings, dry_run)

    async def call(
        self, person: Person | None, part: str, method: str, body: Any = None, timeout_s: float = 10.0
    ) -> Any:
        if (part, method) == (CORE, "status"):
            return {"seq": 4710}
        if (part, method) == (CORE, "why_not"):
            self.whys.append(body)
            return WHY_NOT
        if (part, method) == (REPLICA, "query"):
            self.asked.append(body)
            limits = Limits(rows=min(self.rows, body["limit"]))
            return run_query(store(), check_query(body["query"]), self.info.prefixes, limits).to_json()
        raise ServiceDown("not there", part=part)

    @property
    def change(self) -> Change:
        """The one Change that was sent."""
        ((_, change, _),) = self.sent
        return change


@pytest.fixture
def twin() -> GateTwin:
    return GateTwin()


@pytest.fixture
def post(twin: GateTwin, ask: Callable[[FastAPI], httpx.AsyncClient]) -> Callable[..., Any]:
    """Sends a body as Emil, the engineer, unless somebody else is named."""
    app = FastAPI()
    app.mount("/v1", build_api(twin))  # type: ignore[arg-type]
    app.add_middleware(Guard)
    client = ask(app)

    async def send(body: object, media: str = JSON, login: str = "emil", query: str = "", **headers: str) -> Any:
        content = body if isinstance(body, bytes | str) else json.dumps(body)
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        return await client.post(
            f"/v1/changes{query}", content=content, headers=bearer(login) | {"Content-Type": media} | named
        )

    return send


async def test_a_request_in_short(post: Callable[..., Any], twin: GateTwin) -> None:
    """The property by name, the value in its unit; the answer says where the controller's will be."""
    body = SPEED | {"request": SPEED["request"] | {"unit": "/min"}}  # type: ignore[operator]

    answer = await post(body, login="olga")

    assert answer.status_code == 202, answer.text
    ident = twin.change.id.removeprefix("urn:uuid:")
    assert answer.headers["location"] == answer.json()["decision"] == f"/v1/decisions/{ident}"
    assert answer.json()["explanation"] == f"/v1/explanations/{ident}"
    facts = {quad.p: quad.o for quad in twin.change.adds}
    assert (twin.change.kind, facts[RDF.type], facts[TW.target]) == (
        Kind.REQUEST,
        TW.Request,
        BOT["Filler.SetMachSpeed"],
    )
    assert (facts[TW.desiredValue], facts[TW.reason]) == (double_literal(300.0), Literal("labeller is cleared"))
    assert {quad.g for quad in twin.change.adds} == {GraphName.DESIRED}


async def test_quads_as_json(post: Callable[..., Any], twin: GateTwin) -> None:
    """N-Quads text and lists of quads mean the same; names of the plant and of graphs are understood."""
    listed = [{"s": "Line", "p": "tw:powerLimitKw", "o": f'"2.3E2"^^<{XSD.double}>', "g": "plant"}]
    expected = [{"s": "Line", "p": str(TW.powerLimitKw), "o": f'"2.2E2"^^<{XSD.double}>', "tolerance": 0.5}]
    body = {"adds": listed, "removes": quads_to_text([OLD]), "reason": "r", "read_set": expected, "cause": "urn:x"}

    answer = await post(body | {"detail": {"ticket": "MOC-7"}})

    assert answer.status_code == 200, answer.text
    change = twin.change
    assert (change.kind, change.adds, change.removes) == (Kind.EDIT, (NEW,), (OLD,))
    assert change.read_set == (Expected(BOT.Line, TW.powerLimitKw, OLD.o, True, 0.5),)
    assert (change.cause, change.reason, change.detail) == ("urn:x", "r", {"ticket": "MOC-7"})
    assert answer.json()["decision"] is None


async def test_a_patch(post: Callable[..., Any], twin: GateTwin) -> None:
    """Rows become removals and additions; the header goes on record."""
    rows = f"H id <urn:uuid:7> .\nTX .\nD {quads_to_text([OLD])}A {quads_to_text([NEW])}TC .\n"

    answer = await post(rows, PATCH, query="?reason=contract&kind=manual")

    assert answer.status_code == 200, answer.text
    assert (twin.change.kind, twin.change.adds, twin.change.removes) == (Kind.MANUAL, (NEW,), (OLD,))
    assert (twin.change.reason, twin.change.detail) == ("contract", {"patch": {"id": "urn:uuid:7"}})


async def test_an_update(post: Callable[..., Any], twin: GateTwin) -> None:
    """WHERE is asked of the replica as of the newest Change; what goes must have been there."""
    answer = await post(REPLACE, f"{UPDATE}; charset=UTF-8", change_reason="contract")

    assert answer.status_code == 200, answer.text
    assert (twin.change.adds, twin.change.removes, twin.change.reason) == ((NEW,), (OLD,), "contract")
    assert twin.change.read_set == (Expected(OLD.s, OLD.p, OLD.o),)
    assert twin.asked[0]["min_seq"] == 4710
    assert twin.change.detail == {"update": REPLACE}


async def test_a_refusal_is_a_problem_with_the_verdict(post: Callable[..., Any], twin: GateTwin) -> None:
    """Sentences in people's words, the remedy where there is one, and the finding for programs."""
    twin.reasons = (
        Reason("LIM-SPEED-MAX", TOO_FAST.message, TOO_FAST),
        Reason("not-writable", f"{BOT.Filler} is not on the write allow-list."),
    )

    answer = await post(SPEED)

    problem = answer.json()
    assert (answer.status_code, problem["code"]) == (409, "change-refused")
    assert problem["detail"] == "The speed of Filler is above its maximum. (and 1 more reason)"
    shape, plain = problem["verdict"]["reasons"]
    assert (shape["code"], shape["remedy"]) == ("LIM-SPEED-MAX", None)
    assert shape["finding"]["focus"] == f"<{BOT.Filler}>"
    assert shape["finding"]["value"] == f'"8.8E2"^^<{XSD.double}>'
    assert shape["finding"]["distance"] == 440.0
    assert plain["sentence"] == "Filler is not on the write allow-list."
    assert "allow-list" in plain["remedy"]
    assert len(problem["verdict"]["findings"]["introduced"]) == 1


@pytest.mark.parametrize("reasons", [(), (Reason("LIM-SPEED-MAX", "Too fast.", TOO_FAST),)])
async def test_a_dry_run_is_always_200(post: Callable[..., Any], twin: GateTwin, reasons: tuple[Reason, ...]) -> None:
    """Asking without doing has no decision to follow."""
    twin.reasons = reasons

    answer = await post(SPEED, query="?dry_run=true")

    told = answer.json()
    assert answer.status_code == 200
    assert (told["admitted"], told["dry_run"], told["decision"]) == (not reasons, True, None)
    assert twin.sent[0][2]


@pytest.mark.parametrize("login", ["vera", "ada"])
async def test_readers_may_not(post: Callable[..., Any], twin: GateTwin, login: str) -> None:
    """Viewers and auditors are refused before the body is looked at."""
    answer = await post("nonsense", login=login)

    assert (answer.status_code, answer.json()["code"]) == (403, "not-authorised")
    assert not twin.sent


async def test_a_truncated_where_changes_nothing(post: Callable[..., Any], twin: GateTwin) -> None:
    """More solutions than the limit."""
    twin.rows = 5

    answer = await post("DELETE WHERE { GRAPH graph:plant { ?s ?p ?o } }", UPDATE, query="?reason=r")

    assert (answer.status_code, answer.json()["code"], answer.json()["limit"]) == (400, "update-refused", "rows")
    assert not twin.sent


def request(**wish: object) -> dict[str, object]:
    return {"request": SPEED["request"] | wish, "reason": "r"}  # type: ignore[operator]


def edit_of(quad: Quad) -> dict[str, str]:
    s, p, o, g = quads_to_text([quad]).rstrip(" .\n").split(" ")
    return {"s": s, "p": p, "o": o, "g": g}


def edit(**quad: str) -> dict[str, object]:
    return {"adds": [{"s": "Line", "p": "tw:x", "o": '"1"', "g": "plant"} | quad], "reason": "r"}


WISH = '{"request": {"target": "Filler.SetMachSpeed", "value": VALUE}, "reason": "r"}'
DEEP = '{"reason": "r", "detail": ' + '{"a":' * 5_000 + "1" + "}" * 5_001
MISTAKES: dict[str, tuple[object, str, int, str, str]] = {
    "no JSON": ("{", JSON, 400, "bad-change", "not JSON.*line 1 column"),
    "JSON list": ("[]", JSON, 400, "bad-change", "JSON object"),
    "JSON text": ('"a"', JSON, 400, "bad-change", "JSON object"),
    "binary as JSON": (b"\xff\xfe\x00", JSON, 400, "bad-change", "not JSON"),
    "deep JSON": (DEEP, JSON, 400, "bad-change", "recursion"),
    "NaN": (
        '{"request": {"target": "Filler.SetMachSpeed", "value": NaN}, "reason": "r"}',
        JSON,
        400,
        "bad-change",
        "line 1",
    ),
    "infinite detail": ('{"reason": "r", "detail": {"a": Infinity}}', JSON, 400, "bad-change", "not JSON"),
    "half a character": ('{"reason": "\\ud800"}', JSON, 400, "bad-change", "not JSON"),
    "unknown field": ({"reason": "r", "author": "urn:me"}, JSON, 400, "bad-change", "author: "),
    "both forms": (SPEED | {"adds": ""}, JSON, 400, "bad-change", "adds: "),
    "no reason": (request() | {"reason": "  "}, JSON, 400, "bad-change", "says why"),
    "reason missing": ({"adds": ""}, JSON, 400, "bad-change", "reason: "),
    "unknown kind": ({"kind": "wish", "reason": "r"}, JSON, 400, "bad-change", "kind: .*'edit'"),
    "a stop": ({"kind": "stop", "reason": "r"}, JSON, 400, "bad-change", "PUT /v1/stops"),
    "an approval": ({"kind": "approval", "reason": "r"}, JSON, 400, "bad-change", "/v1/proposals"),
    "a long request": ({"kind": "request", "reason": "r"}, JSON, 400, "bad-change", "sent in short"),
    "wrong type of adds": ({"adds": 5, "reason": "r"}, JSON, 400, "bad-change", "adds"),
    "wrong N-Quads": ({"adds": "a b c", "reason": "r"}, JSON, 400, "bad-term", "line 1"),
    "N-Quads without graph": ({"adds": "<urn:a> <urn:b> <urn:c> .", "reason": "r"}, JSON, 400, "bad-term", "no named"),
    "unknown graph": (edit(g="plan"), JSON, 400, "bad-change", "adds.0.g: .*plant"),
    "unknown prefix": (edit(p="nix:x"), JSON, 400, "bad-term", "adds.0.p: The prefix nix"),
    "literal as subject": (edit(s='"a"'), JSON, 400, "bad-term", "adds.0.s: a literal"),
    "blank predicate": (edit(p="_:b"), JSON, 400, "bad-term", "adds.0.p: an IRI"),
    "wrong object": (edit(o="2.3E2 ."), JSON, 400, "bad-term", "adds.0.o: "),
    "smuggled quad": (edit(o="<urn:o> . <urn:s> <urn:p> <urn:o>"), JSON, 400, "bad-term", "adds.0.o: "),
    "bad IRI": (edit(s="<a b>"), JSON, 400, "bad-term", "adds.0.s: "),
    "unknown target": (
        request(target="Filler.SetMachSped"),
        JSON,
        404,
        "unknown-node",
        "Did you mean Filler.SetMachSpeed",
    ),
    "unknown prefix of a target": (request(target="x:y"), JSON, 404, "unknown-node", "prefix x:"),
    "text for a number": (request(value="fast"), JSON, 422, "bad-value", "no number"),
    "NaN as text": (request(value="NaN"), JSON, 422, "bad-value", "no number"),
    "too large": (request(value="1e999"), JSON, 422, "bad-value", "no number"),
    "true for a number": (request(value=True), JSON, 422, "bad-value", "no number"),
    "null": (request(value=None), JSON, 400, "bad-change", "request.value"),
    "list for a number": (request(value=[1]), JSON, 400, "bad-change", "request.value"),
    "huge number": (WISH.replace("VALUE", "1" + "0" * 4000), JSON, 422, "bad-value", "no number"),
    "other unit": (request(unit="/h"), JSON, 422, "bad-value", "in /min, not in /h"),
    "unit in the text": (request(value="300 m/s"), JSON, 422, "bad-value", "no number"),
    "text/plain": ("TX .", "text/plain", 415, "unsupported-media", "text/plain; there are"),
    "no type": ("TX .", "", 415, "unsupported-media", "without a type"),
    "other charset": ("TX .", f"{PATCH}; charset=latin-1", 415, "unsupported-media", "latin-1"),
    "binary patch": (b"TX .\n\x80\x81", PATCH, 400, "bad-term", "byte 5"),
    "patch without graph": ("A <urn:a> <urn:b> <urn:c> .", PATCH, 400, "bad-change", "Line 1: .*plant"),
    "patch with unknown prefix": (f"TX .\nA e:a <urn:b> <urn:c> {PLANT} .\nTC .", PATCH, 400, "bad-term", "Line 2: "),
    "binary update": (b"\x00\xff", UPDATE, 400, "bad-term", "byte 1"),
    "malformed update": ("INSERT DATA {\n  GRAPH }", UPDATE, 400, "update-refused", "Line 2: "),
    "LOAD": ("LOAD <http://198.51.100.1/>", UPDATE, 400, "update-refused", "LOAD would fetch"),
    "unknown prefix in WHERE": ("DELETE { } WHERE { nix:a ?p ?o }", UPDATE, 400, "update-refused", "prefix nix:"),
    "long update": ("#" * 70_000, UPDATE, 400, "update-refused", "longer than"),
    "501 quads as JSON": (
        {"reason": "r", "adds": quads_to_text(QUADS[1:]), "removes": [edit_of(quad) for quad in QUADS[:2]]},
        JSON,
        400,
        "bad-change",
        "at most 500 quads.*several changes",
    ),
    "501 quads as a patch": (
        f"TX .\n{''.join(f'A {line}' for line in quads_to_text(QUADS).splitlines(True))}TC .\n",
        PATCH,
        400,
        "bad-change",
        "at most 500 quads.*several changes",
    ),
    "an update with 501 quads": (
        f"INSERT DATA {{ GRAPH graph:plant {{ {' '.join(f'<urn:{n}> <urn:p> 1 .' for n in range(501))} }} }}",
        UPDATE,
        400,
        "bad-change",
        "at most 500 quads.*several changes",
    ),
    "a body of 10 MB": (b"a" * 10_000_000, PATCH, 413, "body-too-large", "bytes"),
}


@pytest.mark.parametrize(("body", "media", "status", "code", "says"), MISTAKES.values(), ids=MISTAKES.keys())
async def test_mistakes_are_problems_and_reach_nobody(
    post: Callable[..., Any], twin: GateTwin, body: object, media: str, status: int, code: str, says: str
) -> None:
    """Every malformed body is told what is wrong with it, with its place, and nothing is sent to the Gate."""
    answer = await post(body, media, query="?reason=r")

    problem = answer.json()
    assert (answer.status_code, problem["code"]) == (status, code), problem
    assert httpx.codes.is_client_error(answer.status_code)
    assert re.search(says, problem["detail"]), problem["detail"]
    assert not twin.sent


async def test_an_update_says_why(post: Callable[..., Any], twin: GateTwin) -> None:
    """No reason, no change."""
    answer = await post("INSERT DATA { }", UPDATE)

    assert (answer.status_code, answer.json()["code"]) == (400, "bad-change")
    assert not twin.sent


async def test_a_compressed_body_is_refused(post: Callable[..., Any]) -> None:
    """Nothing is unpacked here."""
    answer = await post(b"\x1f\x8b", PATCH, content_encoding="gzip")

    assert answer.status_code == 415


async def test_openapi_shows_all_bodies(twin: GateTwin) -> None:
    """Three media types with examples, and a schema without loose ends."""
    content = build_api(twin).openapi()["paths"]["/changes"]["post"]["requestBody"]["content"]  # type: ignore[arg-type]

    assert set(content) == {JSON, UPDATE, PATCH}
    assert set(content[JSON]["examples"]) == {"request", "quads"}
    assert "$ref" not in json.dumps(content)


@pytest.mark.parametrize("media", [JSON, UPDATE, PATCH])
async def test_the_examples_work(post: Callable[..., Any], twin: GateTwin, media: str) -> None:
    """What the description shows can be sent."""
    content = build_api(twin).openapi()["paths"]["/changes"]["post"]["requestBody"]["content"][media]  # type: ignore[arg-type]
    bodies = [item["value"] for item in content["examples"].values()] if media == JSON else [content["example"]]

    for body in bodies:
        answer = await post(body, media, query="?reason=contract")

        assert answer.status_code in (200, 202), answer.text
    assert all(change.adds for _, change, _ in twin.sent)


@pytest.mark.parametrize("query", ["?dry_run=true&why_not=true", "?why_not=true"])
async def test_what_would_make_it_pass(post: Callable[..., Any], twin: GateTwin, query: str) -> None:
    """Asked of the core for a Change that was refused, with short names; on a real Change it is in the problem."""
    twin.reasons = (Reason("PERM-REMOTE", "The machine is not in remote.", TOO_FAST),)

    answer = (await post(SPEED, query=query)).json()

    (repair,) = answer.get("verdict", answer)["why_not"]["repairs"]
    assert repair["sentence"] == "It would pass if Filler were in remote."
    assert repair["edits"][0]["add"]["g"] == "state"
    assert twin.whys[0]["change"]["id"] == twin.change.id


@pytest.mark.parametrize(("query", "reasons"), [("?dry_run=true&why_not=true", ()), ("?dry_run=true", ("x",))])
async def test_why_not_is_asked_only_of_a_refusal(
    post: Callable[..., Any], twin: GateTwin, query: str, reasons: tuple[str, ...]
) -> None:
    """What is admitted needs no repair, and nobody searches unasked."""
    twin.reasons = tuple(Reason(reason, "No.") for reason in reasons)

    answer = await post(SPEED, query=query)

    assert answer.json()["why_not"] is None
    assert twin.whys == []
