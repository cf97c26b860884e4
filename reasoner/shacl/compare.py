"""Results before and after: what was introduced, worsened, fixed, and what remains."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TypeAlias

from kg.change import Finding, Findings
from kg.terms import Node, Terms
from reasoner.shacl.hits import Hit, Identity, identity_of, to_finding

_Where: TypeAlias = tuple[int, Node, Node | None]


class Comparison:
    """Gathers the hits of the touched pairs. A result that another pair found as well stays as long as that one has it.

    `count` says how many pairs hold each result now.
    """

    def __init__(self, count: Mapping[Identity, int]) -> None:
        self._count = count
        self._old: dict[Identity, list[Hit]] = {}
        self._new: dict[Identity, list[Hit]] = {}

    def add(self, old: Sequence[Hit], new: Sequence[Hit]) -> None:
        """What one pair held before and holds now."""
        for hit in old:
            self._old.setdefault(identity_of(hit), []).append(hit)
        for hit in new:
            self._new.setdefault(identity_of(hit), []).append(hit)

    def findings(self, terms: Terms, undecided: tuple[str, ...]) -> Findings:
        """Worse is a larger distance from a limit: of the same result, or of a new value in an old result's place."""
        places: dict[_Where, float] = {}
        for identity, hits in self._old.items():
            where, far = _where(identity), _furthest(hits)
            if far is not None:
                places[where] = max(far, places.get(where, far))
        introduced: list[Finding] = []
        worsened: list[Finding] = []
        remaining: list[Finding] = []
        for identity, hits in self._new.items():
            finding = to_finding(worst(hits), terms)
            was = self._count[identity] - len(hits) + len(self._old.get(identity, ()))
            before = _furthest(self._old.get(identity, ())) if was else places.get(_where(identity))
            is_further = before is not None and finding.distance is not None and finding.distance > before
            (worsened if is_further else remaining if was else introduced).append(finding)
        fixed = [to_finding(hits[0], terms) for i, hits in self._old.items() if not self._count.get(i)]
        return Findings(tuple(introduced), tuple(worsened), tuple(fixed), tuple(remaining), undecided)


def _where(identity: Identity) -> _Where:
    key, focus, _, step = identity
    return key, focus, step


def _furthest(hits: Sequence[Hit]) -> float | None:
    return max((hit.distance for hit in hits if hit.distance is not None), default=None)


def worst(hits: Sequence[Hit]) -> Hit:
    """The hit with the largest distance from its limit; the first one where none has a distance."""
    return max(hits, key=lambda hit: -1.0 if hit.distance is None else hit.distance)
