"""SPARQL-based constraints, components and targets: what they see and what a result says."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from rdflib import Graph, Literal, URIRef
from rdflib.namespace import RDF, SH

from kg.change import Finding, Severity
from kg.errors import ShapeRefused, Undecided
from kg.names import GraphName
from kg.wire import finding_to_json, json_to_finding
from reasoner.shacl import Shapes, full_report, to_graph

EX = "http://example.org/"
NAMES = ':names sh:declare [ sh:prefix "" ; sh:namespace "http://example.org/"^^xsd:anyURI ] . '


def constraint(where: str, select: str = "SELECT $this", rest: str = "") -> str:
    """A node shape for :a, with one sh:sparql."""
    query = f'sh:sparql [ sh:prefixes :names ; {rest} sh:select """{select} WHERE {{ {where} }}""" ]'
    return f"{NAMES} :S a sh:NodeShape ; sh:targetNode :a ; {query} ."


def seen(findings: tuple[Finding, ...]) -> set[tuple[str, str | None, str | None]]:
    """Focus node, path and value in short."""

    def short(text: object) -> str | None:
        return None if text is None else str(text).replace(EX, "")

    return {(short(f.focus) or "", short(f.path), short(f.value)) for f in findings}


# results


def test_a_solution_says_value_path_and_message(bench: Callable[..., Any]) -> None:
    """?value, ?path and the holes of the message are filled from each solution."""
    shape = constraint(
        "$this ?path ?value . FILTER (isNumeric(?value))",
        "SELECT $this ?path ?value",
        'sh:message "{$this}: {?value}" ;',
    )

    findings = bench(':a :p 3 , "x" ; :q 4 .', shape).started

    assert seen(findings) == {("a", "<p>", "3"), ("a", "<q>", "4")}
    assert {f.message for f in findings} == {"a: 3", "a: 4"}


def test_a_node_shape_without_value_reports_the_focus_node(bench: Callable[..., Any]) -> None:
    """As the value nodes of a node shape are the focus nodes."""
    assert seen(bench(":a :p 3 .", constraint("$this :p 3")).started) == {("a", None, "a")}


def test_a_property_shape_reports_its_path_and_knows_it_as_PATH(bench: Callable[..., Any]) -> None:
    """$PATH stands for the whole path, and results without ?value have none."""
    shapes = (
        NAMES
        + """:P a sh:PropertyShape ; sh:targetNode :a ; sh:path ( :p [ sh:inversePath :q ] ) ;
      sh:severity sh:Warning ; sh:message "via {$PATH}" ;
      sh:sparql [ sh:select "SELECT DISTINCT $this WHERE { $this $PATH ?x }" ] ,
                [ sh:select "SELECT $this ?value WHERE { $this $PATH ?value }" ] ."""
    )

    findings = bench(":a :p :b . :c :q :b .", shapes).started

    assert seen(findings) == {("a", "<p>/^<q>", None), ("a", "<p>/^<q>", "c")}
    assert {(f.severity, f.message) for f in findings} == {(Severity.WARNING, "via p/^q")}


def test_a_message_comes_from_the_solution_first(bench: Callable[..., Any]) -> None:
    """?message, then the constraint's own, then the shape's, then a sentence of ours."""
    own = 'BIND (CONCAT("n", "o") AS ?message)'
    said = [
        bench("", constraint(f"$this :x* $this . {own}", "SELECT $this ?message", 'sh:message "mine" ;')).started,
        bench("", constraint("", rest='sh:message "mine" ;')).started,
        bench("", constraint("") + ' :S sh:message "the shape\'s" .').started,
        bench("", constraint("")).started,
    ]

    assert [f.message for (f,) in said] == [
        "no",
        "mine",
        "the shape's",
        "a: a does not satisfy SPARQLConstraintComponent.",
    ]


def test_a_report_names_the_source_constraint(bench: Callable[..., Any]) -> None:
    """sh:sourceConstraint is the sh:sparql node, also after a finding has travelled."""
    shape = constraint("").replace("sh:sparql [", "sh:sparql :Why . :Why sh:name [").replace(" ] .", " ; sh:name 1 ] .")
    shape = NAMES + ':S a sh:NodeShape ; sh:targetNode :a ; sh:sparql :Why . :Why sh:select "SELECT $this WHERE {}" .'

    (finding,) = bench("", shape).started
    report = to_graph([json_to_finding(finding_to_json(finding))])

    (result,) = report.subjects(RDF.type, SH.ValidationResult)
    assert report.value(result, SH.sourceConstraint) == URIRef(EX + "Why")
    assert report.value(result, SH.sourceConstraintComponent) == SH.SPARQLConstraintComponent
    assert report.value(result, SH.value) == URIRef(EX + "a")


def test_a_reported_failure_is_undecided(bench: Callable[..., Any], turtle: Callable[[str], Graph]) -> None:
    """?failure is no result: starting says so, a check leaves the shape undecided."""
    shape = constraint("$this :p ?failure", "SELECT $this ?failure")
    line = bench("", shape)

    findings = line.change(add=":a :p true .")

    assert findings.undecided == (EX + "S",)
    with pytest.raises(Undecided, match="reports a failure"):
        bench(":a :p true .", shape)


def test_a_term_that_no_graph_can_hold_is_undecided(bench: Callable[..., Any]) -> None:
    """A query that makes an odd IRI of a text gives no result that could be reported."""
    line = bench("", constraint("$this :p ?x . BIND (IRI(?x) AS ?value)", "SELECT $this ?value"))

    assert line.change(add=':a :p "http://example.org/a b" .').undecided == (EX + "S",)


# pre-bound variables


@pytest.mark.parametrize(
    ("where", "holds"),
    [
        ("FILTER ($this = :a)", True),
        ("FILTER ($this = :b)", False),
        ("{ { FILTER ($this = :a) } FILTER (bound($this)) } FILTER (true)", True),
        ("{ SELECT $this WHERE { FILTER ($this = :a) } }", True),
        ("{ FILTER ($this = :b) } UNION { FILTER ($this = :a) }", True),
        ("BIND ($this AS ?x) FILTER (?x = :a)", True),
        ("OPTIONAL { ?x :p ?y . FILTER (?y = $this) } FILTER (bound(?x))", True),
        ("{ SELECT $this (COUNT(?x) AS ?n) WHERE { ?x :p $this } GROUP BY $this } FILTER (?n = 2)", True),
        ("{ SELECT $this (COUNT(?x) AS ?n) WHERE { ?x :p $this } GROUP BY $this } FILTER (?n = 1)", False),
        ("FILTER EXISTS { SELECT $this WHERE { ?x :p $this } }", True),
        ("?x :p ?y . ?y :p :c", False),
        ("?x ?p $this . FILTER (?p = :p)", True),
        ("FILTER ($currentShape = :S)", True),
        ("GRAPH $shapesGraph { $currentShape :limit ?l } ?x :n ?v . FILTER (?v > ?l)", True),
        ("GRAPH $shapesGraph { $currentShape :limit ?l } ?x :n ?v . FILTER (?v < ?l)", False),
    ],
)
def test_prebound_variables_reach_everywhere(bench: Callable[..., Any], where: str, holds: bool) -> None:
    """Filters, groups, unions, sub-selects and the shapes graph."""
    shape = constraint(where.replace("{ SELECT", "{ SELECT DISTINCT", 1) if "FILTER EXISTS" in where else where)

    started = bench(":b :p :a . :c :p :a ; :n 7 .", shape + " :S :limit 5 .").started

    assert bool(started) is holds


def test_a_blank_focus_node_is_itself(bench: Callable[..., Any]) -> None:
    """It is no variable, though it looks like one in SPARQL."""
    shape = constraint("$this :p ?value", "SELECT $this ?value").replace("sh:targetNode :a", "sh:targetSubjectsOf :q")

    assert {f.value for f in bench("_:x :p 1 ; :q 1 . _:y :p 2 .", shape).started} == {Literal(1)}


# algebra


@pytest.mark.parametrize(
    ("where", "values"),
    [
        ("{ SELECT $this ?value WHERE { $this :n ?value } ORDER BY DESC(?value) LIMIT 2 }", {"5", "3"}),
        ("{ SELECT $this (SUM(?n) AS ?value) WHERE { $this :n ?n } GROUP BY $this }", {"9"}),
        ("{ SELECT $this (AVG(?n) AS ?value) WHERE { $this :n ?n } GROUP BY $this }", {"3.0"}),
        ("{ SELECT $this (MIN(?n) AS ?value) WHERE { $this :n ?n } GROUP BY $this HAVING (COUNT(*) = 3) }", {"1"}),
        ("{ SELECT $this (SUM(?d) AS ?value) WHERE { $this :d ?d } GROUP BY $this }", {"0.3"}),
        (
            '{ SELECT $this (GROUP_CONCAT(?n; separator="-") AS ?value) WHERE { $this :n ?n } GROUP BY $this }',
            {"1-3-5"},
        ),
        ("{ SELECT $this (COUNT(DISTINCT ?x) AS ?value) WHERE { $this :p/:p ?x } GROUP BY $this }", {"1"}),
        ("{ SELECT $this (COUNT(?x) AS ?value) WHERE { $this :p/:p ?x } GROUP BY $this }", {"2"}),
        ("{ SELECT $this (COUNT(?x) AS ?value) WHERE { $this :p+ ?x } GROUP BY $this }", {"3"}),
        ('$this :n ?n . FILTER (?n > 4) BIND (REPLACE("aXb", "X", STR(?n)) AS ?value)', {"a5b"}),
        ('$this :t ?value . FILTER (REGEX(?value, "^h.*o$", "i"))', {"Hello"}),
        ("$this !(:n|:d|:p) ?value", {"Hello", "bye"}),
        ('$this (:n|:t) ?value . FILTER (?value IN (1, "bye"))', {"1", "bye"}),
        ("$this :n ?value . FILTER NOT EXISTS { $this :n ?m . FILTER (?m > ?value) }", {"5"}),
        ("$this :n ?value . OPTIONAL { $this :n ?m . FILTER (?m > ?value) } FILTER (!bound(?m))", {"5"}),
        ("$this :n ?value . FILTER (?value / 0 > 1)", set()),
        ("$this :n ?value . FILTER (COALESCE(?value / 0, 3) = ?value)", {"3"}),
    ],
)
def test_queries_mean_what_sparql_says(bench: Callable[..., Any], where: str, values: set[str]) -> None:
    """Aggregates, order, paths with and without multiplicity, functions, errors."""
    data = ':a :n 1 , 3 , 5 ; :d 0.1 , 0.2 ; :t "Hello" , "bye" ; :p :b , :c . :b :p :d . :c :p :d .'

    started = bench(data, constraint(where.replace('"', '\\"'), "SELECT $this ?value")).started

    assert {str(f.value) for f in started} == values


# components

BETWEEN = (
    NAMES
    + """:Between a :Kind ; sh:parameter [ sh:path :low ] , [ sh:path :high ; sh:optional true ] ;
  sh:message "{?value} is not from {?low} to {$high}" ;
  sh:validator [ sh:ask "ASK { FILTER ($value >= $low && (!bound($high) || $value <= $high)) }" ] .
