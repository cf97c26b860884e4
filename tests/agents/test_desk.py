"""An agent's decisions, from a condition that begins to hold to their recorded end."""

from __future__ import annotations

from typing import Any

import pytest
from rdflib import Literal, URIRef

from kg.change import Finding, Kind, Quad, Reason, Severity
from kg.errors import ServiceDown
from kg.names import GraphName
from kg.terms import double_literal
from ontology import TW

EX = "https://example.org/line#"
ALL_STAGES = ["reasoned", "checked", "simulated", "negotiated", "approved", "requested"]


def blocked(code: str = "PERM-LOCAL", path: str | None = None) -> Reason:
    """A refusal by a shape."""
    finding = Finding(Literal(1), URIRef("urn:shape"), URIRef("urn:c"), path, None, Severity.VIOLATION, "No.", code)
    return Reason(code, "No.", finding)


async def test_shadow_records_the_judgement_and_requests_nothing(bench: Any) -> None:
    """In shadow a proposal is reasoned and checked, and ends there."""
    bench.level("shadow")
    bench.begin("Slow", 300.0)

    await bench.desk.turn()

    assert bench.core.stages() == ["reasoned", "checked", "simulated", "negotiated", "shadow"]
    assert bench.core.requests() == []


async def test_without_any_grant_an_agent_stays_in_shadow(bench: Any) -> None:
    """Silence of the policy does not set an agent free."""
    bench.begin("Slow", 300.0)

    await bench.desk.turn()

    assert bench.core.stages()[-1] == "shadow"


async def test_off_means_that_nothing_is_proposed(bench: Any) -> None:
    """At level off not even a proposal is recorded."""
    bench.level("off")
    bench.begin("Slow", 300.0)

    await bench.desk.turn()

    assert bench.core.submitted == []


async def test_autonomous_goes_through_to_a_committed_write(bench: Any) -> None:
    """The policy approves, the request is admitted, the gateway confirms, and the decision is committed."""
    bench.level("autonomous")
    bench.begin("Slow", 300.0)

    await bench.desk.turn()
    for stage in ("leased", "prechecked", "intent", "written", "feedback", "effect"):
        bench.outcome(stage=stage, ok=True)
    bench.outcome(outcome="confirmed", value=300.0)
    await bench.desk.turn()

    assert bench.core.stages() == [*ALL_STAGES, "committed"]
    assert bench.desk.open == {}


async def test_the_request_carries_what_the_gate_needs(bench: Any) -> None:
    """The request names target, value, rule, goal, proposal and inputs, and its read set holds match and premises."""
    bench.level("autonomous")
    match = bench.begin("Slow", 300.0)

    await bench.desk.turn()

    (request,) = bench.core.requests()
    stated = {quad.p: quad.o for quad in request.adds}
    assert stated[TW.target] == match.target
    assert stated[TW.desiredValue] == match.value
    assert stated[TW.rule] == match.rule
    assert {str(q.o).rpartition("#")[2] for q in request.adds if q.p == TW.input} == {
        "Belt.FillRatio",
        "Labeller.State",
    }
    lines = {(e.p, e.tolerance) for e in request.read_set}
    assert lines == {
        (match.rule, 45.0),
        (TW.fillRatio, 0.15),
        (URIRef("https://w3id.org/twinwright/packml#stateCurrent"), None),
    }


async def test_the_proposal_tells_people_what_it_is_about(bench: Any) -> None:
    """Sentence, effect with a band, consequence of doing nothing, rollback and expiry are on record."""
    bench.begin("Slow", 300.0)

    await bench.desk.turn()

    told = bench.core.submitted[0].detail["facts"]["proposal"]
    assert told["sentence"] == "Run the filler at 300 instead of 400 per minute; 0.75 full."
    assert told["prior"].startswith('"4.0E2"')
    assert told["effect"]["evaluated"]
    assert told["effect"]["low"] <= told["effect"]["units"] <= told["effect"]["high"]
    assert "stops" in told["if_nothing"]
    assert told["expires_us"] == bench.clock[0] + 60_000_000


async def test_a_refused_dry_run_ends_an_acting_proposal(bench: Any) -> None:
    """What the Gate would refuse is not put before people, and rests before it is tried again."""
    bench.level("approve")
    bench.core.judge = lambda change, dry_run: [blocked()] if change.kind is Kind.REQUEST else []
    bench.begin("Slow", 300.0)

    await bench.desk.turn()
    await bench.desk.turn()

    assert bench.core.stages() == ["reasoned", "checked", "simulated", "negotiated", "refused"]
    bench.pass_s(6)
    await bench.desk.turn()
    assert len(bench.core.stages()) == 10


