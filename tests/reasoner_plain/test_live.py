"""A live graph: what it tells of changes, what it refuses, and that nothing changes then."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from rdflib import OWL, RDF, RDFS, BNode, Dataset, Graph, Literal, Namespace, URIRef, Variable

from kg.change import Severity
from kg.errors import BadTerm, PreconditionChanged, RuleRefused, ShapeRefused, Undecided
from reasoner import Live, infer, validate
from reasoner.rules import load
from reasoner.shacl import compile_shapes

EX = Namespace("http://example.org/")
Line = tuple[Graph, Graph, Graph]


def test_validate_finds_what_follows_too(line: Line, turtle: Callable[[str], Graph]) -> None:
    """Nobody says which machines are fast but the rule, and it needs the ontology to see the filler."""
    data, _, rules = line
    shapes = turtle(
        "ex:S a sh:NodeShape ; sh:targetClass ex:FastMachine ; sh:property [ sh:path ex:off ; sh:minCount 1 ] ."
    )

    told = validate(data, shapes, rules=rules, owl=True)

    assert [(f.focus, f.severity) for f in told.results] == [(EX.f1, Severity.VIOLATION)]
    assert not told.conforms
    assert validate(data, shapes, rules=rules).conforms
    assert validate(data, shapes, owl=True).conforms


def test_infer_gives_what_does_not_stand_there(line: Line) -> None:
    """Derived facts only; with the data's prefixes; the data stay as they are."""
    data, _, rules = line
    before = set(data)

    found = infer(data, rules)

    assert set(found) == {(EX.f1, RDF.type, EX.Machine), (EX.f1, EX.feeds, EX.f3), (EX.f1, RDF.type, EX.FastMachine)}
    assert set(infer(data, rules, owl=False)) == set()
    assert ("ex", URIRef(EX)) in set(found.namespaces())
    assert set(data) == before


def test_a_change_tells_what_it_did(line: Line) -> None:
    """Facts that came and went, results introduced, worsened and fixed."""
    data, shapes, rules = line
    live = Live(data, shapes=shapes, rules=rules, owl=True)

    second = live.apply(adds=[(EX.f2, EX.speed, Literal(4))])
    faster = live.apply(adds=[(EX.f2, EX.speed, Literal(9))], removes=[(EX.f2, EX.speed, Literal(4))])
    off = live.apply(adds=[(EX.f1, EX.off, Literal(True))])
    fed = live.apply(adds=[(EX.f3, EX.feeds, EX.f1)])

    assert [(f.focus, f.value) for f in second.introduced] == [(EX.f2, Literal(4))]
    assert second.came == ((EX.f2, RDF.type, EX.FastMachine),)
    assert [f.value for f in faster.worsened] == [Literal(9)]
    assert [f.value for f in faster.fixed] == [Literal(4)]
    assert off.went == ((EX.f1, RDF.type, EX.FastMachine),)
    assert (EX.f1, EX.feeds, EX.f1) in fed.came
    assert [f.focus for f in fed.fixed] == [EX.f3]


def test_a_fact_that_is_asserted_as_well_is_not_counted_as_derived(line: Line) -> None:
    """Asserting what follows takes it from the derived facts; retracting it puts it back; it holds throughout."""
    live = Live(line[0], owl=True)
    fact = (EX.f1, RDF.type, EX.Machine)

    asserted = live.apply(adds=[fact])
    retracted = live.apply(removes=[fact])

    assert (asserted.went, retracted.came) == ((fact,), (fact,))
    assert fact in live
    assert not live.asserts(fact)


def test_a_change_of_the_ontology_compiles_it_anew(line: Line) -> None:
    """Consequences follow the axioms, and go back with a change that is refused."""
    data, shapes, _ = line
    live = Live(data, shapes=shapes, owl=True)

    went = live.apply(removes=[(EX.Filler, RDFS.subClassOf, EX.Machine)])
    with pytest.raises(BadTerm, match="broken"):
        live.apply(adds=[(EX.Both, OWL.intersectionOf, BNode("nowhere")), (EX.Filler, RDFS.subClassOf, EX.Machine)])
    still_gone = (EX.f1, RDF.type, EX.Machine) not in live
    came = live.apply(adds=[(EX.Filler, RDFS.subClassOf, EX.Machine)])

    assert went.went == came.came == ((EX.f1, RDF.type, EX.Machine),)
    assert [f.focus for f in went.fixed] == [f.focus for f in came.introduced] == [EX.f1]
    assert still_gone
    assert (EX.f1, EX.feeds, EX.f3) in live


