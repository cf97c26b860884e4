"""The core's side of a write: from an admitted request to Changes that tell its end."""

from __future__ import annotations

import asyncio
from contextlib import suppress
from dataclasses import dataclass, field, replace

import pytest
from rdflib import PROV, RDF, XSD, Literal, URIRef

from kg.change import Change, ChangeId, Kind, Published, Quad, Role, Verdict
from kg.channel import AsyncClient
from kg.gate.authority import authorise
from kg.names import GraphName
from kg.opcua import Dispatcher, open_requests, outcome_change, stage_change
from kg.opcua.facts import instant
from kg.terms import double_literal
from ontology import TW

DESIRED = GraphName.DESIRED


def request_quads(iri, name, value, expires_us, **other):
    """An admitted request as the Gate leaves it in the graph."""
    node = URIRef(name)
    facts = [
        (RDF.type, TW.AdmittedRequest),
        (TW.target, iri("Filler.SetMachSpeed")),
        (TW.desiredValue, double_literal(value)),
        (TW.priorValue, double_literal(400.0)),
        (TW.author, iri("LineAgent")),
        (TW.agent, iri("LineAgent")),
        (TW.rule, iri("CatchUp")),
        (TW.proposal, URIRef("urn:uuid:proposal")),
        (TW.approvals, Literal(0)),
        (TW.expiresAt, instant(expires_us)),
    ]
    return tuple(Quad(node, p, o, DESIRED) for p, o in facts if p not in other.get("without", ()))


def admitted(quads, iri):
    """What the Gate publishes of an admitted request."""
    pending = Quad(iri("Filler.SetMachSpeed"), TW.pending, Literal(True), DESIRED)
    return Published(1, "release", Kind.REQUEST, ChangeId(str(quads[0].s)), "a", None, 0, 0, (*quads, pending), ())


@dataclass
class Record:
    """Stands in for the Gate: takes every Change."""

    changes: list[Change] = field(default_factory=list)
    refusals: int = 0

    async def submit(self, change: Change) -> Verdict:
        authorise(change)
        if self.refusals:
            self.refusals -= 1
            return Verdict(change.id, False, 0, "release")
        self.changes.append(change)
        return Verdict(change.id, True, len(self.changes), "release")

    @property
    def end(self) -> Change | None:
        return next((change for change in self.changes if "outcome" in change.detail), None)

    def words(self) -> list[str]:
        return [str(change.detail.get("outcome") or change.detail.get("stage")) for change in self.changes]


@pytest.fixture
def record():
    return Record()


@pytest.fixture
async def dispatch(record, until):
    """Starts a dispatcher; ends it with the test."""
    running = []

    def start(client, clock, token=1, **other):
        made = Dispatcher(client, record.submit, token, clock, **other)
        running.append((made, asyncio.create_task(made.run())))
        return made

    yield start
    for made, task in running:
        made.close()
        with suppress(asyncio.CancelledError):
            await asyncio.wait_for(task, 5)


async def test_a_confirmed_request_becomes_the_desired_value(served, record, dispatch, iri, until):
    """Stages in order, then the node and `pending` go, `desired` and `desiredBy` come, old ones and foreign go."""
    desk = served.desk
    old = (
        Quad(iri("Filler.SetMachSpeed"), TW.desired, double_literal(400.0), DESIRED),
        Quad(iri("Filler.SetMachSpeed"), TW.desiredBy, URIRef("urn:uuid:old"), DESIRED),
    )
    quads = request_quads(iri, "urn:uuid:r1", 410.0, desk.now_us + 30_000_000)
    expected = []
    dispatcher = dispatch(served.client(), lambda: desk.now_us, expect=expected.append)
    dispatcher.start(old, "release")

    dispatcher.published(admitted(quads, iri))
    await until(lambda: record.end)

    assert record.words() == ["leased", "prechecked", "intent", "written", "feedback", "effect", "confirmed"]
    assert {change.detail["decision"] for change in record.changes} == {"urn:uuid:proposal"}
    assert {change.cause for change in record.changes} == {"urn:uuid:r1"}
    prop = iri("Filler.SetMachSpeed")
    end = record.end
    assert {(q.p, q.o) for q in end.adds if q.g is DESIRED} == {
        (TW.desired, double_literal(410.0)),
        (TW.desiredBy, URIRef("urn:uuid:r1")),
    }
    assert {*quads, *old, Quad(prop, TW.pending, Literal(True), DESIRED)} <= set(end.removes)
    assert Quad(prop, TW.foreignWrite, Literal(True), GraphName.STATE) in end.removes
    assert [request.node for request in expected] == [URIRef("urn:uuid:r1")]
    assert desk.writes() == [410.0]


