"""The demonstration: a simulated plant and its twin together, and at the end an account of what was written and why."""

from __future__ import annotations

import asyncio
import contextlib
import secrets
import tempfile
from collections.abc import Awaitable, Callable, Iterator, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Final

from pydantic import SecretStr

from agents.explanation import decisions
from api.decisions import journal_of, unexplained
from api.panel import panel_path
from api.parts import PlantChoice
from api.plantfolder import find
from api.ports import free_port, is_free, require_free
from api.reconcile import Reconciliation, admitted_requests, read_write_log, reconcile
from api.session import Session, session
from api.settings import Settings, is_loopback
from kg.bindings import Binding
from kg.plantfolder import load, read_manifest
from ontology import TW

UNWATCHED_SPEED: Final = 20.0
WATCHED_SPEED: Final = 5.0
"""At 20 a jam of a minute is over in three seconds and a proposal gone before it is read; at 5 a person can follow."""


@dataclass(frozen=True, slots=True)
class DemoOptions:
    """What can be chosen about a demonstration."""

    plant: str = "bottling"
    seed: int = 7
    speed: float = UNWATCHED_SPEED
    inject: Sequence[str] = ()
    agents: bool = True
    autonomy: str | None = None
    data: Path | None = None
    """None: a fresh temporary directory that is kept."""
    port: int = 0
    """Of the plant's OPC UA server; 0 takes a free one."""
    for_s: float | None = None
    """Wall seconds; None: until it is told to end."""


@dataclass(frozen=True, slots=True)
class Summary:
    """What happened, counted from the journal and from the controllers' own log."""

    data: str
    writes: int
    """Attempts that reached a controller, heartbeats left out."""
    confirmed: int
    refused: int
    clamped: int
    unknown: int
    proposals: int
    """Of agents, whatever became of them."""
    decisions: tuple[str, ...]
    """Ids of the decisions that led to a write."""
    matched_write_log: bool
    mismatches: tuple[str, ...]
    explained: int
    """Decisions with a write whose explanation ends in samples."""
    unexplained: tuple[str, ...]
    restarts: int
    """Of the twin's processes."""

    @property
    def ok(self) -> bool:
        return self.matched_write_log and not self.unexplained

    def to_json(self) -> dict[str, Any]:
        return {**asdict(self), "ok": self.ok}


async def demonstrate(options: DemoOptions, watch: Callable[[Session], Awaitable[None]] | None = None) -> Summary:
    """Run the demonstration; `watch` sees it while it runs and may end early. Raises TwinError as `session` does."""
    place = find(options.plant)
    data = (options.data if options.data is not None else Path(tempfile.mkdtemp(prefix="twinwright-demo-"))).absolute()
    port = options.port or free_port()
    require_free(port)
    settings = _settings(place, data, port, options)
    choice = PlantChoice(
        module=str(read_manifest(place)["simulator"]),
        port=port,
        speed=options.speed,
        seed=options.seed,
        inject=options.inject,
        write_log=write_log(data),
        panel=panel_path(data),
    )
    async with session(place, settings, agents=options.agents, plant=choice) as twin:
        await _watched(twin, options.for_s, watch)
        if not twin.running.done():
            await twin.calm()
        restarts = sum(state.restarts for state in twin.supervisor.states.values())
    return summarise(data, place, restarts)


def write_log(data: Path) -> Path:
    """The controllers' own log of a demonstration."""
    return data / "plant-writes.jsonl"


def summarise(data: Path, place: Path, restarts: int = 0) -> Summary:
    """The account of a data directory and the controllers' log beside it; no twin needs to run."""
    bindings = load(place).bindings
    with journal_of(data) as journal:
        requests = admitted_requests(journal)
        all_of_them = decisions(journal, limit=0)
    writes = read_write_log(write_log(data), "gateway", _heartbeats(bindings))
    compared = reconcile(writes, requests, bindings)
    written = tuple(dict.fromkeys(request.decision for request, _ in compared.matched))
    without = tuple(unexplained(data, written))
    outcomes = [request.outcome for request in requests]
    return Summary(
        data=str(data),
        writes=compared.writes,
        confirmed=outcomes.count("confirmed"),
        refused=sum(decision.end == "refused" for decision in all_of_them),
        clamped=outcomes.count("clamped"),
        unknown=outcomes.count("unknown"),
        proposals=sum(decision.rule is not None for decision in all_of_them),
        decisions=written,
        matched_write_log=compared.ok,
        mismatches=tuple(_mismatches(compared)),
        explained=len(written) - len(without),
        unexplained=without,
        restarts=restarts,
    )


async def _watched(twin: Session, seconds: float | None, watch: Callable[[Session], Awaitable[None]] | None) -> None:
    watching = None if watch is None else asyncio.ensure_future(watch(twin))
    try:
        await twin.wait(seconds)
    finally:
        if watching is not None:
            watching.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await watching


def _settings(place: Path, data: Path, port: int, options: DemoOptions) -> Settings:
    address = load(place).servers[0].url
    scheme, _, rest = address.partition("://")
    path = rest.partition("/")[2]
    told = Settings.of(
        read_manifest(place),
        data_dir=data,
        endpoint=f"{scheme}://127.0.0.1:{port}/{path}",
        autonomy=options.autonomy,
        gateway_password=SecretStr(secrets.token_urlsafe(24)),
    )
    if is_loopback(told.web_host):
        told = told.model_copy(update={"web_open_sign_in": True})
    return told if is_free(told.web_port) else told.model_copy(update={"web_port": free_port()})


def _heartbeats(bindings: Sequence[Binding]) -> Iterator[str]:
    return (binding.node_id.partition(";s=")[2] for binding in bindings if binding.predicate == TW.heartbeat)


def _mismatches(compared: Reconciliation) -> Iterator[str]:
    for write in compared.unclaimed:
        yield f"{write.wall}: {write.node} = {write.value:g} was written, and no decision says so."
    for request in compared.missing:
        yield f"{request.id}: {request.target} = {request.value:g} was not written, and the record says it was."
    for request in compared.without_outcome:
        yield f"{request.id}: {request.target} = {request.value:g} was written, and no outcome is on record."