:Kind rdfs:subClassOf sh:ConstraintComponent .
:S a sh:NodeShape ; sh:targetNode :a ; sh:property [ sh:path :n ; :low 2 ; :high 4 ] , [ sh:path :m ; :low 2 ] ,
  [ sh:path :n ; :high 0 ] ."""
)


def test_a_declared_component_asks_about_each_value(bench: Callable[..., Any]) -> None:
    """The component is that of the result; an optional parameter may be absent, a mandatory one switches it on."""
    findings = bench(":a :n 1 , 3 , 5 ; :m 1 , 9 .", BETWEEN).started

    assert seen(findings) == {("a", "<n>", "1"), ("a", "<n>", "5"), ("a", "<m>", "1")}
    assert {f.component for f in findings} == {URIRef(EX + "Between")}
    assert "5 is not from 2 to 4" in {f.message for f in findings}
    assert {f.source for f in findings} == {None}


def test_a_validator_is_chosen_by_the_kind_of_shape(bench: Callable[..., Any]) -> None:
    """sh:nodeValidator and sh:propertyValidator before sh:validator; each value of a single parameter counts."""
    shapes = (
        NAMES
        + """:Has a sh:ConstraintComponent ; sh:parameter [ sh:path :has ] ;
      sh:nodeValidator [ sh:select "SELECT $this WHERE { FILTER NOT EXISTS { $this ?p $has } }" ] ;
      sh:propertyValidator [ sh:select
        "SELECT $this ($has AS ?value) WHERE { FILTER NOT EXISTS { $this $PATH $has } }" ] ;
      sh:validator [ sh:ask "ASK { FILTER (false) }" ] .
    :S a sh:NodeShape ; sh:targetNode :a ; :has 1 ; sh:property [ sh:path :p ; :has 1 , 2 ] ."""
    )

    assert seen(bench(":a :p 1 .", shapes).started) == {("a", "<p>", "2")}
    assert seen(bench(":a :q 2 .", shapes).started) == {("a", None, "a"), ("a", "<p>", "1"), ("a", "<p>", "2")}


# targets

TARGETS = (
    NAMES
    + """:S a sh:NodeShape ; sh:property [ sh:path :p ; sh:minCount 1 ] ;
  sh:target [ a sh:SPARQLTarget ; sh:prefixes :names ;
              sh:select "SELECT ?this WHERE { ?this :n ?n . FILTER (?n > 2) }" ] ,
            [ a :InCountry ; :country :fr ] .