@pytest.mark.parametrize(
    "axiom",
    [
        (EX.feeds, RDF.type, OWL.SymmetricProperty),
        (EX.feeds, RDF.type, OWL.TransitiveProperty),
        (EX.feeds, RDFS.domain, EX.Feeder),
        (EX.feeds, OWL.inverseOf, EX.fedBy),
        (EX.Machine, OWL.equivalentClass, EX.Device),
        (EX.Machine, OWL.disjointWith, EX.Filler),
    ],
)
def test_every_axiom_is_followed_and_may_be_tried(axiom: Any, turtle: Callable[[str], Graph]) -> None:
    """Tried, added, tried to be removed, removed: each time the facts are those computed from scratch."""
    text = "ex:a ex:feeds ex:b . ex:b ex:feeds ex:c . ex:a a ex:Machine , ex:Filler ."
    without, having = turtle(text), turtle(text).add(axiom)
    live = Live(without, owl=True)

    assert live.try_(adds=[axiom]).came
    assert set(live.derived()) == set(infer(without)) == set()
    link = (EX.c, EX.feeds, EX.d)
    assert not live.apply(adds=[link]).came
    assert live.apply(adds=[axiom], removes=[link]).came
    assert set(live.derived()) == set(infer(having)) != set()
    assert live.try_(removes=[axiom]).went
    assert set(live.apply(adds=[link]).came) == set(infer(having.add(link))) - set(infer(having.remove(link)))
    assert live.apply(removes=[axiom]).went
    assert not list(live.derived())


def test_equal_names_share_facts_also_under_words_that_come_later(line: Line) -> None:
    """owl:sameAs in the data is heeded; a predicate or class that nobody has used before travels as well."""
    live = Live(line[0], owl=True)

    first = live.apply(adds=[(EX.f1, OWL.sameAs, EX.fillerOne)])
    later = live.apply(adds=[(EX.fillerOne, EX.colour, Literal("red"))])
    typed = live.apply(adds=[(EX.fillerOne, RDF.type, EX.Red)])
    rules = live.rules
    second = live.apply(adds=[(EX.f1, OWL.sameAs, EX.f0)])
    end = live.apply(removes=[(EX.f1, OWL.sameAs, EX.fillerOne)])

    assert (EX.fillerOne, EX.feeds, EX.f2) in first.came
    assert (EX.f1, EX.colour, Literal("red")) in later.came
    assert (EX.f1, RDF.type, EX.Red) in typed.came
    assert (EX.f0, RDF.type, EX.Red) in second.came
    assert {(EX.fillerOne, EX.feeds, EX.f2), (EX.f1, EX.colour, Literal("red"))} <= set(end.went)
    assert live.rules is rules, "a further owl:sameAs needs no other rules"


@pytest.mark.parametrize("same", [(EX.A, EX.B), (EX.B, EX.A), (EX.p, EX.q), (EX.a, EX.b)])
def test_a_further_same_as_of_classes_or_properties_is_heeded(same: Any, turtle: Callable[[str], Graph]) -> None:
    """Equality is in force already; what equal classes and properties share comes and goes with the axiom."""
    text = "ex:x owl:sameAs ex:y . ex:A a owl:Class . ex:B a owl:Class . ex:a a ex:A ; ex:p ex:b . ex:c ex:q ex:c ."
    axiom = (same[0], OWL.sameAs, same[1])
    live, without = Live(turtle(text), owl=True), set(infer(turtle(text)))

    came = live.apply(adds=[axiom]).came
    now = set(live.derived())
    live.apply(removes=[axiom])

    assert set(came) == set(infer(turtle(text).add(axiom))) - without != set()
    assert now == without | set(came)
    assert set(live.derived()) == without


@pytest.mark.parametrize("fact", [(EX.y, EX.p, EX.z), (EX.y, RDF.type, EX.A)])
def test_a_word_that_went_and_comes_back_is_shared_again(fact: Any, turtle: Callable[[str], Graph]) -> None:
    """Other axioms have been compiled in between, while nothing used it."""
    live = Live(turtle("ex:x owl:sameAs ex:y .").add(fact), owl=True)

    live.apply(removes=[fact])
    live.apply(adds=[(EX.C, RDFS.subClassOf, EX.D)])
    back = live.apply(adds=[fact])

    assert (EX.x, *fact[1:]) in back.came


