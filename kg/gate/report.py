"""What is told of a Change that has been judged: the journal's entry and the event that subscribers see."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from functools import lru_cache

from kg.change import Change, Finding, Findings, Kind, Match, Published, Quad, Verdict
from kg.gate.entries import change_entry, told_detail
from kg.gate.matches import Matches
from kg.gate.tags import Tags
from kg.graph import Triple, WorkingGraph
from kg.names import ASSERTED, WORKING, GraphName, mask
from kg.proof import Json
from kg.record import JournalEntry
from kg.stages import Inference

_WORKING = mask(WORKING)
_ASSERTED = mask(ASSERTED)
_Net = Sequence[tuple[Triple, int, int]]


class Reporter:
    """Turns the net delta of an admitted Change into what is recorded and what is published."""

    def __init__(self, graph: WorkingGraph, tags: Tags, matches: Matches, conditions: Inference) -> None:
        self._term = graph.terms.term
        self._values = tags.value_predicates
        self._matches = matches
        self._conditions = conditions

    def admitted(
        self, change: Change, verdict: Verdict, findings: Findings, net: _Net
    ) -> tuple[JournalEntry | None, Published]:
        """The entry and the event. Calm readings have no entry: history keeps them and a seal stands for them."""
        matches, unmatched = self._matches.of(net)
        opened, closed = (*findings.introduced, *findings.worsened), findings.fixed
        added, removed, kept_adds, kept_removes = self._quads(net, is_reading=bool(change.readings))
        stated = [quad for quad in change.adds if _is_restated(quad, change.kind)]
        added = list(dict.fromkeys((*added, *stated)))
        kept_adds = list(dict.fromkeys((*kept_adds, *stated)))
        entry = None
        if kept_adds or kept_removes or opened or closed or matches or not change.readings:
            proofs = self._proved(matches)
            entry = change_entry(change, verdict, kept_adds, kept_removes, opened, closed, proofs)
        return entry, event_of(
            change,
            verdict,
            added=added,
            removed=removed,
            opened=opened,
            closed=closed,
            matches=matches,
            unmatched=unmatched,
        )

    def _quads(self, net: _Net, *, is_reading: bool) -> tuple[list[Quad], list[Quad], list[Quad], list[Quad]]:
        """(added, removed) of all working graphs, and of these (added, removed) what the journal keeps.

        The journal keeps asserted graphs only, and leaves live values to history.
        """
        added: list[Quad] = []
        removed: list[Quad] = []
        kept_adds: list[Quad] = []
        kept_removes: list[Quad] = []
        for triple, then, now in net:
            s, p, o = map(self._term, triple)
            is_kept = not (is_reading and triple.p in self._values)
            for name in _graphs((then ^ now) & _WORKING):
                quad = Quad(s, p, o, name)  # type: ignore[arg-type]  # predicates are IRIs
                is_there = now & name.bit
                (added if is_there else removed).append(quad)
                if is_kept and name.bit & _ASSERTED:
                    (kept_adds if is_there else kept_removes).append(quad)
        return added, removed, kept_adds, kept_removes

    def _proved(self, matches: Iterable[Match]) -> list[tuple[Match, Json]]:
        proofs: list[tuple[Match, Json]] = []
        for match in matches:
            proof = self._conditions.explain(match.target, match.rule, match.value)
            proofs.append((match, None if proof is None else proof.to_json()))
        return proofs


def event_of(
    change: Change,
    verdict: Verdict,
    *,
    added: Iterable[Quad] = (),
    removed: Iterable[Quad] = (),
    opened: Iterable[Finding] = (),
    closed: Iterable[Finding] = (),
    matches: Iterable[Match] = (),
    unmatched: Iterable[Match] = (),
) -> Published:
    """What subscribers see of a judged Change; for a refusal the reasons alone."""
    return Published(
        seq=verdict.seq,
        release=verdict.release,
        kind=change.kind,
        change=change.id,
        author=str(change.source.author),
        cause=change.cause,
        at_us=change.at_us,
        plant_us=max([change.plant_us, *(reading.source_us for reading in change.readings)]),
        added=tuple(added),
        removed=tuple(removed),
        readings=change.readings if verdict.admitted else (),
        opened=tuple(opened),
        closed=tuple(closed),
        matches=tuple(matches),
        unmatched=tuple(unmatched),
        admitted=verdict.admitted,
        reasons=verdict.reasons,
        detail=told_detail(change),
    )


@lru_cache(maxsize=1024)
def _graphs(marks: int) -> tuple[GraphName, ...]:
    """The named graphs with these marks."""
    return tuple(name for name in GraphName if marks & name.bit)


def _is_restated(quad: Quad, kind: Kind) -> bool:
    """True for what is recorded and published whether or not it changes the working graph.

    Quads of graphs that it does not hold, and stop switches: one that is set again may have a new term.
    """
    return quad.g not in WORKING or kind is Kind.STOP