:InCountry a sh:SPARQLTargetType ; rdfs:subClassOf sh:Target ; sh:parameter [ sh:path :country ] ; sh:prefixes :names ;
  sh:select "SELECT ?this WHERE { ?this :in $country }" ."""
)


def test_targets_follow_what_their_query_reads(bench: Callable[..., Any]) -> None:
    """A node becomes a target and stops being one, by either target."""
    line = bench(":a :n 3 . :b :n 1 .", TARGETS)

    came = line.change(add=":b :n 4 . :c :in :fr . :d :in :it .")
    went = line.change(remove=":a :n 3 . :c :in :fr .")

    assert seen(line.started) == {("a", "<p>", None)}
    assert seen(came.introduced) == {("b", "<p>", None), ("c", "<p>", None)}
    assert seen(went.fixed) == {("a", "<p>", None), ("c", "<p>", None)}


def test_a_limited_target_query_is_evaluated_as_a_whole(bench: Callable[..., Any]) -> None:
    """One node can't be asked about alone; what is remembered goes stale with a change, also one rolled back."""
    shapes = (
        NAMES
        + """:S a sh:NodeShape ; sh:property [ sh:path :p ; sh:minCount 1 ] ; sh:target [ sh:prefixes :names ;
      sh:select "SELECT ?this WHERE { ?this :n ?n } ORDER BY DESC(?n) LIMIT 1" ] ."""
    )
    line = bench(":a :n 3 . :b :n 1 .", shapes)

    moved = line.change(add=":b :n 4 .")
    line.transaction.rollback()
    calm = line.change(add=":a :p 1 .")

    assert (seen(moved.introduced), seen(moved.fixed)) == ({("b", "<p>", None)}, {("a", "<p>", None)})
    assert seen(calm.fixed) == {("a", "<p>", None)}
    assert list(line.validator.results()) == []


