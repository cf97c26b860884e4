"""Repairs as sentences for people. IRIs stand in full; whoever shows a sentence shortens them."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Final

from rdflib import Literal, URIRef

from kg.change import Expected, Quad
from kg.repair import By, Edit, Part, Sense
from kg.terms import Term
from ontology import PACK, TW

_ASKED: Final = {
    Sense.INSTEAD: "ask for {value} instead",
    Sense.AT_MOST: "ask for at most {value} instead",
    Sense.AT_LEAST: "ask for at least {value} instead",
}
#: What a fact that comes means to people, by predicate and value.
_COMES: Final[dict[tuple[URIRef, object], str]] = {
    (TW.siteRemote, True): "{s} were in remote",
    (TW.twinEnable, True): "the twin were enabled at {s}",
    (TW.maintenance, False): "{s} were out of maintenance with its guards closed",
    (TW.heartbeatOk, True): "{s} heard the twin's heartbeat",
    (TW.connected, True): "the twin were connected to {s}",
    (TW.quality, "good"): "{s} were reported as good",
    (PACK.unitModeCurrent, 1): "{s} were in production mode",
}
#: By number. Source: ISA-TR88.00.02
_STATES: Final = (
    *("Undefined", "Clearing", "Stopped", "Starting", "Idle", "Suspended", "Execute", "Stopping", "Aborting"),
    *("Aborted", "Holding", "Held", "Unholding", "Suspending", "Unsuspending", "Resetting", "Completing", "Complete"),
)
#: What it means that a fact goes.
_GOES: Final[dict[URIRef, str]] = {
    TW.stopped: "the stop of {s} were released",
    TW.stale: "{s} were reported again",
    TW.implausible: "{s} were back in its range",
    TW.frozen: "{s} were released after its unknown outcome",
    TW.pending: "the request in flight on {s} had its outcome",
    TW.coolingDown: "{s} had rested since the last write",
    TW.foreignWrite: "{s} were handed back to the twin",
}


def sentence_of(edits: Sequence[Edit]) -> str:
    """What the sender could do, and what would have to be so."""
    asked = [_asked(edit) for edit in edits if edit.by is By.SENDER]
    others = [edit for edit in edits if edit.by is not By.SENDER]
    first = f"You could {_joined(asked)}" if asked else ""
    if not others:
        return f"{first}."
    held = _joined([*_approved(others), *(_held(edit) for edit in others if edit.by is not By.APPROVER)])
    told = f"{first}, if {held}" if first else f"It would pass if {held}"
    who = list(dict.fromkeys(edit.who for edit in others if edit.who))
    return f"{told}; {'; '.join(who)}." if who else f"{told}."


def _asked(edit: Edit) -> str:
    old, new = edit.old, edit.new
    match edit.part:
        case Part.READ_SET:
            return _relied(old, new)
        case Part.REMOVES:
            return f"also remove {_triple(new)}" if new is not None else f"not remove {_triple(old)}"
        case _ if old is None:
            return f"also state {_triple(new)}"
        case _ if new is None:
            return "leave out when it expires" if old.p == TW.expiresAt else f"leave out {_triple(old)}"
        case _ if old.p == TW.desiredValue:
            return _ASKED[edit.sense].format(value=_with_unit(new.o, edit.unit))
        case _:
            limit = {Sense.AT_MOST: "at most ", Sense.AT_LEAST: "at least "}.get(edit.sense, "")
            return f"state {limit}{_text(new.o)} instead of {_text(old.o)} for {_text(old.s)} {_text(old.p)}"


def _approved(edits: Iterable[Edit]) -> list[str]:
    people = [_text(edit.new.o) for edit in edits if edit.by is By.APPROVER and edit.new is not None]
    return [f"{_joined(people)} approved it"] if people else []


def _relied(old: Quad | Expected | None, new: Quad | Expected | None) -> str:
    if new is None:
        return f"go without {_triple(old)}, which no longer holds"
    return f"rest on {_triple(new)}, as it is now"


def _held(edit: Edit) -> str:
    old, new = edit.old, edit.new
    if new is None:
        return _phrase(_GOES.get(old.p) if old else None, old, f"{_triple(old)} did not hold")
    value = new.o.value if isinstance(new.o, Literal) else None
    if new.p == PACK.stateCurrent and isinstance(value, int) and 0 <= value < len(_STATES):
        return f"{_text(new.s)} were in state {_STATES[value]} ({_text(new.p)} {value})"
    known = next((text for (p, wanted), text in _COMES.items() if p == new.p and wanted == value), None)
    if known is not None:
        return f"{known.format(s=_text(new.s))} ({_text(new.p)} {_text(new.o)})"
    limit = {Sense.AT_MOST: "at most ", Sense.AT_LEAST: "at least "}.get(edit.sense, "")
    instead = "" if old is None else f" instead of {_text(old.o)}"
    return f"{_text(new.s)} {_text(new.p)} were {limit}{_text(new.o)}{instead}"


def _phrase(text: str | None, line: Quad | Expected | None, otherwise: str) -> str:
    return otherwise if text is None or line is None else text.format(s=_text(line.s))


def _triple(line: Quad | Expected | None) -> str:
    return "" if line is None else " ".join(map(_text, line[:3]))


def _with_unit(value: Term, unit: str | None) -> str:
    return _text(value) if unit in (None, "1") else f"{_text(value)} {unit}"


def _text(term: Term | object) -> str:
    if isinstance(term, Literal):
        return f"{term.value:.12g}" if isinstance(term.value, float) else str(term)
    return str(term)


def _joined(parts: Iterable[str]) -> str:
    *before, last = parts
    return f"{', '.join(before)} and {last}" if before else last


__all__ = ["sentence_of"]