def test_equal_classes_of_which_nothing_is_known_any_more_share_nothing(turtle: Callable[[str], Graph]) -> None:
    """What a live graph derives does not depend on what it held before."""
    text = "ex:A owl:sameAs ex:B . ex:p rdfs:domain ex:B . ex:a ex:p ex:b ."
    member = (EX.c, RDF.type, EX.A)
    live = Live(turtle(text).add(member), owl=True)

    went = live.apply(removes=[member]).went

    assert (EX.a, RDF.type, EX.A) in went
    assert set(live.derived()) == set(infer(turtle(text)))


def test_what_a_rule_says_of_classes_is_no_axiom(turtle: Callable[[str], Graph]) -> None:
    """Axioms are asserted: a rule that derives one would change the rules."""
    construct = "CONSTRUCT { ?c rdfs:subClassOf ex:Thing } WHERE { ?c ex:below ex:Thing }"
    rules = turtle(f'ex:R a sh:SPARQLRule ; sh:construct "{construct}" .')
    live = Live(turtle("ex:C ex:below ex:Thing . ex:a a ex:C ."), rules=rules, owl=True)

    assert (EX.C, RDFS.subClassOf, EX.Thing) in live
    assert (EX.a, RDF.type, EX.Thing) not in live
    assert len(live.axioms()) == 0


def test_why_is_a_proof_down_to_what_was_given(line: Line) -> None:
    """None for what does not hold, one leaf for what was given."""
    data, _, rules = line
    live = Live(data, rules=rules, owl=True)

    proof = live.why(EX.f1, RDF.type, EX.FastMachine)

    assert proof is not None
    assert proof.rule == str(EX.Fast)
    assert {leaf.fact for leaf in proof.leaves()} >= {(EX.f1, RDF.type, EX.Filler)}
    assert live.why(EX.f2, RDF.type, EX.FastMachine) is None
    assert live.why(EX.unknown, EX.unknown, EX.unknown) is None


@pytest.mark.parametrize(
    ("adds", "removes", "error", "says"),
    [
        ([], [(EX.f1, EX.speed, Literal(77))], PreconditionChanged, "it is not there"),
        ([], [(EX.f1, RDF.type, EX.Machine)], PreconditionChanged, "it follows from others"),
        ([(Literal(1), EX.speed, Literal(2))], [(EX.f2, EX.speed, Literal(2))], BadTerm, "not an RDF triple"),
        ([(EX.f1, BNode(), Literal(2))], [(EX.f2, EX.speed, Literal(2))], BadTerm, "not an RDF triple"),
        ([(EX.f1, EX.speed, Variable("x"))], [(EX.f2, EX.speed, Literal(2))], BadTerm, "not an RDF term"),
        ([(EX.f1, EX.speed)], [(EX.f2, EX.speed, Literal(2))], BadTerm, "not a triple"),
        ([(EX.f1, EX.speed, EX.a, EX.b)], [(EX.f2, EX.speed, Literal(2))], BadTerm, "not a triple"),
        ([5], [(EX.f2, EX.speed, Literal(2))], BadTerm, "not a triple"),
        ([(EX.f1, EX.speed, URIRef("a b"))], [(EX.f2, EX.speed, Literal(2))], BadTerm, "may not hold"),
    ],
)
def test_what_is_refused_changes_nothing(
    adds: Any, removes: Any, error: type[Exception], says: str, line: Line
) -> None:
    """A typed error that names the triple."""
    data, shapes, _ = line
    live = Live(data, shapes=shapes, owl=True)
    before = set(live.asserted()), set(live.derived()), live.report()

    for act in (live.apply, live.try_):
        with pytest.raises(error, match=says):
            act([(EX.f9, RDF.type, EX.Machine), *adds], removes)

    assert (set(live.asserted()), set(live.derived()), live.report()) == before


def test_a_budget_limits_each_change_and_not_the_beginning(turtle: Callable[[str], Graph]) -> None:
    """Rules over it raise and change nothing; shapes over it are named until they fit, and are no verdict."""
    links = " ".join(f"ex:n{i} ex:next ex:n{i + 1} ." for i in range(40))
    chain = turtle(f"ex:next a owl:TransitiveProperty . {links}")
    path = "[ sh:oneOrMorePath ex:to ]"
    shapes = turtle(f"ex:S a sh:NodeShape ; sh:targetNode ex:a ; sh:property [ sh:path {path} ; sh:maxCount 0 ] .")
    wide = [(EX.a, EX.to, EX[f"t{i}"]) for i in range(50)]

    slow, narrow = Live(chain, owl=True, budget=100), Live(Graph(), shapes=shapes, budget=20)
    size = len(slow)
    with pytest.raises(Undecided):
        slow.apply(adds=[(EX.n40, EX.next, EX.n41)])
    outcome = narrow.apply(adds=wide)

    assert len(slow) == size == 1 + 40 * 41 // 2
    assert outcome.undecided == (str(EX.S),)
    assert outcome.conforms is None
    assert narrow.report().undecided == (str(EX.S),)
    assert not narrow.try_(removes=wide).undecided
    assert narrow.report().undecided == (str(EX.S),)
    with pytest.raises(Undecided):
        _ = narrow.report().conforms
    assert not narrow.apply(removes=wide).undecided
    assert narrow.report().conforms


