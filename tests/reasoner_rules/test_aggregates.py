"""Accumulators: exact, independent of order, rounded once, and as cheap to take from as to add to."""

from __future__ import annotations

import math
import random
from collections.abc import Sequence
from decimal import Decimal
from fractions import Fraction

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from rdflib import BNode, Literal, URIRef
from rdflib.namespace import XSD

from kg.terms import Term, Terms, double_literal
from reasoner.references.naive import aggregated
from reasoner.rules.aggregates import TERMS, Extreme, Items, Total, accumulator, rounded
from reasoner.rules.ir import Aggregate, Ref, Var
from reasoner.rules.nodes import Nodes
from reasoner.rules.operators import less, order_key
from reasoner.rules.values import EvalError, of_term, to_term

OPS = [
    Aggregate(op, Ref(Var("v")), distinct) for op in ("count", "sum", "min", "max", "avg") for distinct in (False, True)
]
DOUBLES = st.floats().map(double_literal)
SINGLES = st.floats(width=32).map(
    lambda value: Literal(repr(value).replace("inf", "INF").replace("nan", "NaN"), datatype=XSD.float)
)
INTEGERS = st.integers(-(10**20), 10**20).map(Literal)
DECIMALS = st.decimals(allow_nan=False, allow_infinity=False, places=7).map(Literal)
SMALL = st.integers(-3, 3).flatmap(
    lambda n: st.sampled_from(
        [Literal(n), Literal(Decimal(n)), double_literal(n), Literal(f"{n}.0", datatype=XSD.double)]
    )
)
OTHERS = st.sampled_from(
    [
        None,
        URIRef("http://e/a"),
        BNode("b"),
        Literal("text"),
        Literal("texte", lang="fr"),
        Literal(True),
        Literal("x", datatype=XSD.integer),
        Literal("2026-01-01T00:00:00Z", datatype=XSD.dateTime),
        Literal("2026-01-01T00:00:00", datatype=XSD.dateTime),
        Literal("2026-01-01", datatype=XSD.date),
        Literal("NaN", datatype=XSD.decimal),
    ]
)
NUMBERS = st.one_of(SMALL, DOUBLES, SINGLES, INTEGERS, DECIMALS)
LISTS = st.one_of(
    st.lists(NUMBERS, max_size=12),
    st.lists(st.one_of(SMALL, INTEGERS, DECIMALS), max_size=12),
    st.lists(st.one_of(SINGLES, INTEGERS), max_size=12),
    st.lists(st.one_of(NUMBERS, OTHERS), max_size=12),
)


def items_of(terms: Terms) -> Items[int | float]:
    """How accumulators read the nodes of a dictionary."""
    nodes = Nodes(terms)
    return Items(nodes.value, nodes.node, nodes.key)


@settings(max_examples=80)
@given(LISTS, LISTS, st.randoms(use_true_random=False))
def test_what_is_left_counts_and_nothing_else(
    kept: list[Term | None], gone: list[Term | None], pick: random.Random
) -> None:
    """Added and removed in any order, over terms and over nodes: the plain reading of what is left, to the last bit."""
    terms = Terms()
    items = items_of(terms)
    for aggregate in OPS:
        timed = [(pick.random(), value, True) for value in kept]
        for value in gone:
            came, went = sorted((pick.random(), pick.random()))
            timed += [(came, value, True), (went, value, False)]
        steps = [(value, is_new) for _, value, is_new in sorted(timed, key=lambda step: step[0])]
        by_term, by_node = accumulator(aggregate, TERMS), accumulator(aggregate, items)
        for value, is_new in steps:
            node = None if value is None else terms.node(value)
            (by_term.add if is_new else by_term.remove)(value)
            (by_node.add if is_new else by_node.remove)(node)
            if pick.random() < 0.2:
                by_term.result()

        expected = aggregated(aggregate, kept)

        assert by_term.result() == expected, str(aggregate)
        found = by_node.result()
        assert (None if found is None else terms.term(found)) == expected, str(aggregate)


@given(st.lists(st.floats(allow_nan=False, allow_infinity=False), min_size=1, max_size=30))
def test_a_sum_of_doubles_is_rounded_once(values: list[float]) -> None:
    """As math.fsum has it, which is correctly rounded, where that does not overflow on its way."""
    held = Total(TERMS, mean=False)
    for value in values:
        held.add(double_literal(value))
    try:
        expected = math.fsum(values) + 0.0
    except OverflowError:
        expected = rounded(*sum(map(Fraction, values), Fraction(0)).as_integer_ratio())

    assert held.result() == double_literal(expected)


def test_a_million_replacements_leave_no_trace() -> None:
    """Values of 600 orders of magnitude come and go; the sum of those left is that of a recomputation, to the bit."""
    pick = random.Random(7)
    items = items_of(Terms())
    values = [pick.uniform(-1, 1) * 10.0 ** pick.randint(-300, 300) for _ in range(997)]
    current = values[:50]
    sums, means = Total(items, mean=False), Total(items, mean=True)
    for value in current:
        sums.add(value)
        means.add(value)

    for index in range(1_000_000):
        place, value = index % 50, values[index * 31 % 997]
        sums.remove(current[place])
        sums.add(value)
        current[place] = value
    for value in current:
        means.add(value)
    for value in values[:50]:
        means.remove(value)

    assert sums.result() == math.fsum(current)
    assert means.result() == float(sum(map(Fraction, current)) / 50)


