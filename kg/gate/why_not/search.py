"""Why not? The smallest sets of edits with which the Gate would admit a Change that it refuses, best first.

The reasons of a refusal lead the search: each result of a shape suggests single triples (`kg.stages.Advice`), a broken
precondition suggests what holds now, and a derived fact leads to the facts that it was derived from. Every candidate is
judged by the Gate itself on suppositions that are taken back; what a refused candidate still violates leads on.

Candidates are judged by size, then by cost: what the sender could ask instead goes before what others would have to do.
A set is judged only after all its subsets were refused, and once a repair is found no larger set is looked at. Not
complete: values that nothing names are not tried, so "none found" is said, never "there is none".
"""

from __future__ import annotations

import heapq
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import closing
from itertools import chain, count
from typing import Final, TypeAlias

from kg.change import Change, Verdict
from kg.errors import PreconditionChanged
from kg.gate.why_not.edits import Editor
from kg.gate.why_not.facts import Facts
from kg.gate.why_not.trial import Inside, Trials
from kg.gate.why_not.words import sentence_of
from kg.repair import Bound, By, Edit, Part, Repair, Stopped, WhyNot

_Edits: TypeAlias = frozenset[Edit]
_NONE: Final[_Edits] = frozenset()
_NEXT: Final = 2.5
"""What one more edit will cost, before it is known: a refused set leads on before dearer ones are judged."""
_AT_LEAST: Final = 4
"""Candidates that are judged in the time of grace, too."""
_MOST_REASONS: Final = 12
"""Results of shapes that are followed; a Change with more is mended in other ways than one triple at a time."""