# declarations


def test_prefixes_are_found_through_imports(bench: Callable[..., Any]) -> None:
    """sh:prefixes names an ontology; what it imports declares as well."""
    shapes = """:o1 <http://www.w3.org/2002/07/owl#imports> :o2 .
    :o1 sh:declare [ sh:prefix "one" ; sh:namespace "http://example.org/"^^xsd:anyURI ] .
    :o2 sh:declare [ sh:prefix "two" ; sh:namespace "http://example.org/" ] .
    :S a sh:NodeShape ; sh:targetNode :a ;
      sh:sparql [ sh:prefixes :o1 ; sh:select "SELECT $this WHERE { one:a two:p one:b }" ] ."""

    assert len(bench(":a :p :b .", shapes).started) == 1


def test_a_deactivated_constraint_is_silent(bench: Callable[..., Any]) -> None:
    """As if it were not there."""
    assert bench("", constraint("", rest="sh:deactivated true ;")).started == ()


def test_a_query_sees_what_its_shape_sees(bench: Callable[..., Any]) -> None:
    """With tw:evidence "asserted", inferred triples are invisible to it."""
    shape = constraint("$this :p ?value", "SELECT $this ?value")
    strict, open_ = bench("", shape + ' :S tw:evidence "asserted" .'), bench("", shape)

    for line, count in ((strict, 0), (open_, 1)):
        assert len(line.change(add=":a :p 1 .", name=GraphName.INFERRED).introduced) == count
        assert len(full_report(line.graph, line.validator.shapes)) == count


