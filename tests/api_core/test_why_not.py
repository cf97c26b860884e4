"""Why not, on the bottling line: what people are told, who could bring it about, and that asking leaves no trace."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from pathlib import Path
from typing import Any

import pytest
from rdflib import Literal, Namespace

from api.run_info import RunInfo
from kg.change import Change, Expected, Kind, Quad, Role, Source
from kg.names import GraphName
from kg.plantfolder import PlantFolder
from kg.repair import BOUND, Bound, RepairKind, WhyNot
from kg.terms import double_literal
from kg.wire import change_to_json
from ontology import TW

BOT = Namespace("https://w3id.org/twinwright/plants/bottling#")
#: A bound without a clock: what is found must not depend on how fast the machine is.
UNHURRIED = Bound(longest_s=1e9)
STOP = Quad(BOT.Line, TW.stopped, TW.NoWrites, GraphName.POLICY)
EMIL = Source(BOT.emil, Role.ENGINEER)


@pytest.fixture
def told(core: Any, bottling: PlantFolder) -> Callable[[Change], list[str]]:
    """The sentences for a Change that is refused, in people's words."""
    info = RunInfo.of(bottling)

    def ask(change: Change) -> list[str]:
        found: WhyNot = core.gate.why_not(change, UNHURRIED)
        assert not found.verdict.admitted
        assert found.judged <= BOUND.candidates
        return [info.in_words(repair.sentence) for repair in found.repairs]

    return ask


def test_what_could_be_asked_instead(core: Any, olga: Source, told: Callable[[Change], list[str]]) -> None:
    """The tightest of the limits, once; the value as it is now; a level that exists in place of the one in force."""
    line = Expected(BOT.Filler, TW.siteRemote, Literal(False))
    wrong = Quad(BOT["EaseOff.Autonomy"], TW.level, Literal("bogus"), GraphName.POLICY)

    moved = told(core.request(400.0, olga, read_set=(line,)))
    level = told(Change(Kind.EDIT, EMIL, adds=(wrong,), reason="a test"))

    assert told(core.request(9999.0, olga)) == ["You could ask for at most 440 /min instead."]
    assert told(core.request(50.0, olga)) == ["You could ask for at least 100 /min instead."]
    assert moved[0] == "You could rest on Filler tw:siteRemote true, as it is now."
    assert (
        "You could state off instead of bogus for EaseOff.Autonomy tw:level "
        "and also remove EaseOff.Autonomy tw:level shadow." in level
    )


def test_what_is_never_written_has_no_way_round(
    core: Any, olga: Source, agent: Source, told: Callable[[Change], list[str]]
) -> None:
    """Neither the grant nor the mark that forbids it is proposed to be otherwise; a level of autonomy is."""
    change = core.request(1.0, olga)
    other = tuple(quad._replace(o=BOT["Filler.Remote"]) if quad.p == TW.target else quad for quad in change.adds)

    assert told(Change(Kind.REQUEST, olga, adds=other, id=change.id)) == []
    assert sorted(told(core.request(400.0, agent, rule=BOT.CatchUp))) == [
        f"It would pass if CatchUp.Autonomy tw:level were {level} instead of shadow; a supervisor can do that."
        for level in ("autonomous", "veto-window")
    ]


def test_what_only_others_can_bring_about(core: Any, olga: Source, told: Callable[[Change], list[str]]) -> None:
    """A selector at the machine, a stop switch behind a derived stop, a standing limit, the approvals of two people."""
    risk = Quad(BOT.FillerSpeedGrant, TW.riskClass, Literal(2), GraphName.POLICY)
    change = core.request(400.0, olga)

    core.read(BOT["Filler.Remote"], False)
    local, local_and_fast = told(change), told(core.request(9999.0, olga))
    core.read(BOT["Filler.Remote"], True, core.now_us + 1)
    core.one(Change(Kind.STOP, olga, adds=(STOP,), reason="a test"))
    stopped = told(change)
    core.one(Change(Kind.STOP, olga, removes=(STOP,), reason="a test"))
    core.read(BOT["Line.Power"], 300.0)
    power = told(change)
    core.read(BOT["Line.Power"], 100.0, core.now_us + 1)
    core.one(Change(Kind.EDIT, EMIL, removes=(risk,), adds=(risk._replace(o=Literal(4)),), reason="a test"))
    approved = told(change)

    remote = "Filler were in remote (tw:siteRemote true); only the operator at the machine can do that."
    assert local == [f"It would pass if {remote}"]
    assert local_and_fast == [f"You could ask for at most 440 /min instead, if {remote}"]
    assert stopped == ["It would pass if the stop of Line were released; an operator can do that."]
    assert power == [
        "It would pass if Line tw:powerKw were at most 220 instead of 300; only the controller says that.",
        "It would pass if Line tw:powerLimitKw were at least 300 instead of 220; an engineer can do that.",
    ]
    assert approved == ["It would pass if sam and emil approved it."]
    assert core.gate._approvals._held == []


def test_silence_and_what_is_followed(core: Any, olga: Source, told: Callable[[Change], list[str]]) -> None:
    """What is told to be asked instead passes when it is asked; a stale value ends with a report, not with an edit."""
    found = core.gate.why_not(core.request(9999.0, olga), UNHURRIED)
    (repair,) = found.repairs
    (edit,) = repair.edits
    core.now_us += 60_000_000
    core.tick()
    silent = told(core.request(400.0, olga))
    core.read(BOT["Filler.CurMachSpeed"], 300.0)

    assert repair.kind is RepairKind.ASK
    assert edit.new.o == double_literal(440.0)
    assert silent == [
        "It would pass if Filler.CurMachSpeed were reported again; only what the controllers report changes it."
    ]
    assert core.one(core.request(float(edit.new.o), olga)).admitted


async def test_over_the_channel(core: Any, olga: Source, send: Callable[..., Awaitable[Mapping[str, Any]]]) -> None:
    """The answer is plain JSON; the id may be that of a refusal on record, and nothing is recorded or published."""
    refused = core.request(9999.0, olga)
    core.one(refused)

    answer = await send("why_not", {"change": change_to_json(refused)}, olga)

    assert answer["admitted"] is False
    assert answer["repairs"][0]["kind"] == "ask-instead"
    assert answer["repairs"][0]["edits"][0]["add"]["o"] == '"4.4E2"^^<http://www.w3.org/2001/XMLSchema#double>'
    assert len(list(core.parts.journal.of_subject(refused.id))) == 1  # the refusal itself


def test_the_reference_tells_the_bound() -> None:
    """The page names the bound that is in force."""
    page = (Path(__file__).parents[2] / "docs" / "reference" / "why-not.md").read_text(encoding="utf-8")

    assert f"{BOUND.candidates} candidates of at most {BOUND.largest} edits" in page
    assert f"{BOUND.repairs} repairs" in page
    assert f"{round(1000 * BOUND.longest_s)} ms" in page