async def test_refusals_make_an_agent_ask_less_and_less_often(bench: Any) -> None:
    """A condition that holds for ten minutes and is always refused costs few decisions."""
    bench.level("autonomous")
    bench.core.judge = lambda change, dry_run: [blocked()] if change.kind is Kind.REQUEST else []
    bench.begin("Slow", 300.0)

    for _ in range(600):
        await bench.desk.turn()
        bench.pass_s(1)

    assert bench.core.stages().count("refused") <= 10


async def test_a_person_approves_and_the_request_follows(bench: Any) -> None:
    """At level approve nothing is sent before a person's word."""
    bench.level("approve")
    bench.begin("Slow", 300.0)
    await bench.desk.turn()
    assert bench.core.requests() == []
    (decision,) = bench.desk.open

    said = {"decision": decision, "meaning": "approve", "expires_us": bench.clock[0] + 1_000_000, "binds": "x"}
    bench.tell(bench.core.publish(Kind.APPROVAL, detail=said, author="urn:olga"))
    await bench.desk.turn()

    assert bench.core.stages() == ALL_STAGES
    approved = next(c for c in bench.core.submitted if c.detail.get("stage") == "approved")
    assert approved.detail["facts"]["persons"] == ["urn:olga"]


async def test_a_persons_no_is_final(bench: Any) -> None:
    """A rejected proposal ends, and is not repeated while the condition goes on."""
    bench.level("approve")
    bench.begin("Slow", 300.0)
    await bench.desk.turn()
    (decision,) = bench.desk.open

    said = {"decision": decision, "meaning": "reject", "expires_us": bench.clock[0] + 1_000_000, "binds": "x"}
    bench.tell(bench.core.publish(Kind.APPROVAL, detail=said, author="urn:olga"))
    await bench.desk.turn()
    bench.pass_s(30)
    await bench.desk.turn()

    assert bench.core.stages()[-1] == "rejected"
    assert bench.core.requests() == []


async def test_nobody_answers_and_the_proposal_expires(bench: Any) -> None:
    """Expiry means blocked, never approved."""
    bench.level("approve")
    bench.begin("Slow", 300.0)
    await bench.desk.turn()

    bench.pass_s(61)
    await bench.desk.turn()

    assert "expired" in bench.core.stages()
    assert bench.core.requests() == []


async def test_a_veto_window_passes_in_silence(bench: Any) -> None:
    """Without an objection the request goes out when the window has passed, not before."""
    bench.level("veto-window")
    bench.begin("Slow", 300.0)
    await bench.desk.turn()
    bench.pass_s(14)
    await bench.desk.turn()
    assert bench.core.requests() == []

    bench.pass_s(2)
    await bench.desk.turn()

    assert len(bench.core.requests()) == 1


async def test_a_condition_that_ceases_withdraws_the_proposal(bench: Any) -> None:
    """What is no longer true is no longer asked for."""
    bench.level("approve")
    match = bench.begin("Slow", 300.0)
    await bench.desk.turn()

    bench.cease(match)
    await bench.desk.turn()

    assert bench.core.stages()[-1] == "withdrawn"
    assert bench.desk.open == {}


async def test_a_waiting_proposal_stays_while_its_rule_wants_another_value(bench: Any) -> None:
    """Nobody can approve what changes under their eyes: the wanted value moves, the proposal before people does not."""
    bench.level("approve")
    match = bench.begin("Slow", 300.0)
    await bench.desk.turn()

    for value in (280.0, 260.0, 240.0):
        bench.cease(match)
        match = bench.begin("Slow", value)
        bench.pass_s(8)
        await bench.desk.turn()

    assert bench.core.stages().count("reasoned") == 1
    (decision,) = bench.desk.open.values()
    assert float(decision.proposal.desired) == 300.0


async def test_a_new_value_supersedes_when_people_have_had_their_time(bench: Any) -> None:
    """After half a minute of wall time the newer value takes the place of the older."""
    bench.level("approve")
    match = bench.begin("Slow", 300.0)
    await bench.desk.turn()

    bench.cease(match)
    bench.begin("Slow", 280.0)
    bench.pass_s(30)
    await bench.desk.turn()

    assert bench.core.stages().count("superseded") == 1
    (decision,) = bench.desk.open.values()
    assert float(decision.proposal.desired) == 280.0