# refusals


@pytest.mark.parametrize(
    ("where", "reason"),
    [
        ("$this :p ?x MINUS { $this :q ?x }", "MINUS"),
        ("VALUES ?x { 1 2 }", "VALUES"),
        ("SERVICE <http://example.org/sparql> { $this :p ?x }", "SERVICE"),
        ("$this :p ?x . BIND (:b AS ?this)", "$this, which is pre-bound"),
        ("{ SELECT ?x WHERE { $this :p ?x } }", "does not return $this"),
        ("GRAPH ?g { $this :p ?x }", "GRAPH"),
        ("GRAPH :g { $this :p ?x }", "GRAPH"),
        ("$this :p ?x . FILTER (RAND() > 0.5)", "RAND"),
        ("$this :p ?x . FILTER (?x < NOW())", "NOW"),
        ("FILTER (:mine($this))", "the function"),
        ("$this $PATH ?x", "no property shape"),
        ("$this :p $PATH", "no predicate"),
        ("$this other:p ?x", "cannot be read"),
        ("$this :p", "cannot be read"),
        ('$this :p ?x . FILTER (REGEX(?x, \\"(a)\\\\\\\\1\\"))', "back references"),
        ("{" * 70 + "}" * 70, "deeper"),
        ("".join(f"$this :p ?x{i} . " for i in range(500)), "nested too deeply"),
        ("{ $this :p ?x } " * 210, "200 triple patterns"),
    ],
)
def test_a_query_that_may_not_run_is_refused(shapes_of: Callable[[str], Shapes], where: str, reason: str) -> None:
    """The shape and the construct are named."""
    with pytest.raises(ShapeRefused) as refused:
        shapes_of(constraint(where))

    assert reason in str(refused.value.facts["reason"])
    assert "<http://example.org/S>" in str(refused.value)


@pytest.mark.parametrize(
    ("shape", "reason"),
    [
        ('sh:sparql [ sh:select "SELECT ?x WHERE { $this ?p ?x }" ]', "does not return $this"),
        ('sh:sparql [ sh:select "ASK {}" ]', "no SELECT query"),
        ('sh:sparql [ sh:select "SELECT $this FROM <http://example.org/g> WHERE {}" ]', "FROM"),
        ('sh:sparql [ sh:select "LOAD <http://example.org/g>" ]', "cannot be read"),
        ('sh:sparql [ sh:select "SELECT $this WHERE {} VALUES ?x { 1 }" ]', "VALUES"),
        ("sh:sparql [ ]", "exactly one sh:select"),
        ('sh:sparql [ sh:select "SELECT $this WHERE {}" ; sh:prefixes [ sh:declare [ sh:prefix "x" ] ] ]',
         "sh:namespace"),
        ('sh:sparql [ sh:select "SELECT $this WHERE {}" ; sh:prefixes [ sh:declare [ sh:prefix "x" ; '
         'sh:namespace "http://example.org/> PREFIX y: <" ] ] ]', "cannot be declared"),
        ("sh:target [ a :NoType ]", "its sh:target has no sh:select"),
        (':low 1 ; :high 2 . :C a sh:ConstraintComponent ; sh:parameter [ sh:path :low ] ; sh:validator [ '
         'sh:ask "ASK { BIND (1 AS ?value) }" ]', "$value, which is pre-bound"),
        (":low 1 . :C a sh:ConstraintComponent ; sh:parameter [ sh:path :low ]", "no validator"),
        (":low 1 , 2 ; :high 1 . :C a sh:ConstraintComponent ; sh:parameter [ sh:path :low ] , [ sh:path :high ] ; "
         'sh:validator [ sh:ask "ASK {}" ]', "more than once"),
    ],
)  # fmt: skip
def test_a_declaration_that_is_not_understood_is_refused(
    shapes_of: Callable[[str], Shapes], shape: str, reason: str
) -> None:
    """Ill-formed constraints, targets and components."""
    with pytest.raises(ShapeRefused) as refused:
        shapes_of(f":S a sh:NodeShape ; sh:targetClass :K ; {shape} .")

    assert reason in str(refused.value.facts["reason"])
