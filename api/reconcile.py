"""Is what the twin says it wrote what the controllers say they were told? Two logs, kept apart, compared in order."""

from __future__ import annotations

import json
import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from kg.bindings import Binding
from kg.change import Kind
from kg.errors import BadTerm
from kg.journal import JournalReader
from kg.record import EntryKind, Recorded
from kg.wire import text_to_quads
from ontology import TW

_WRITTEN = frozenset({"confirmed", "clamped"})
"""Outcomes that cannot be without a write. Others may have failed before or after it."""
_NOT_WRITTEN = frozenset({"blocked", "expired"})


@dataclass(frozen=True, slots=True)
class ControllerWrite:
    """One line of the controllers' log."""

    node: str
    """The identifier of the node, without its namespace."""
    value: float
    result: str
    wall: str


@dataclass(slots=True)
class Request:
    """An admitted request and what the gateway reported of it."""

    id: str
    decision: str
    target: str
    value: float
    outcome: str | None = None
    written: bool = False
    """True where the gateway said that it wrote."""


@dataclass(frozen=True, slots=True)
class Reconciliation:
    """Writes and requests, matched one to one in their order."""

    writes: int
    matched: tuple[tuple[Request, ControllerWrite], ...]
    unclaimed: tuple[ControllerWrite, ...]
    """Writes that no request explains."""
    missing: tuple[Request, ...]
    """Requests that say they were written, and no controller knows of it."""
    without_outcome: tuple[Request, ...]
    """Requests that were written and of which no outcome is on record."""

    @property
    def ok(self) -> bool:
        return not (self.unclaimed or self.missing or self.without_outcome)


def read_write_log(path: Path, user: str, ignore: Iterable[str] = ()) -> list[ControllerWrite]:
    """The write attempts of a user in the controllers' log; nodes in `ignore`, such as the heartbeat, are left out."""
    if not path.exists():
        return []
    left_out = frozenset(ignore)
    found = []
    for line in path.read_text(encoding="utf-8").splitlines():
        told = json.loads(line)
        if told["user"] == user and told["node"] not in left_out:
            value = told["value"]
            number = float(value) if isinstance(value, int | float) else math.nan
            found.append(ControllerWrite(told["node"], number, told["result"], told["wall"]))
    return found


def admitted_requests(journal: JournalReader) -> list[Request]:
    """Every admitted request in the journal with its last outcome, oldest first."""
    found: dict[str, Request] = {}
    for recorded in journal.of_kind(EntryKind.CHANGE):
        body = recorded.entry.body
        if body.get("kind") == Kind.REQUEST:
            request = _request(recorded)
            if request is not None:
                found[request.id] = request
        elif body.get("kind") == Kind.OUTCOME:
            detail = _mapping(body.get("detail"))
            told = found.get(str(detail.get("request") or body.get("cause")))
            if told is not None:
                told.outcome = str(detail["outcome"]) if detail.get("outcome") else told.outcome
                told.written = told.written or (detail.get("stage") == "written" and bool(detail.get("ok", True)))
    return list(found.values())


def reconcile(
    writes: Iterable[ControllerWrite], requests: Iterable[Request], bindings: Iterable[Binding]
) -> Reconciliation:
    """Match each write to the oldest open request with its node and value."""
    nodes = {str(binding.prop): binding.node_id.partition(";s=")[2] for binding in bindings}
    tolerance = 1e-3
    waiting = [request for request in requests if request.outcome not in _NOT_WRITTEN]
    matched: list[tuple[Request, ControllerWrite]] = []
    unclaimed, count = [], 0
    for write in writes:
        count += 1
        fitting = (r for r in waiting if nodes.get(r.target) == write.node and abs(r.value - write.value) <= tolerance)
        request = next(fitting, None)
        if request is None:
            unclaimed.append(write)
        else:
            waiting.remove(request)
            matched.append((request, write))
    missing = tuple(request for request in waiting if request.written or request.outcome in _WRITTEN)
    open_ends = tuple(request for request, _ in matched if request.outcome is None)
    return Reconciliation(count, tuple(matched), tuple(unclaimed), missing, open_ends)


def _request(recorded: Recorded) -> Request | None:
    body = recorded.entry.body
    try:
        stated = {quad.p: quad.o for quad in text_to_quads(str(_mapping(body.get("stated")).get("adds", "")))}
        value = float(str(stated[TW.desiredValue]))
    except (BadTerm, KeyError, ValueError):
        return None
    return Request(str(body["id"]), str(recorded.entry.subject), str(stated.get(TW.target)), value)


def _mapping(value: object) -> Mapping[str, Any]:
    return value if isinstance(value, Mapping) else {}
