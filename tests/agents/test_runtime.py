"""The agents' process against a core in memory: resynchronising, stopping, and what an earlier run left."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from contextlib import aclosing
from pathlib import Path
from typing import Any

import pytest
from rdflib import Literal, URIRef

from agents.core import Core, NoSamples
from agents.desk import Desk
from agents.measures import Measures
from agents.recovery import JournalPast, Left
from agents.runtime import run
from kg.change import Change, Kind, Quad, Role, Source
from kg.errors import ServiceDown
from kg.journal import Journal
from kg.names import GraphName
from ontology import PACK, TW

GATEWAY = Source(URIRef("urn:twinwright:gateway"), Role.GATEWAY)


async def until(condition: Any, seconds: float = 20.0) -> None:
    """Wait until a condition holds."""
    async with asyncio.timeout(seconds):
        while not condition():  # noqa: ASYNC110 - the fake core sets no event
            await asyncio.sleep(0.01)


def begin(bench: Any, rule: str = "Slow", value: float = 300.0) -> None:
    bench.begin(rule, value)


async def test_matches_from_the_stream_become_proposals(bench: Any, agent: Any) -> None:
    """A condition published by the core is proposed; cancelling ends all tasks."""
    core = bench.core
    task = asyncio.create_task(run(core, [agent], now_us=lambda: bench.clock[0]))
    await until(lambda: core.listeners)

    begin(bench)
    await until(lambda: core.stages()[-1:] == ["shadow"])

    task.cancel()
    assert isinstance((await asyncio.gather(task, return_exceptions=True))[0], asyncio.CancelledError)


async def test_matches_in_the_snapshot_count(bench: Any, agent: Any) -> None:
    """A condition that began before the agents came is found in the snapshot."""
    core = bench.core
    begin(bench)
    match = next(iter(bench.watch.matches))
    core.quads.append(Quad(match.target, match.rule, match.value, GraphName.INFERRED))

    task = asyncio.create_task(run(core, [agent], now_us=lambda: bench.clock[0]))
    await until(lambda: core.stages()[-1:] == ["shadow"])

    task.cancel()
    await asyncio.gather(task, return_exceptions=True)


async def test_disabled_agents_only_watch(bench: Any, agent: Any) -> None:
    """With --disabled nothing is proposed."""
    core = bench.core
    task = asyncio.create_task(run(core, [agent], disabled=True, now_us=lambda: bench.clock[0]))
    await until(lambda: core.listeners)

    begin(bench)
    await asyncio.sleep(0.1)

    assert core.submitted == []
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)


async def test_a_subscriber_that_was_too_slow_begins_again(bench: Any, agent: Any) -> None:
    """When the core ends the stream, the agents subscribe again and take what has begun meanwhile from the snapshot."""
    core = bench.core
    task = asyncio.create_task(run(core, [agent], now_us=lambda: bench.clock[0]))
    await until(lambda: core.listeners)

    core.listeners.pop().put_nowait(ServiceDown("too slow"))
    begin(bench)
    match = next(iter(bench.watch.matches))
    core.quads.append(Quad(match.target, match.rule, match.value, GraphName.INFERRED))
    await until(lambda: core.stages()[-1:] == ["shadow"])

    task.cancel()
    await asyncio.gather(task, return_exceptions=True)


def recover(bench: Any, path: Path) -> tuple[Desk, Sequence[Left]]:
    """A desk of a new run, and what the journal says was left."""
    past = JournalPast(Journal.open(path), [bench.desk.agent.iri])
    desk = Desk(bench.desk.agent, Core(bench.core), bench.watch, NoSamples(), past, lambda: bench.clock[0])
    return desk, past.left()


async def test_what_was_not_requested_is_withdrawn_by_the_next_run(bench: Any, tmp_path: Path, journal_of: Any) -> None:
    """Killed while a proposal waited for people: the next run withdraws it, and sends nothing."""
    bench.level("approve")
    begin(bench)
    await bench.desk.turn()
    journal_of(tmp_path / "journal.sqlite", bench.core.submitted)

    desk, left = recover(bench, tmp_path / "journal.sqlite")
    for item in left:
        await desk.take_up(item)

    assert bench.core.stages()[-1] == "withdrawn"
    assert bench.core.requests() == []


async def test_what_was_requested_is_followed_to_its_end(bench: Any, tmp_path: Path, journal_of: Any) -> None:
    """Killed after the request: the next run reads the verdict and the outcome from the journal, and commits."""
    bench.level("autonomous")
    begin(bench)
    await bench.desk.turn()
    request = bench.core.requests()[0]
    outcome = Change(
        Kind.OUTCOME,
        GATEWAY,
        cause=request.id,
        detail={"decision": request.detail["decision"], "request": request.id, "outcome": "confirmed"},
    )
    killed_before_the_verdict = [c for c in bench.core.submitted if c.detail.get("stage") != "requested"]
    journal_of(tmp_path / "journal.sqlite", [*killed_before_the_verdict, outcome])

    desk, left = recover(bench, tmp_path / "journal.sqlite")
    for item in left:
        await desk.take_up(item)

    assert bench.core.stages()[-1] == "committed"
    assert len(bench.core.requests()) == 1
    assert desk.open == {}


async def test_ended_decisions_are_left_alone(bench: Any, tmp_path: Path, journal_of: Any) -> None:
    """What has its end on record is not taken up again."""
    begin(bench)
    await bench.desk.turn()
    journal_of(tmp_path / "journal.sqlite", bench.core.submitted)

    assert recover(bench, tmp_path / "journal.sqlite")[1] == []


async def test_outcomes_missed_between_two_subscriptions_are_looked_up(
    bench: Any, tmp_path: Path, journal_of: Any
) -> None:
    """A snapshot may hide an outcome; the journal does not."""
    bench.level("autonomous")
    begin(bench)
    await bench.desk.turn()
    request = bench.core.requests()[0]
    detail = {"decision": request.detail["decision"], "request": request.id, "outcome": "confirmed"}
    outcome = Change(Kind.OUTCOME, GATEWAY, cause=request.id, detail=detail)
    journal_of(tmp_path / "journal.sqlite", [*bench.core.submitted, outcome])
    bench.desk.past = JournalPast(Journal.open(tmp_path / "journal.sqlite"), [bench.desk.agent.iri])

    bench.desk.missed_events()
    await bench.desk.turn()

    assert bench.core.stages()[-1] == "committed"


@pytest.mark.parametrize(("meaning", "then"), [("approve", "requested"), ("reject", "rejected")])
async def test_words_missed_between_two_subscriptions_are_looked_up(
    bench: Any, tmp_path: Path, journal_of: Any, meaning: str, then: str
) -> None:
    """A person's word that fell into a break of the subscription counts, once."""
    bench.level("approve")
    begin(bench)
    await bench.desk.turn()
    (decision,) = bench.desk.open
    detail = {"decision": decision, "meaning": meaning, "expires_us": bench.clock[0] + 60_000_000}
    person = Source(URIRef("https://example.org/line#olga"), Role.OPERATOR)
    word = Change(Kind.APPROVAL, person, cause=decision, detail=detail, at_us=bench.clock[0])
    journal_of(tmp_path / "journal.sqlite", [*bench.core.submitted, word])
    bench.desk.past = JournalPast(Journal.open(tmp_path / "journal.sqlite"), [bench.desk.agent.iri])

    bench.desk.missed_events()
    await bench.desk.turn()
    bench.desk.missed_events()
    await bench.desk.turn()

    assert bench.core.stages()[-1] == then
    assert len(bench.core.requests()) == (meaning == "approve")