async def test_what_would_now_be_refused_gives_way_at_once(bench: Any) -> None:
    """A proposal whose approval would be in vain is not left before people."""
    bench.level("approve")
    match = bench.begin("Slow", 300.0)
    await bench.desk.turn()
    first = next(iter(bench.desk.open))

    bench.core.judge = lambda change, dry_run: (
        [Reason("precondition-changed", "It moved.")] if dry_run and change.detail["decision"] == first else []
    )
    bench.cease(match)
    bench.begin("Slow", 280.0)
    bench.pass_s(2)
    await bench.desk.turn()

    ended = next(c.detail for c in bench.core.submitted if c.detail.get("stage") == "superseded")
    assert ended["facts"]["why"] == "it would now be refused: It moved."
    assert [float(d.proposal.desired) for d in bench.desk.open.values()] == [280.0]


async def test_what_no_longer_helps_gives_way(bench: Any) -> None:
    """When the belt is nearly full and the machine behind almost back, slowing down gains nothing any more."""
    bench.level("approve")
    match = bench.begin("Slow", 300.0)
    await bench.desk.turn()
    soon = Quad(URIRef(EX + "Labeller"), TW.expectedRemainingS, double_literal(2.0), GraphName.KPI)
    later = soon._replace(o=double_literal(120.0))

    bench.tell(bench.core.publish(Kind.MEASURE, added=(soon,), removed=(later,)))
    bench.cease(match)
    bench.begin("Slow", 280.0)
    bench.pass_s(2)
    await bench.desk.turn()

    ended = next(c.detail for c in bench.core.submitted if c.detail.get("stage") == "superseded")
    assert "no longer help" in ended["facts"]["why"]


async def test_a_person_may_approve_what_the_rule_has_moved_away_from(bench: Any) -> None:
    """The value asked for is exactly the one that was shown and approved."""
    bench.level("approve")
    match = bench.begin("Slow", 300.0)
    await bench.desk.turn()
    (decision,) = bench.desk.open
    bench.cease(match)
    bench.begin("Slow", 280.0)
    await bench.desk.turn()

    said = {"decision": decision, "meaning": "approve", "expires_us": bench.clock[0] + 1_000_000, "binds": "x"}
    bench.tell(bench.core.publish(Kind.APPROVAL, detail=said, author="urn:olga"))
    await bench.desk.turn()

    (request,) = bench.core.requests()
    assert next(float(q.o) for q in request.adds if q.p == TW.desiredValue) == 300.0


async def test_the_same_condition_is_proposed_once(bench: Any) -> None:
    """However many events come by, a condition that goes on holding makes one proposal."""
    bench.level("shadow")
    bench.begin("Slow", 300.0)

    for _ in range(20):
        await bench.desk.turn()
        bench.tell(bench.core.publish(Kind.OBSERVATION))
        bench.pass_s(3)

    assert bench.core.stages().count("reasoned") == 1


async def test_raising_the_level_takes_up_what_was_only_shown(bench: Any) -> None:
    """A condition that still holds when the agent is set free becomes a request."""
    bench.level("shadow")
    bench.begin("Slow", 300.0)
    await bench.desk.turn()
    bench.pass_s(3)

    bench.level("autonomous")
    await bench.desk.turn()

    assert len(bench.core.requests()) == 1


async def test_lowering_the_level_withdraws_what_waits(bench: Any) -> None:
    """A proposal before people ends when the agent loses the right to act on it."""
    bench.level("approve")
    bench.begin("Slow", 300.0)
    await bench.desk.turn()

    bench.level("shadow")
    await bench.desk.turn()

    assert "withdrawn" in bench.core.stages()


async def test_of_two_rules_the_higher_priority_is_heard(bench: Any) -> None:
    """The loser is on record as outranked, once."""
    bench.level("autonomous")
    bench.begin("Fast", 440.0)
    bench.begin("Slow", 300.0)

    await bench.desk.turn()
    await bench.desk.turn()

    (request,) = bench.core.requests()
    assert next(float(q.o) for q in request.adds if q.p == TW.desiredValue) == 300.0
    assert bench.core.stages().count("outranked") == 1


async def test_the_loser_is_heard_when_the_winner_is_gone(bench: Any) -> None:
    """Being outranked is not for ever."""
    bench.level("shadow")
    bench.begin("Fast", 440.0)
    slow = bench.begin("Slow", 300.0)
    await bench.desk.turn()

    bench.cease(slow)
    bench.pass_s(3)
    await bench.desk.turn()

    ended = [c.detail for c in bench.core.submitted if c.detail.get("stage") == "shadow"]
    assert len(ended) == 2


async def test_an_own_write_coming_back_starts_nothing(bench: Any) -> None:
    """A condition that begins with the echo of an own write and ceases again makes no proposal."""
    bench.level("autonomous")
    slow = bench.begin("Slow", 300.0)
    await bench.desk.turn()
    own = bench.core.requests()[0].id

    bench.cease(slow)
    echo = bench.begin("Fast", 440.0, cause=own)
    bench.outcome(outcome="confirmed")
    await bench.desk.turn()
    bench.cease(echo)
    bench.pass_s(10)
    await bench.desk.turn()

    assert bench.core.stages().count("reasoned") == 1