@pytest.mark.parametrize(("behaviour", "outcome"), [("refuse", "refused"), ("clamp", "clamped"), ("ignore", "unknown")])
async def test_every_other_end_leaves_no_pending_request(served, record, dispatch, iri, until, behaviour, outcome):
    """The node goes; unknown freezes the property; nothing claims a value that was not confirmed."""
    desk = served.desk
    desk.controller.behaviour = behaviour
    quads = request_quads(iri, "urn:uuid:r1", 430.0, desk.now_us + 30_000_000)
    dispatcher = dispatch(served.client(), lambda: desk.now_us)

    dispatcher.published(admitted(quads, iri))
    await until(lambda: record.end)

    assert record.end.detail["outcome"] == outcome
    assert set(quads) <= set(record.end.removes)
    stated = {(q.p, q.o) for q in record.end.adds if q.g is DESIRED}
    assert stated == ({(TW.frozen, Literal(True))} if outcome == "unknown" else set())


async def test_a_blocked_request_ends_with_the_gateways_reason(served, record, dispatch, iri, until):
    """The sentence for people comes along."""
    desk = served.desk
    desk.controller.set("Filler.Remote", False)
    quads = request_quads(iri, "urn:uuid:r1", 410.0, desk.now_us + 30_000_000)
    dispatcher = dispatch(served.client(), lambda: desk.now_us)

    dispatcher.published(admitted(quads, iri))
    await until(lambda: record.end)

    assert (record.end.detail["outcome"], record.end.detail["code"]) == ("blocked", "local")
    assert record.end.reason == "The machine is in local."


async def test_a_gateway_that_is_down_ends_the_request_as_expired(tmp_path, record, dispatch, iri, until):
    """Nothing was begun, so nothing was written: when the request's time is over it says so."""
    now = [1_000_000]
    client = AsyncClient(tmp_path / "nobody.sock", "core-token")
    dispatcher = dispatch(client, lambda: now[0])
    quads = request_quads(iri, "urn:uuid:r1", 410.0, 2_000_000)

    dispatcher.published(admitted(quads, iri))
    await asyncio.sleep(0.1)
    waiting = record.end
    now[0] = 60_000_000
    await until(lambda: record.end)

    assert waiting is None
    assert (record.end.detail["outcome"], record.end.detail["code"]) == ("expired", "gateway-down")
    await client.close()


async def test_another_core_with_a_higher_token_blocks_this_one(served, record, dispatch, iri, until):
    """The fenced core's request ends as blocked, with the reason."""
    desk = served.desk
    desk.executor.log.fence(9, desk.now_us)
    dispatcher = dispatch(served.client(), lambda: desk.now_us, token=1)

    dispatcher.published(admitted(request_quads(iri, "urn:uuid:r1", 410.0, desk.now_us + 30_000_000), iri))
    await until(lambda: record.end)

    assert (record.end.detail["outcome"], record.end.detail["code"]) == ("blocked", "not-authorised")
    assert desk.writes() == []


async def test_without_a_prior_value_nothing_is_sent(served, record, dispatch, iri, until):
    """There is nothing that the gateway could compare with."""
    desk = served.desk
    quads = request_quads(iri, "urn:uuid:r1", 410.0, desk.now_us + 30_000_000, without=(TW.priorValue,))
    dispatcher = dispatch(served.client(), lambda: desk.now_us)

    dispatcher.published(admitted(quads, iri))
    await until(lambda: record.end)

    assert record.end.detail["code"] == "no-prior"


async def test_open_requests_are_reconciled_at_the_start(served, record, dispatch, iri, until):
    """One that the gateway has carried out ends as it did there, one that it never saw as blocked; none is resent."""
    desk = served.desk
    done = await desk.send(410.0, request="urn:uuid:done")
    quads = [
        *request_quads(iri, "urn:uuid:done", 410.0, desk.now_us + 30_000_000),
        *request_quads(iri, "urn:uuid:never", 415.0, desk.now_us + 30_000_000),
    ]
    dispatcher = dispatch(served.client(), lambda: desk.now_us)

    dispatcher.start(quads, "release")
    await until(lambda: len(record.changes) == 2)

    ends = {change.cause: change.detail["outcome"] for change in record.changes}
    assert ends == {"urn:uuid:done": done.result.value, "urn:uuid:never": "blocked"}
    assert desk.writes() == [410.0]