async def test_measures_report_changes_only(bench: Any) -> None:
    """A machine that stands gets its features in one Change of kind measure; without news there is none."""
    core, labeller = bench.core, URIRef("https://example.org/line#Labeller")
    core.quads.append(Quad(URIRef("https://example.org/line#Line"), TW.constraint, labeller, GraphName.PLANT))
    measures = Measures(core, lambda: bench.clock[0])
    async with aclosing(Core(core).events(None)) as events:
        measures.started(await anext(events))  # type: ignore[arg-type]
    await measures.report()
    before = len(core.submitted)

    await measures.report()
    assert len(core.submitted) == before
    bench.pass_s(30)
    measures.published(core.publish(Kind.OBSERVATION))
    await measures.report()

    change = core.submitted[-1]
    assert change.kind is Kind.MEASURE
    assert {q.g for q in change.adds} == {GraphName.KPI}
    assert (labeller, TW.stoppedForS) in {(q.s, q.p) for q in change.adds}
    assert measures.changes == 2


async def test_measures_take_over_what_an_earlier_run_reported(bench: Any) -> None:
    """Facts of an earlier report that no longer hold are removed; people's entries stay."""
    core, filler = bench.core, URIRef("https://example.org/line#Filler")
    old = Quad(filler, TW.stoppedForS, Literal(50), GraphName.KPI)
    manual = Quad(filler, PACK.stopReason, Literal(7), GraphName.KPI)
    core.quads += [old, manual]
    measures = Measures(core, lambda: bench.clock[0])
    async with aclosing(Core(core).events(None)) as events:
        measures.started(await anext(events))  # type: ignore[arg-type]

    await measures.report()

    removed = {(q.s, q.p) for q in core.submitted[-1].removes}
    assert (filler, TW.stoppedForS) in removed
    assert (filler, PACK.stopReason) not in removed