def test_infinities_and_nan_come_and_go() -> None:
    """Opposite infinities make NaN, and what is finite is whole again when they have gone."""
    held = Total(TERMS, mean=False)
    inf, minus, nan = (double_literal(value) for value in (math.inf, -math.inf, math.nan))
    seen = []
    for add, value in ((1, double_literal(0.1)), (1, inf), (1, minus), (0, inf), (1, nan), (0, minus), (0, nan)):
        (held.add if add else held.remove)(value)
        seen.append(str(held.result()))

    assert seen == ["1.0E-1", "INF", "NaN", "-INF", "NaN", "NaN", "1.0E-1"]


@pytest.mark.parametrize(
    ("op", "values", "expected"),
    [
        ("sum", [], Literal(0)),
        ("avg", [], Literal(0)),
        ("count", [], Literal(0)),
        ("min", [], None),
        ("sum", [Literal(1), Literal(2)], Literal(3)),
        ("avg", [Literal(1), Literal(2)], Literal("1.5", datatype=XSD.decimal)),
        ("avg", [Literal(1), Literal(1), Literal(2)], Literal("1." + "3" * 37, datatype=XSD.decimal)),
        ("sum", [Literal(Decimal("0.1")), Literal(Decimal("0.2"))], Literal("0.3", datatype=XSD.decimal)),
        (
            "sum",
            [Literal(1), Literal("1.5", datatype=XSD.float)],
            Literal("2.5E0", datatype=XSD.float, normalize=False),
        ),
        ("sum", [Literal(1), Literal(Decimal("0.5")), double_literal(1)], double_literal(2.5)),
        ("sum", [double_literal(1e308), double_literal(1e308)], double_literal(math.inf)),
        ("avg", [double_literal(1e308), double_literal(1e308)], double_literal(1e308)),
        ("sum", [Literal(2**53 + 1), double_literal(1.0)], double_literal(2.0**53 + 2)),
        ("sum", [Literal("off")], None),
        ("min", [Literal("off"), Literal(3)], Literal(3)),
        ("max", [Literal("off"), Literal(3), URIRef("http://e/a")], Literal("off")),
        ("min", [Literal("off"), Literal(3), URIRef("http://e/a")], URIRef("http://e/a")),
        ("max", [double_literal(math.nan), Literal(3)], Literal(3)),
        ("min", [double_literal(math.nan), Literal(3)], double_literal(math.nan)),
        ("min", [double_literal(2), Literal(2)], Literal(2)),
        ("max", [double_literal(2), Literal(2)], double_literal(2)),
        ("max", [Literal(2**53 + 1), double_literal(2.0**53)], Literal(2**53 + 1)),
        (
            "max",
            [Literal("07", datatype=XSD.integer, normalize=False)],
            Literal("07", datatype=XSD.integer, normalize=False),
        ),
    ],
)
def test_results_have_the_widest_type(op: str, values: Sequence[Term], expected: Term | None) -> None:
    """Integers and decimals stay exact, floats and doubles are rounded at the end; kinds are ordered."""
    held = accumulator(Aggregate(op, Ref(Var("v"))), TERMS)
    for value in values:
        held.add(value)

    assert held.result() == expected
    assert aggregated(Aggregate(op, Ref(Var("v"))), list(values)) == expected


def test_a_float_is_not_rounded_twice() -> None:
    """Just above the middle of two floats: by way of a double it would go down to the even one."""
    middle = 1 + 2.0**-24
    held = Total(TERMS, mean=False)
    for value in (1.0, 2.0**-24, 2.0**-60):
        held.add(Literal(repr(value), datatype=XSD.float))

    assert float(of_term(held.result())) == 1 + 2.0**-23
    assert rounded(*Fraction(middle).as_integer_ratio(), single=True) == middle


def test_a_heap_does_not_keep_what_has_gone() -> None:
    """Behind a lasting extreme 100,000 values come and go; never many more are held than there are."""
    items = items_of(Terms())
    for largest in (False, True):
        held = Extreme(items, largest=largest)
        held.add(math.inf if largest else -math.inf)
        most = 0
        for index in range(100_000):
            held.add(float(index))
            if index >= 20:
                held.remove(float(index - 20))
            most = max(most, len(held))
            assert held.result() == (math.inf if largest else -math.inf)
        assert most < 80


@given(st.lists(st.one_of(NUMBERS, OTHERS.filter(lambda term: term is not None)), max_size=8))
def test_the_order_of_terms_is_total_and_that_of_sparql(terms: list[Term]) -> None:
    """Each two different terms are ordered one way, nodes as their terms, and as `<` says where it says anything."""
    known = Terms()
    of_nodes = Nodes(known)
    for a in terms:
        assert of_nodes.key(known.node(a)) == order_key(a)
        for b in terms:
            if known.node(a) != known.node(b):
                assert (order_key(a) < order_key(b)) != (order_key(b) < order_key(a))
            if _is_less(a, b):
                assert not order_key(b) < order_key(a)


def _is_less(a: Term, b: Term) -> bool:
    try:
        return less(of_term(a), of_term(b))
    except EvalError:
        return False


def test_numbers_too_long_to_write_have_no_value() -> None:
    """Python refuses to write integers of many thousand digits; such a sum is an error, not a crash."""
    held = Total(TERMS, mean=False)
    largest = Literal("9" * 4300, datatype=XSD.integer)
    held.add(largest)
    assert held.result() == largest

    held.add(largest)

    assert held.result() is None
    with pytest.raises(EvalError):
        to_term(10**5000)
    held.remove(largest)
    assert held.result() == largest
