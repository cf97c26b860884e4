"""What is told of a Change that has been judged: the journal's entry and the event that subscribers see."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from functools import lru_cache

from kg.change import Change, Finding, Findings, Kind, Match, Published, Quad, Told, Verdict
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
_Told = tuple[tuple[Quad, ...], tuple[Quad, ...]]


def _nothing() -> tuple[tuple[Quad, ...], tuple[Quad, ...]]:
    return (), ()


class Reporter:
    """Turns the net delta of an admitted Change into what is recorded and what is published."""

    def __init__(self, graph: WorkingGraph, tags: Tags, matches: Matches, conditions: Inference) -> None:
        self._term = graph.terms.term
        self._values = tags.value_predicates
        self._value_iris = frozenset(map(graph.terms.term, tags.value_predicates))
        self._matches = matches
        self._conditions = conditions

    def admitted(
        self,
        change: Change,
        verdict: Verdict,
        findings: Findings,
        net: _Net,
        calm: Callable[[], _Net] | None = None,
    ) -> tuple[JournalEntry | None, Published]:
        """The entry and the event. Calm readings have no entry: history keeps them and a seal stands for them.

        `calm` gives what readings of the same Change did from which nothing follows; subscribers see it first.
        """
        matches, unmatched = self._matches.of(net)
        opened, closed = (*findings.introduced, *findings.worsened), findings.fixed
        stated = [quad for quad in change.adds if _is_restated(quad, change.kind)]
        entry, told = None, None
        if stated or opened or closed or matches or not change.readings or self._keeps(net):
            told = self._quads(net, stated)
            adds, removes = (self._kept(quads, change, stated) for quads in told)
            entry = change_entry(change, verdict, adds, removes, opened, closed, self._proved(matches, verdict.seq))
        event = event_of(
            change,
            verdict,
            told=(lambda: told) if told is not None and calm is None else lambda: self._quads(_all(calm, net), stated),
            opened=opened,
            closed=closed,
            matches=matches,
            unmatched=unmatched,
        )
        return entry, event

    def calm(self, change: Change, verdict: Verdict, net: Callable[[], _Net]) -> Published:
        """The event of readings from which nothing follows; `net` is asked when somebody wants to see the quads."""
        return event_of(change, verdict, told=lambda: self._quads(net(), ()))

    def _keeps(self, net: _Net) -> bool:
        """Whether the journal keeps something of what readings did."""
        return any((then ^ now) & _ASSERTED and triple.p not in self._values for triple, then, now in net)

    def _kept(self, quads: Sequence[Quad], change: Change, stated: Sequence[Quad]) -> list[Quad]:
        """What the journal keeps: asserted graphs only, and no live values, which are left to history."""
        kept = [quad for quad in quads if quad.g.bit & _ASSERTED or quad in stated]
        return [quad for quad in kept if quad.p not in self._value_iris] if change.readings else kept

    def _quads(self, net: _Net, stated: Sequence[Quad]) -> _Told:
        """(added, removed) in all working graphs; what is restated counts as added."""
        added: list[Quad] = []
        removed: list[Quad] = []
        for triple, then, now in net:
            s, p, o = map(self._term, triple)
            for name in _graphs((then ^ now) & _WORKING):
                quad = Quad(s, p, o, name)  # type: ignore[arg-type]  # predicates are IRIs
                (added if now & name.bit else removed).append(quad)
        return (tuple(dict.fromkeys((*added, *stated))) if stated else tuple(added)), tuple(removed)

    def _proved(self, matches: Iterable[Match], seq: int) -> list[tuple[Match, Json]]:
        proofs: list[tuple[Match, Json]] = []
        for match in matches:
            proof = self._conditions.explain(match.target, match.rule, match.value)
            proofs.append((match, None if proof is None else proof.stamped(seq).to_json()))
        return proofs


def _all(calm: Callable[[], _Net] | None, net: _Net) -> _Net:
    return net if calm is None else [*calm(), *net]


def event_of(
    change: Change,
    verdict: Verdict,
    *,
    told: Told = _nothing,
    opened: tuple[Finding, ...] = (),
    closed: tuple[Finding, ...] = (),
    matches: tuple[Match, ...] = (),
    unmatched: tuple[Match, ...] = (),
) -> Published:
    """What subscribers see of a judged Change; for a refusal the reasons alone."""
    return Published.later(
        told,
        seq=verdict.seq,
        release=verdict.release,
        kind=change.kind,
        change=change.id,
        author=str(change.source.author),
        cause=change.cause,
        at_us=change.at_us,
        plant_us=plant_time(change),
        readings=change.readings if verdict.admitted else (),
        opened=opened,
        closed=closed,
        matches=matches,
        unmatched=unmatched,
        admitted=verdict.admitted,
        reasons=verdict.reasons,
        detail=told_detail(change),
    )


def plant_time(change: Change) -> int:
    """The plant time of a Change, or of the newest of its readings."""
    newest = change.plant_us
    for reading in change.readings:
        if reading.source_us > newest:
            newest = reading.source_us
    return newest


@lru_cache(maxsize=1024)
def _graphs(marks: int) -> tuple[GraphName, ...]:
    """The named graphs with these marks."""
    return tuple(name for name in GraphName if marks & name.bit)


def _is_restated(quad: Quad, kind: Kind) -> bool:
    """True for what is recorded and published whether or not it changes the working graph.

    Quads of graphs that it does not hold, and stop switches: one that is set again may have a new term.
    """
    return quad.g not in WORKING or kind is Kind.STOP
