"""The closure of a rule set by naive evaluation: stratum by stratum, every rule again until nothing new comes.

Aggregates are worked out from lists of values with fractions, by the words of SPARQL 1.1, 18.5.1, and nothing else.
"""

from __future__ import annotations

import math
import struct
from collections.abc import Iterable, Iterator, Sequence
from decimal import Decimal, localcontext
from fractions import Fraction
from typing import Any

from kg.terms import Term
from reasoner.rules.ir import Aggregate
from reasoner.rules.match import TermTriple, counted, derived
from reasoner.rules.operators import order_key
from reasoner.rules.strata import RuleSet
from reasoner.rules.values import Single, Value, of_term, to_term


class TermGraph:
    """A set of triples with the indexes that matching wants. Implements reasoner.rules.match.TermView."""

    def __init__(self, triples: Iterable[TermTriple] = ()) -> None:
        self.triples: set[TermTriple] = set()
        self._by_predicate: dict[Term, set[TermTriple]] = {}
        self._by_subject: dict[tuple[Term, Term], set[TermTriple]] = {}
        for triple in triples:
            self.add(triple)

    def add(self, triple: TermTriple) -> None:
        self.triples.add(triple)
        self._by_predicate.setdefault(triple[1], set()).add(triple)
        self._by_subject.setdefault((triple[0], triple[1]), set()).add(triple)

    def match(self, s: Term | None, p: Term | None, o: Term | None) -> Iterator[TermTriple]:
        if p is None:
            candidates: Iterable[TermTriple] = self.triples
        elif s is None:
            candidates = self._by_predicate.get(p, ())
        else:
            candidates = self._by_subject.get((s, p), ())
        return (t for t in candidates if (s is None or t[0] == s) and (o is None or t[2] == o))


def closure(rules: RuleSet, asserted: Iterable[TermTriple]) -> set[TermTriple]:
    """Every fact that some rule gives, asserted or not."""
    graph = TermGraph(asserted)
    heads = rules.heads()

    def own(p: Term, o: Term) -> bool:
        return any(key.predicate == p and (key.cls is None or key.cls == o) for key in heads)

    given: set[TermTriple] = set()
    rows = counted(graph, own, aggregated)
    for component in rules.components:
        before = -1
        while before != len(given):
            before = len(given)
            for rule in component.rules:
                for fact, _ in list(derived(rule, graph, own, rows)):
                    given.add(fact)
                    graph.add(fact)
    return given


def aggregated(aggregate: Aggregate, terms: Sequence[Term | None]) -> Term | None:
    """What an aggregate gives for these terms; None for an error, on either side."""
    chosen = list(dict.fromkeys(terms)) if aggregate.distinct else list(terms)
    known = [term for term in chosen if term is not None]
    if aggregate.op == "count":
        return to_term(len(known))
    if aggregate.op in ("min", "max"):
        ordered = sorted(known, key=order_key)
        return None if not ordered else ordered[0 if aggregate.op == "min" else -1]
    values: list[Any] = [of_term(term) for term in known]
    if len(known) < len(chosen) or any(value.__class__ not in _WIDTHS for value in values):
        return None
    return to_term(_total(values, aggregate.op == "avg"))


_WIDTHS: dict[type, int] = {int: 0, Decimal: 1, Single: 2, float: 3}


def _total(values: list[Any], is_mean: bool) -> Value:
    width = max((_WIDTHS[value.__class__] for value in values), default=0)
    if not all(math.isfinite(value) for value in values):
        odd = sum(float(value) for value in values if not math.isfinite(value))
        return Single(odd) if width == 2 else odd
    total = sum((Fraction(value) for value in values), Fraction(0))
    if is_mean and values:
        total /= len(values)
        width = max(width, 1)
    if width == 3:
        return _nearest(total)
    if width == 2:
        return Single(_nearest_single(total))
    return int(total) if width == 0 else _decimal(total, 38 if is_mean else 3000)


def _nearest(number: Fraction) -> float:
    try:
        return float(number)
    except OverflowError:
        return math.inf if number > 0 else -math.inf


def _nearest_single(number: Fraction) -> float:
    """The nearest 32-bit float; of two the one whose last bit is even."""
    try:
        (bits,) = struct.unpack("<i", struct.pack("<f", _nearest(number)))
    except OverflowError:
        return _nearest(number)
    found = [struct.unpack("<f", struct.pack("<i", bits + step))[0] for step in (-1, 0, 1)]
    finite: list[float] = [value for value in found if math.isfinite(value)]
    return min(finite, key=lambda value: (abs(Fraction(value) - number), struct.pack("<f", value)[0] & 1))


def _decimal(number: Fraction, digits: int) -> Decimal:
    with localcontext() as context:
        context.prec = digits
        return Decimal(number.numerator) / Decimal(number.denominator)


__all__ = ["TermGraph", "aggregated", "closure"]