async def test_what_still_holds_after_the_echo_counts(bench: Any) -> None:
    """A condition that outlives the echo by the settling time is a condition like any other."""
    bench.level("shadow")
    bench.desk.own["urn:uuid:mine"] = None
    bench.begin("Slow", 300.0, cause="urn:uuid:mine")
    await bench.desk.turn()
    assert bench.core.stages() == []

    bench.pass_s(4)
    await bench.desk.turn()

    assert bench.core.stages()[-1] == "shadow"


@pytest.mark.parametrize("mark", ["pending", "coolingDown", "frozen"])
async def test_nothing_is_started_on_a_busy_property(bench: Any, mark: str) -> None:
    """While a write is in flight, cooling down or frozen, an acting agent waits."""
    bench.level("autonomous")
    busy = Quad(URIRef("https://example.org/line#Filler.SetMachSpeed"), TW[mark], Literal(True), GraphName.DESIRED)
    bench.tell(bench.core.publish(Kind.OUTCOME, added=(busy,)))
    bench.begin("Slow", 300.0)
    await bench.desk.turn()
    assert bench.core.stages() == []

    bench.tell(bench.core.publish(Kind.CLOCK, removed=(busy,)))
    await bench.desk.turn()

    assert len(bench.core.requests()) == 1


async def test_a_refused_request_is_final(bench: Any) -> None:
    """The Gate's no at commit ends the decision, with the reasons on record."""
    bench.level("autonomous")
    bench.core.judge = lambda change, dry_run: (
        [Reason("precondition-changed", "It moved.")] if change.kind is Kind.REQUEST and not dry_run else []
    )
    bench.begin("Slow", 300.0)

    await bench.desk.turn()

    assert bench.core.stages() == [*ALL_STAGES, "refused"]
    requested = next(c for c in bench.core.submitted if c.detail.get("stage") == "requested")
    assert requested.detail["facts"]["reasons"][0]["code"] == "precondition-changed"


async def test_missing_approvals_send_an_autonomous_proposal_to_people(bench: Any) -> None:
    """Where a shape asks for approvals, the agent's own freedom does not replace them."""
    bench.level("autonomous")
    needs = blocked("GOV-X", str(TW.approvals))
    bench.core.judge = lambda change, dry_run: [needs] if dry_run else []
    bench.begin("Slow", 300.0)

    await bench.desk.turn()

    assert bench.core.requests() == []
    assert len(bench.desk.open) == 1


async def test_an_unrecorded_step_stops_the_decision(bench: Any) -> None:
    """When nothing can be recorded, nothing is requested."""
    bench.level("autonomous")
    bench.core.judge = lambda change, dry_run: (
        [Reason("record-failed", "Disk full.")] if change.detail.get("stage") == "approved" else []
    )
    bench.begin("Slow", 300.0)

    await bench.desk.turn()

    assert bench.core.requests() == []
    assert bench.desk.open == {}


async def test_a_request_without_an_answer_is_followed_and_never_sent_again(bench: Any) -> None:
    """When the core goes away in the middle, the request may have been admitted: its outcome is waited for."""
    bench.level("autonomous")
    sent = []

    def judge(change: Any, dry_run: bool) -> list[Reason]:
        if change.kind is Kind.REQUEST and not dry_run:
            sent.append(change)
            raise ServiceDown("The core does not answer.")
        return []

    bench.core.judge = judge
    bench.begin("Slow", 300.0)
    await bench.desk.turn()
    for _ in range(5):
        bench.pass_s(10)
        await bench.desk.turn()
    assert len(sent) == 1

    bench.pass_s(120)
    await bench.desk.turn()

    assert bench.core.stages()[-1] == "unknown"
    assert len(sent) == 1


async def test_a_clamped_write_is_taken_back_once_the_target_is_free(bench: Any) -> None:
    """The controller took another value: the prior one is requested again, as a request like any other."""
    bench.level("autonomous")
    slow = bench.begin("Slow", 300.0)
    await bench.desk.turn()

    bench.outcome(outcome="clamped", value=320.0)
    bench.cease(slow)
    await bench.desk.turn()
    back = bench.core.requests()[-1]
    assert next(float(q.o) for q in back.adds if q.p == TW.desiredValue) == 400.0
    bench.outcome(outcome="confirmed", value=400.0)
    await bench.desk.turn()

    assert len(bench.core.requests()) == 2
    assert bench.core.stages()[-1] == "compensated"
