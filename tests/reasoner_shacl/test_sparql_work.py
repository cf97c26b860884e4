"""The work of queries: footprints, what is declared costly, and budgets."""

from __future__ import annotations

import itertools
from collections.abc import Callable
from typing import Any

import pytest
from rdflib import URIRef

from kg.errors import Undecided
from reasoner.shacl import Shapes, full_report
from reasoner.shacl.sparql import machine

EX = "http://example.org/"
NAMES = ':names sh:declare [ sh:prefix "" ; sh:namespace "http://example.org/"^^xsd:anyURI ] . '


def shape(where: str, target: str = "sh:targetClass :M") -> str:
    return f"""{NAMES} :S a sh:NodeShape ; {target} ;
      sh:sparql [ sh:prefixes :names ; sh:select \"\"\"SELECT $this WHERE {{ {where} }}\"\"\" ] ."""


def target(where: str) -> str:
    query = f'"""SELECT ?this WHERE {{ {where} }}"""'
    return f"""{NAMES} :S a sh:NodeShape ; sh:property [ sh:path :ok ; sh:minCount 1 ] ;
      sh:target [ sh:prefixes :names ; sh:select {query} ] ."""


CALM = ":T a sh:NodeShape ; sh:targetClass :M ; sh:property [ sh:path :speed ; sh:maxInclusive 5 ] ."
LOCAL = [
    "$this :line ?l . ?l :limit ?most . $this :speed ?v . FILTER (?v > ?most)",
    "$this :line/:limit ?most . FILTER NOT EXISTS { $this :speed ?v . FILTER (?v <= ?most) }",
    "?m :next+ $this . ?m :speed 9",
    "OPTIONAL { $this :line ?l . OPTIONAL { ?l :limit ?n } } FILTER (!bound(?n))",
    "{ $this :line ?l } UNION { ?l :has $this } ?l :limit ?n . FILTER (?n > 3)",
    "{ SELECT $this (COUNT(?m) AS ?n) WHERE { $this :line/^:line ?m } GROUP BY $this } FILTER (?n > 4)",
    "$this ?p ?x . FILTER (isBlank(?x))",
    "BIND ($this AS ?m) { SELECT $this ?m WHERE { ?m :line ?l } } FILTER (?l = :l0)",
]
OPAQUE = [
    (":site :limit ?n . $this :speed ?v . FILTER (?v > ?n)", [":limit"]),
    ("?x a :Alarm . FILTER (?x != $this)", ["rdf:type"]),
    ("$this :line ?l . OPTIONAL { ?x :of ?l } ?x :since ?t", [":since"]),
    ("{ SELECT $this (COUNT(?x) AS ?n) WHERE { $this a :M . ?x :in ?y } GROUP BY $this } FILTER (?n > 3)", [":in"]),
    ("{ SELECT $this ?m WHERE { $this :line ?l . ?m :line ?l } ORDER BY ?m LIMIT 1 } ?m :speed 3", []),
    ("{ SELECT $this ?n WHERE { ?n :first ?m } LIMIT 1 } $this :last ?n", [":first"]),
    ("$this :line ?l . ?l ?p ?v . ?v :unit ?u", [":unit"]),
    ("?x ?p ?y . FILTER (?y = $this)", None),
    ("?x :next* ?y . FILTER (?y = $this)", None),
    ("?x !(:next) ?y . FILTER (?y = $this)", None),
]


@pytest.mark.parametrize("where", LOCAL)
def test_a_query_that_hangs_on_its_focus_node_is_not_costly(shapes_of: Callable[[str], Shapes], where: str) -> None:
    """Negation, OPTIONAL, UNION, paths with + and aggregates leave a way back."""
    assert shapes_of(shape(where)).costly == ()