class Search:
    """Looks for repairs of one Change, which has its time. Used once."""

    def __init__(
        self, inside: Inside, change: Change, bound: Bound, clock: Callable[[], float] = time.perf_counter
    ) -> None:
        self._inside = inside
        self._change = change
        self._bound = bound
        self._clock = clock
        self._facts = Facts(inside.graph, inside.tags, inside.rules)
        self._editor = Editor(change, inside.graph, inside.tags, self._facts)
        self._trials = Trials(inside, change)
        self._seen: set[_Edits] = {_NONE}
        self._queue: list[tuple[int, float, int, _Edits, Verdict | None]] = []
        """By size and cost: what is to be judged; with the verdict, what was refused and may lead on."""
        self._order = count()
        self._found: list[Repair] = []
        self._judged = 0
        self._until = self._last = 0.0
        self._one = 0.0
        """Seconds that judging the Change took, which a candidate will take again."""

    def run(self) -> WhyNot:
        """The repairs found within the bound."""
        began = self._clock()
        self._until = began + self._bound.longest_s
        self._last = self._until + self._bound.grace_s
        first = self._inside.judge(self._change)
        self._one = self._clock() - began
        if first.admitted or not self._change.kind.is_refusable:
            return WhyNot(first, bound=self._bound)
        if not self._is_late:
            self._branch(_NONE, dict.fromkeys(chain.from_iterable(self._leads(first, self._change))))
        stopped = self._search()
        smallest = [repair for repair in self._found if len(repair.edits) == self._largest]
        ranked = sorted(smallest, key=lambda repair: repair.cost)
        return WhyNot(first, tuple(ranked), self._judged, stopped, self._bound)

    def _search(self) -> Stopped:
        while self._queue:
            if len(self._found) >= self._bound.repairs:
                return Stopped.ENOUGH
            if self._is_late:
                break
            size, _, _, edits, refused = heapq.heappop(self._queue)
            if size > self._largest:
                return Stopped.EXHAUSTED
            if refused is not None:
                self._lead_on(edits, refused)
            elif edits in self._seen or self._must_wait(edits):
                continue
            elif self._judged >= self._bound.candidates:
                return Stopped.CANDIDATES
            else:
                self._judge(edits)
        return Stopped.TIME if self._is_late else Stopped.EXHAUSTED

    @property
    def _is_late(self) -> bool:
        now = self._clock() + self._one
        return now >= self._last or (now >= self._until and self._judged >= min(_AT_LEAST, self._bound.candidates))

    @property
    def _largest(self) -> int:
        """Edits in the largest set worth judging: in the smallest repair found."""
        return min((len(repair.edits) for repair in self._found), default=self._bound.largest)

    def _must_wait(self, edits: _Edits) -> bool:
        """Whether a subset has not been judged yet; it is put before the set, which is put back."""
        less = (edits - {edit} for edit in sorted(edits, key=_rank) if len(edits) > 1)
        waiting = [subset for subset in less if subset not in self._seen]
        for subset in (*waiting, edits) if waiting else ():
            self._put(subset)
        return bool(waiting)

    def _judge(self, edits: _Edits) -> None:
        self._judged += 1
        self._seen.add(edits)
        with self._trials.supposing(edits) as change:
            verdict = None if change is None else self._inside.judge(change)
        if verdict is None:
            return
        if verdict.admitted:
            ordered = tuple(sorted(edits, key=_rank))
            self._found.append(Repair(ordered, verdict, sentence_of(ordered)))
        else:
            self._put(edits, verdict)

    def _lead_on(self, edits: _Edits, refused: Verdict) -> None:
        """Each reason has to be mended, so it is enough to follow the one that leaves the least choice."""
        leads: list[tuple[Edit, ...]] = []
        with self._trials.supposing(edits) as change:
            if change is not None:
                leads += (lead for lead in self._leads(refused, change) if lead)
        leads.sort(key=len)
        self._branch(edits, leads[0] if leads else ())

    def _branch(self, edits: _Edits, more: Iterable[Edit]) -> None:
        for edit in more:
            candidate = combined(edits, edit)
            if candidate and len(candidate) <= self._largest and candidate not in self._seen:
                self._put(candidate)

    def _put(self, edits: _Edits, refused: Verdict | None = None) -> None:
        size, cost = len(edits), sum(edit.cost for edit in edits)
        if refused is not None:
            size, cost = size + 1, cost + _NEXT
        heapq.heappush(self._queue, (size, cost, next(self._order), edits, refused))

    def _leads(self, verdict: Verdict, change: Change) -> Iterator[tuple[Edit, ...]]:
        """For each reason the edits that it suggests."""
        if any(reason.code == PreconditionChanged.code for reason in verdict.reasons):
            yield tuple(self._editor.preconditions())
        advice = self._inside.advice
        findings = [reason.finding for reason in verdict.reasons if reason.finding is not None][:_MOST_REASONS]
        if not findings:
            yield tuple(self._editor.expiry())
        if advice is None or not findings:
            return
        leads: list[dict[Edit, None]] = [{} for _ in findings]
        with closing(self._trials.scenes(change)) as scenes:
            for request in scenes:
                self._facts.forget()
                for lead, finding in zip(leads, findings, strict=True):
                    for suggestion in () if lead or self._is_late else advice.suggest(finding):
                        lead.update(dict.fromkeys(self._editor.edits(suggestion, request)))
                if all(leads):
                    break
        for lead in leads:
            own = tuple(edit for edit in lead if edit.by is By.SENDER)
            # of several reasons those that the sender can mend are not also a matter for others
            yield own if own and len(leads) > 1 else tuple(lead)


def _rank(edit: Edit) -> tuple[float, str, str]:
    """The cheapest first, and the same order every time."""
    return edit.cost, str(edit.old), str(edit.new)


def combined(edits: _Edits, more: Edit) -> _Edits | None:
    """The set with one more edit, which may go on from one that is there; None where the two make no sense together."""
    for edit in edits:
        if edit.part is not more.part:
            continue
        if edit.part is Part.ADDS and edit.old is not None and edit.old == more.old:
            return edits - {edit} | {more}  # another value for the same quad of the Change
        if edit.new is not None and edit.new == more.old:
            if edit.old == more.new:
                return None
            joined = Edit(
                more.part, edit.old, more.new, more.by, more.who, more.sense, max(edit.cost, more.cost), more.unit
            )
            return None if joined.old is None and joined.new is None else edits - {edit} | {joined}
        if (edit.old is not None and edit.old == more.new) or (edit.new is not None and edit.new == more.new):
            return None
    return edits | {more}