def test_refusals_name_the_culprit(line: Line, turtle: Callable[[str], Graph]) -> None:
    """A shape that can't be compiled, rules that can't be stratified."""
    recursive = turtle("ex:S a sh:NodeShape ; sh:targetClass ex:C ; sh:node ex:S .")
    construct = "CONSTRUCT { ?x a ex:A } WHERE { ?x ex:p ?y FILTER NOT EXISTS { ?x a ex:A } }"
    paradox = turtle(f'ex:R a sh:SPARQLRule ; sh:construct "{construct}" .')

    with pytest.raises(ShapeRefused, match=r"ex.*/S"):
        validate(line[0], recursive)
    with pytest.raises(RuleRefused, match="stratified"):
        infer(line[0], paradox)


def test_a_user_may_derive_what_a_plant_guards(turtle: Callable[[str], Graph]) -> None:
    """Here no request, approval or policy is at stake."""
    rules = turtle('ex:R a sh:SPARQLRule ; sh:construct "CONSTRUCT { ?x tw:stale true } WHERE { ?x a ex:C }" .')

    assert len(infer(turtle("ex:a a ex:C ."), rules)) == 1


def test_compiled_shapes_and_rules_serve_as_well_as_graphs(line: Line) -> None:
    """Compiled once, used for many graphs; any iterable of triples will do for data."""
    data, shapes, rules = line
    compiled, rule_set = compile_shapes(shapes), load(rules, guarded=frozenset())

    lives = [Live(iter(data), shapes=compiled, rules=rule_set, owl=True) for _ in range(2)]

    for live in lives:
        assert set(live.report().results) == set(validate(data, shapes, rules=rules, owl=True).results)
        assert (EX.f1, RDF.type, EX.FastMachine) in live
        assert len(live) == len(data) + 3
        assert len(live.axioms()) == 2


def test_without_shapes_and_rules_there_is_nothing_to_find(line: Line) -> None:
    """A live graph of triples alone takes changes all the same."""
    live = Live(line[0])

    outcome = live.apply(adds=[(EX.f1, RDF.type, EX.Filler), (EX.f9, RDF.type, EX.Filler)])

    assert (outcome.conforms, outcome.came, outcome.introduced) == (True, (), ())
    assert live.report().conforms
    assert not list(live.derived())
    assert not live.axioms()


@pytest.mark.parametrize("union", [False, True])
def test_of_a_dataset_the_triples_of_all_graphs_count(union: bool, line: Line) -> None:
    """As data, as a change, as shapes and as rules."""
    data, shapes, rules = line
    datasets = [Dataset(default_union=union) for _ in line]
    for dataset, graph in zip(datasets, line, strict=True):
        dataset.bind("ex", EX)
        for number, fact in enumerate(sorted(graph)):
            dataset.graph(EX[f"g{number % 2}"]).add(fact)
    live = Live(datasets[0], shapes=datasets[1], rules=datasets[2], owl=True)
    changed = Live(Graph(), owl=True)
    changed.apply(adds=datasets[0])

    assert set(live.asserted()) == set(changed.asserted()) == set(data)
    assert set(live.derived()) == set(infer(data, rules)) == set(infer(datasets[0], datasets[2]))
    assert len(live.report().results) == len(validate(data, shapes, rules=rules, owl=True).results) > 0


@pytest.mark.parametrize("given", ["line.ttl", Path("line.ttl")])
def test_the_name_of_a_file_is_no_graph(given: Any, line: Line) -> None:
    """A TypeError says what to give instead."""
    data, shapes, rules = line
    live = Live(data)

    for act in (
        lambda: validate(given, shapes),
        lambda: validate(data, given),
        lambda: infer(given, rules),
        lambda: infer(data, given),
        lambda: live.apply(adds=given),
        lambda: live.try_(removes=given),
    ):
        with pytest.raises(TypeError, match="give an rdflib Graph"):
            act()
    with pytest.raises(BadTerm, match="not a triple"):
        _ = (EX.f1, EX.feeds) in live  # type: ignore[operator]