@pytest.mark.parametrize(("where", "predicates"), OPAQUE)
def test_every_other_query_is_declared_costly(
    shapes_of: Callable[[str], Shapes],
    where: str,
    predicates: list[str] | None,
    caplog: pytest.LogCaptureFixture,
) -> None:
    """With the predicates whose changes concern every target, and a warning."""
    names = {"rdf:type": "http://www.w3.org/1999/02/22-rdf-syntax-ns#type"}
    found = shapes_of(shape(where)).costly

    wanted = None if predicates is None else tuple(URIRef(names.get(p, p.replace(":", EX))) for p in predicates)
    assert [(c.shape, c.query, c.predicates) for c in found] == (
        [] if predicates == [] else [(URIRef(EX + "S"), "sh:sparql", wanted)]
    )
    assert bool(caplog.records) is bool(found)


def test_a_change_far_away_is_found_through_an_opaque_query(bench: Callable[..., Any]) -> None:
    """A new limit concerns every target; other shapes and predicates are left alone."""
    line = bench("".join(f":m{i} a :M ; :speed {i} . " for i in range(9)), shape(OPAQUE[0][0]) + CALM)

    stricter = line.change(add=":site :limit 5 .")
    other = line.change(add=":site :name 5 .")
    spent = line.validator.meter.spent

    assert {str(f.focus) for f in stricter.introduced} == {EX + f"m{i}" for i in (6, 7, 8)}
    assert other.introduced == ()
    assert spent == 0


@pytest.mark.parametrize(
    "text", [shape("$this :speed ?v . FILTER (?v > 5)"), target("?this :speed ?v"), shape("?x ?p 9")]
)
def test_queries_leave_no_safe_band(bench: Callable[..., Any], text: str) -> None:
    """Of no value can be said beforehand that a query would not care."""
    line = bench(":m a :M ; :speed 3 .", CALM + text)

    assert line.validator.watch(line.graph.terms.node(URIRef(EX + "speed"))) is None


@pytest.mark.parametrize("where", LOCAL)
def test_counted_work_is_the_same_at_two_sizes(bench: Callable[..., Any], where: str) -> None:
    """What a reading costs does not depend on how many machines there are."""
    spent = []
    for lines in (4, 200):
        data = "".join(
            f":l{i} :limit 4 ; :has :m{i}_0 . "
            + "".join(f":m{i}_{j} a :M ; :line :l{i} ; :speed 3 ; :next :m{i}_{j + 1} . " for j in range(3))
            for i in range(lines)
        )
        line = bench(data, shape(where))
        line.change(add=":m2_1 :speed 9 . :l2 :limit 5 .", remove=":m2_1 :speed 3 . :l2 :limit 4 .")
        spent.append(line.validator.meter.spent)

    assert spent[0] == spent[1] < 2_000


# budgets

PRODUCT = "?a :speed ?x . ?b :speed ?y . ?c :speed ?z . FILTER (?x + ?y + ?z < 0)"
MACHINES = "".join(f":m{i} a :M ; :speed {i} . " for i in range(12))


def test_a_query_beyond_the_budget_is_undecided(bench: Callable[..., Any]) -> None:
    """Its old results stay, the other shapes are decided, and it is settled when there is budget for it."""
    shapes = shape("$this :bad true . " + PRODUCT.replace("< 0", "> 0")) + CALM.replace("5", "30")
    line = bench(":m0 :bad true . " + MACHINES, shapes, 400_000)
    line.validator.budget = 5_000

    findings = line.change(add=":m1 :bad true . :m2 :speed 99 .")
    line.validator.budget = 10_000_000
    settled = line.change(add=":m3 :name 1 .")

    assert findings.undecided == (EX + "S",)
    assert [str(f.focus) for f in findings.introduced] == [EX + "m2"]
    assert [str(f.focus) for f in settled.introduced] == [EX + "m1"]
    assert settled.undecided == ()


def test_joining_what_was_found_is_counted_too(bench: Callable[..., Any]) -> None:
    """A product of two sub-selects looks nothing up while it is formed, and still comes to an end."""
    side = "{{ SELECT $this ?{0} WHERE {{ ?{0} :speed ?{1} }} LIMIT 1000 }} "
    line = bench("", shape(side.format("a", "b") + side.format("c", "d") + "FILTER (?b = ?d)"), 3_000)

    assert line.change(add=MACHINES * 1 + "".join(f":k{i} :speed 1 . " for i in range(90))).undecided == (EX + "S",)