async def test_an_answer_lost_on_the_way_is_asked_for(served, record, dispatch, iri, until):
    """The gateway's socket goes away in the middle of an execution that it brings to its end: nothing is sent twice."""
    desk = served.desk
    desk.controller.delay_s = 0.3
    dispatcher = dispatch(served.client(), lambda: desk.now_us)
    dispatcher.published(admitted(request_quads(iri, "urn:uuid:r1", 410.0, desk.now_us + 3_000_000), iri))
    await until(lambda: "written" in record.words())

    served.gateway.close()
    await until(lambda: desk.executor.log.outcome("urn:uuid:r1") is not None)
    desk.now_us += 60_000_000
    await until(lambda: record.end)

    assert record.end.detail["outcome"] in ("confirmed", "unknown")
    assert desk.writes() == [410.0]


async def test_an_outcome_is_submitted_until_it_is_recorded(served, record, dispatch, iri, until):
    """A disk that fails for a while does not leave the request pending."""
    desk = served.desk
    desk.controller.set("Filler.Remote", False)
    record.refusals = 3
    dispatcher = dispatch(served.client(), lambda: desk.now_us)

    dispatcher.published(admitted(request_quads(iri, "urn:uuid:r1", 410.0, desk.now_us + 30_000_000), iri))
    await until(lambda: record.end)

    assert record.words()[-1] == "blocked"


async def test_the_lease_is_kept_only_while_the_core_is_healthy(served, dispatch, until):
    """A core that cannot decide lets go, and the heartbeat ends with it."""
    healthy = [True]
    desk = served.desk
    dispatcher = dispatch(served.client(), lambda: desk.now_us, is_healthy=lambda: healthy[0], lease_s=0.5)
    await until(lambda: desk.executor.lease.is_fresh and dispatcher.status()["lease"])
    healthy[0] = False

    await until(lambda: not desk.executor.lease.is_fresh, 6)


def test_the_changes_are_what_the_gateway_may_say(iri):
    """Kind OUTCOME by the gateway, PROV activities in `decisions`, deterministic and authorised."""
    quads = request_quads(iri, "urn:uuid:r1", 410.0, 1_800_000_000_000_000)
    (request,) = open_requests(quads)
    event = {"stage": "written", "ok": True, "at_us": 5, "status": 0, "answer": "Good"}

    stage = stage_change(request, event, 5)
    end = outcome_change(request, {"outcome": "confirmed", "sentence": "Shown.", "value": 410.0}, 6)

    for change in (stage, end):
        authorise(change)
        assert (change.kind, change.source.role) == (Kind.OUTCOME, Role.GATEWAY)
    assert request.expires_us == 1_800_000_000_000_000
    assert Quad(URIRef("urn:uuid:r1#written"), RDF.type, PROV.Activity, GraphName.DECISIONS) in stage.adds
    assert Quad(URIRef("urn:uuid:r1#outcome"), TW.stage, Literal("confirmed"), GraphName.DECISIONS) in end.adds
    assert stage.detail["target"] == str(iri("Filler.SetMachSpeed"))
    assert next(q.o for q in end.adds if q.p == PROV.endedAtTime).datatype == XSD.dateTime


def test_confirming_the_value_that_was_desired_before_removes_nothing_that_it_adds(iri):
    """Removals come before additions, but a quad is never in both."""
    quads = request_quads(iri, "urn:uuid:r1", 410.0, 1_800_000_000_000_000)
    (request,) = open_requests(quads)
    same = Quad(request.target, TW.desired, request.value, DESIRED)

    end = outcome_change(request, {"outcome": "confirmed"}, 6, (same,))

    assert same in end.adds
    assert same not in end.removes


def test_a_persons_request_is_its_own_decision(iri):
    """Without a proposal the request's own id is the decision."""
    (request,) = open_requests(request_quads(iri, "urn:uuid:r1", 410.0, 1_000_000, without=(TW.proposal, TW.agent)))

    assert request.decision == "urn:uuid:r1"
    assert request.order(3, "rel")["agent"] is None
    assert replace(request, prior=None).order(3, "rel") is None