@pytest.mark.parametrize("limit", ["", " ORDER BY ?x LIMIT 3"])
def test_a_target_query_beyond_the_budget_leaves_the_shape_undecided(bench: Callable[..., Any], limit: str) -> None:
    """Who the targets are is not known then; once it is, they are checked."""
    text = target("?this :new ?n . " + PRODUCT.replace("< 0", "> 0"))
    line = bench(MACHINES, text.replace('}"""', "}" + limit + '"""'), 4_000)

    findings = line.change(add=":m1 :new 1 .")
    still = line.change(add=":x :y :z .")
    line.validator.budget = 10_000_000
    settled = line.change(add=":x :y :w .")

    assert findings.undecided == still.undecided == (EX + "S",)
    assert [str(f.focus) for f in settled.introduced] == [EX + "m1"]
    assert settled.undecided == ()


def test_what_a_rolled_back_transaction_could_not_decide_is_not_owed(bench: Callable[..., Any]) -> None:
    """Neither pairs nor targets."""
    line = bench(MACHINES, target("?this :new ?n . " + PRODUCT), 4_000)
    assert line.change(add=":m1 :new 1 .").undecided

    line.transaction.rollback()

    assert line.change(add=":x :y :z .").undecided == ()


def test_without_a_budget_a_query_still_ends(bench: Callable[..., Any], monkeypatch: pytest.MonkeyPatch) -> None:
    """Starting and full validation say which shape could not be decided."""
    line = bench(MACHINES, shape("$this :bad true"))
    hostile = bench("", shape(PRODUCT)).validator.shapes
    monkeypatch.setattr(machine, "MOST_WORK", 2_000)

    with pytest.raises(Undecided, match=r"http://example\.org/S"):
        full_report(line.graph, hostile)


def _doubled(start: str, step: str, names: str) -> str:
    steps = (f"BIND ({step.replace('x', a)} AS ?{b})" for a, b in itertools.pairwise(names))
    return f"BIND ({start} AS ?{names[0]}) " + " ".join(steps)


@pytest.mark.parametrize(
    "where",
    [
        _doubled('"0123456789"', "CONCAT(?x, ?x, ?x, ?x)", "abcdefghi"),
        _doubled("9", "?x * ?x", "abcdefghjklmnopi"),
    ],
)
def test_texts_and_numbers_do_not_grow_without_end(bench: Callable[..., Any], where: str) -> None:
    """A text of a megabyte is undecided, a number of thousands of digits an error."""
    line = bench("", shape(where + " FILTER (STRLEN(STR(?i)) > 1)", "sh:targetSubjectsOf :p"))

    findings = line.change(add=":m :p 1 .")

    assert findings.undecided or findings.introduced


def test_order_and_limit_do_not_depend_on_the_order_of_insertion(bench: Callable[..., Any]) -> None:
    """Rows that are left equal are taken in the order of their values, SAMPLE takes the first."""
    query = """{ SELECT $this ?x WHERE { $this :p ?x } LIMIT 1 }
      { SELECT $this (SAMPLE(?s) AS ?y) WHERE { $this :p ?s } GROUP BY $this }"""
    text = (
        f'{NAMES} :S a sh:NodeShape ; sh:targetNode :a ; sh:sparql [ sh:prefixes :names ; sh:message "{{?x}} {{?y}}" ; '
    )
    text += f'sh:select """SELECT $this ?x ?y WHERE {{ {query} }}""" ] .'
    values = [f":v{i}" for i in (5, 3, 9, 1, 7)]

    said = {
        bench(f":a :p {' , '.join(order)} .", text).started[0].message
        for order in (values, values[::-1], sorted(values))
    }

    assert said == {"v1 v1"}
