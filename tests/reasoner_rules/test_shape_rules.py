"""Rules that shapes carry: targets, node expressions and conditions, against pySHACL's verdict and rdflib's paths."""

from __future__ import annotations

import os
import random
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from rdflib import BNode, Graph, Literal, URIRef
from rdflib.namespace import RDF, RDFS, SH, Namespace
from rdflib.paths import Path

from kg.errors import RuleRefused, ShapeRefused
from reasoner.references.naive import closure
from reasoner.references.pyshacl_reference import validate
from reasoner.rules import load, read_rules
from reasoner.rules.text import from_text, to_text

#: Random programs; more in `make soak`.
SEEDS = int(os.environ.get("TWINWRIGHT_RULE_SEEDS", "14"))
E = Namespace("http://example.org/")
HEADER = """@prefix sh: <http://www.w3.org/ns/shacl#> . @prefix : <http://example.org/> .
@prefix rdfs: <http://www.w3.org/2000/01/rdf-schema#> . @prefix xsd: <http://www.w3.org/2001/XMLSchema#> .
@prefix owl: <http://www.w3.org/2002/07/owl#> . @prefix tw: <https://w3id.org/twinwright/core#> .
"""
RULE = "a sh:TripleRule ; sh:subject sh:this ; sh:predicate :d ; sh:object 1"
DATA = """
:a a :C ; :p :b, :c ; :q :b ; :v 3 ; :name "ab" . :b a :Below ; :p :c ; :v 3, 5.5e0 ; :flag true . :c :v "x" ; :p 4 .
:Below rdfs:subClassOf :Between . :Between rdfs:subClassOf :C . :t :p :c ; :v 300 ; :name "abc"@en, "d" .
"""


def parsed(text: str) -> Graph:
    return Graph().parse(data=HEADER + text, format="turtle")


def facts(document: Graph, data: Graph) -> set[Any]:
    """What the rules derive, without what helper rules keep."""
    return {fact for fact in closure(load(document), set(data)) if not _is_help(fact[1])}


def _is_help(predicate: Any) -> bool:
    return any(part in str(predicate).rpartition("/")[2] for part in (".unmet", ".subClassOf"))


@pytest.mark.parametrize(
    ("target", "foci"),
    [
        ("sh:targetClass :C", "ab"),
        ("sh:targetClass :Between", "b"),
        ("sh:targetClass :Nothing ; sh:targetNode :z", "z"),
        ("sh:targetNode :a, :t", "at"),
        ("sh:targetSubjectsOf :p", "abct"),
        ("sh:targetObjectsOf :q", "b"),
        ("sh:targetObjectsOf :p ; sh:targetClass :C", "abc"),
    ],
)
def test_a_rule_fires_for_the_targets_of_its_shape(target: str, foci: str) -> None:
    """All kinds of targets, several as a union; instances of subclasses are instances."""
    document = parsed(f":S {target} ; sh:rule [ {RULE} ] .")

    assert facts(document, parsed(DATA)) == {(E[name], E.d, Literal(1)) for name in foci}


def test_a_class_that_is_a_shape_is_its_own_target(twin: Callable[..., Any]) -> None:
    """Implicit class targets follow rdfs:subClassOf as it changes."""
    world = twin(load(parsed(f":C a owl:Class, sh:NodeShape ; sh:rule [ {RULE} ] .")))
    world.start([(E.a, RDF.type, E.Below), (E.Below, RDFS.subClassOf, E.Between)])
    assert not world.derived()

    world.change(adds=[(E.Between, RDFS.subClassOf, E.C)])
    assert (E.a, E.d, Literal(1)) in world.derived()
    world.assert_exact()
    world.assert_proved()

    world.change(removes=[(E.Below, RDFS.subClassOf, E.Between)])
    assert not any(fact[1] == E.d for fact in world.derived())


@pytest.mark.parametrize(
    ("expressions", "derived"),
    [
        ("sh:subject sh:this ; sh:object [ sh:path :p ]", {("a", "b"), ("a", "c")}),
        ("sh:subject [ sh:path :p ] ; sh:object sh:this", {("b", "a"), ("c", "a")}),
        ("sh:subject sh:this ; sh:object [ sh:path (:q :p) ]", {("a", "c")}),
        ("sh:subject sh:this ; sh:object [ sh:path (:p [ sh:inversePath :p ]) ]", {("a", "a"), ("a", "b"), ("a", "t")}),
        ("sh:subject sh:this ; sh:object [ sh:path [ sh:alternativePath (:q [ sh:inversePath :q ]) ] ]", {("a", "b")}),
        ("sh:subject sh:this ; sh:object [ sh:path :p ; sh:nodes [ sh:path :q ] ]", {("a", "c")}),
        ("sh:subject sh:this ; sh:object [ sh:path :p ; sh:nodes :t ]", {("a", "c")}),
        ("sh:subject :z ; sh:object [ sh:union ( sh:this :y [ sh:path :q ] ) ]", {("z", "a"), ("z", "y"), ("z", "b")}),
        ("sh:subject [ sh:path :v ] ; sh:object sh:this", set()),
    ],
)
def test_node_expressions_give_subjects_and_objects(expressions: str, derived: set[tuple[str, str]]) -> None:
    """Paths from the focus node and from other nodes, constants and unions; a literal is never a subject."""
    document = parsed(f":S sh:targetNode :a ; sh:rule [ a sh:TripleRule ; sh:predicate :d ; {expressions} ] .")

    assert facts(document, parsed(DATA)) == {(E[s], E.d, E[o]) for s, o in derived}


CONDITIONS = [
    ("sh:property [ sh:path :q ; sh:minCount 1 ]", "a"),
    ("sh:property [ sh:path :q ; sh:maxCount 0 ]", "bct"),
    ("sh:property [ sh:path :v ; sh:minCount 2 ]", "b"),
    ("sh:property [ sh:path :p ; sh:maxCount 1 ]", "bct"),
    ("sh:property [ sh:path :p ; sh:hasValue :b ]", "a"),
    ("sh:property [ sh:path :p ; sh:class :C ]", ""),
    ("sh:property [ sh:path :q ; sh:class :C ]", "abct"),
    ("sh:property [ sh:path :v ; sh:datatype xsd:integer ]", "at"),
    ("sh:property [ sh:path :v ; sh:datatype xsd:byte ]", ""),
    ("sh:property [ sh:path :name ; sh:datatype xsd:string ]", "abc"),
    ("sh:property [ sh:path :flag ; sh:datatype xsd:boolean ; sh:minCount 1 ]", "b"),
    ("sh:property [ sh:path :v ; sh:minInclusive 3 ]", "abt"),
    ("sh:property [ sh:path :v ; sh:maxExclusive 5 ; sh:minCount 1 ]", "a"),
    ("sh:property [ sh:path :v ; sh:in ( 3 5.5e0 ) ]", "ab"),
    ("sh:property [ sh:path :p ; sh:nodeKind sh:IRI ]", "abt"),
    ("sh:property [ sh:path :name ; sh:minLength 2 ]", "abc"),
    ("sh:property [ sh:path [ sh:inversePath :p ] ; sh:minCount 1 ; sh:class :C ]", "b"),
    ("sh:property [ sh:path :p ; sh:property [ sh:path :v ; sh:minCount 1 ] ]", "abt"),
    ("sh:property [ sh:path :p ; sh:node [ sh:property [ sh:path :p ; sh:maxCount 0 ] ] ]", "c"),
    ("sh:class :C", "ab"),
    ("sh:not [ sh:class :C ]", "ct"),
    ("sh:in ( :a :t )", "at"),
    ("sh:nodeKind sh:Literal", ""),
    ("sh:hasValue :a", "a"),
    ("sh:not [ sh:property [ sh:path :v ; sh:minInclusive 3 ] ]", "c"),
    ("sh:not [ sh:not [ sh:hasValue :a ] ]", "a"),
    ("sh:and ( [ sh:class :C ] [ sh:property [ sh:path :q ; sh:maxCount 0 ] ] )", "b"),
    ("sh:or ( [ sh:hasValue :c ] [ sh:property [ sh:path :q ; sh:minCount 1 ] ] )", "ac"),
    ("sh:deactivated true ; sh:hasValue :nobody", "abct"),
]


@pytest.mark.parametrize(("condition", "foci"), CONDITIONS, ids=[condition for condition, _ in CONDITIONS])
def test_a_rule_fires_where_its_condition_conforms(condition: str, foci: str) -> None:
    """Each construct, with nodes that pass and nodes that fail; pySHACL sees it the same way."""
    document = parsed(f":S sh:targetSubjectsOf :p ; sh:rule [ {RULE} ; sh:condition [ {condition} ] ] .")
    data = parsed(DATA)

    assert facts(document, data) == {(E[name], E.d, Literal(1)) for name in foci}
    (node,) = document.objects(None, SH.condition)
    assert conforming(document, node, data, {E[name] for name in "abct"}) == {E[name] for name in foci}


def test_all_conditions_must_hold_and_follow_what_is_derived(twin: Callable[..., Any]) -> None:
    """Conditions read derived facts too; a rule with a negative condition waits for its stratum."""
    world = twin(
        load(
            parsed(
                """:S sh:targetClass :M ; sh:rule :Free, :Busy .
                :Busy a sh:TripleRule ; sh:subject sh:this ; sh:predicate :busy ; sh:object true ;
                    sh:condition [ sh:property [ sh:path :runs ; sh:minCount 1 ] ] .
                :Free a sh:TripleRule ; sh:subject sh:this ; sh:predicate :free ; sh:object true ; sh:order 1 ;
                    sh:condition [ sh:property [ sh:path :busy ; sh:maxCount 0 ] ], [ sh:nodeKind sh:IRI ] ."""
            )
        )
    )
    world.start([(E.m, RDF.type, E.M)])
    assert world.derived() == {(E.m, E.free, Literal(True))}

    world.change(adds=[(E.m, E.runs, E.order)])

    assert world.derived() == {(E.m, E.busy, Literal(True))}
    world.assert_proved()


def test_a_query_of_a_shape_knows_this() -> None:
    """`$this` is bound everywhere: in nested groups, EXISTS, BIND and filters."""
    query = """CONSTRUCT { $this :d ?n } WHERE { BIND($this AS ?n)
        FILTER EXISTS { $this :p ?x } { ?y :q ?z FILTER(?z != $this) } UNION { ?y :q $this } }"""
    document = parsed(f':S sh:targetClass :C ; sh:rule :R . :R a sh:SPARQLRule ; sh:construct """{query}""" .')

    assert facts(document, parsed(DATA)) == {(E.a, E.d, E.a), (E.b, E.d, E.b)}


def test_switched_off_rules_and_shapes_are_left_out() -> None:
    """`sh:deactivated` on the rule or on every shape that carries it."""
    off = parsed(
        f":S sh:targetClass :C ; sh:rule [ {RULE} ; sh:deactivated true ] ."
        f":T sh:targetClass :C ; sh:deactivated true ; sh:rule [ {RULE} ] ."
    )

    assert read_rules(off) == ()


def test_rules_without_an_iri_are_named_after_their_shape() -> None:
    """The name follows from what the rule says, not from the label of a blank node."""
    first, second = (
        parsed(f":S sh:targetNode :a ; sh:rule {node}") for node in (f"[ {RULE} ] .", f"_:x . _:x {RULE} .")
    )

    (rule,), (same,) = read_rules(first), read_rules(second)
    assert rule == same
    assert rule.name.startswith(f"{E.S}.rule-")


@pytest.mark.parametrize(
    ("text", "named"),
    [
        (f":R {RULE} .", "sh:TripleRule needs a shape"),
        (f"[ sh:targetNode :a ] sh:rule [ {RULE} ] .", "both without an IRI"),
        (f":S sh:targetNode :a ; sh:rule :R . :R {RULE}, 2 .", "exactly one sh:object; it has 2"),
        (f":S sh:rule :R . :R {RULE} .", "has no target"),
        (f":S sh:targetNode 5 ; sh:rule :R . :R {RULE} .", "sh:targetNode .* is no IRI"),
        (f":S sh:target [] ; sh:targetNode :a ; sh:rule :R . :R {RULE} .", "sh:target is not understood"),
        (":S sh:targetNode :a ; sh:rule :R . :R a sh:JSRule .", "one of sh:SPARQLRule and sh:TripleRule"),
        (
            ":S sh:targetNode :a ; sh:rule :R . :R a sh:TripleRule ; sh:subject sh:this ; sh:object 1 ; "
            "sh:predicate [ sh:path :p ] .",
            "what a rule derives must be known",
        ),
        *(
            (
                ":S sh:targetNode :a ; sh:rule :R . :R a sh:TripleRule ; sh:subject sh:this ; sh:predicate :d ; "
                f"sh:object [ {expression} ] .",
                named,
            )
            for expression, named in (
                ("sh:filterShape [] ; sh:nodes [ sh:path :p ]", "sh:filterShape, sh:nodes is not understood"),
                ("sh:count [ sh:path :p ]", "sh:count is not understood"),
                ("sh:path [ sh:zeroOrMorePath :p ]", r"path with \* is not understood"),
                (":concat ( 1 2 )", "concat is not understood"),
            )
        ),
        *(
            (f":S sh:targetNode :a ; sh:rule :R . :R {RULE} ; sh:condition [ {condition} ] .", named)
            for condition, named in (
                ('sh:property [ sh:path :p ; sh:pattern "a" ]', "sh:pattern is not understood in a sh:condition"),
                ("sh:closed true", "sh:closed is not"),
                ("sh:xone ( [ sh:class :C ] )", "sh:xone is not"),
                ("sh:property [ sh:path :p ; sh:equals :q ]", "sh:equals is not"),
                ("sh:property [ sh:path :p ; sh:minCount 4 ]", "sh:minCount 4 is not"),
                ("sh:property [ sh:path :p ; sh:datatype xsd:time ]", "sh:datatype .*time> is not"),
                ('tw:evidence "asserted" ; sh:class :C', "tw:evidence is not"),
                ('sh:sparql [ sh:select "SELECT $this WHERE { $this ?p ?o }" ]', "sh:sparql is not understood"),
                ("sh:in ()", "never hold together"),
            )
        ),
    ],
)
def test_what_is_not_understood_is_named(text: str, named: str) -> None:
    """Rule and construct are in the message; nothing is left out in silence."""
    with pytest.raises(RuleRefused, match=named):
        load(parsed(text))


def test_a_condition_that_is_no_shape_is_refused() -> None:
    """Ill-formed shapes are the shape reader's to refuse."""
    with pytest.raises(ShapeRefused, match="sh:minCount"):
        load(parsed(f":S sh:targetNode :a ; sh:rule :R . :R {RULE} ; sh:condition [ sh:minCount 1 ] ."))


def test_an_order_that_hides_what_comes_later_is_refused() -> None:
    """The twin derives to the fixpoint; a rule that is to run before what it reads asks for something else."""
    text = f""":S sh:targetNode :a ; sh:rule :Late, :Early . :Late {RULE} ; sh:order 2 .
        :Early a sh:TripleRule ; sh:subject sh:this ; sh:predicate :e ; sh:object [ sh:path :d ] ; sh:order 1 ."""

    with pytest.raises(RuleRefused, match="see all that follows") as caught:
        load(parsed(text))

    assert caught.value.facts["rule"] == str(E.Early)
    load(parsed(text.replace("sh:order 2", "sh:order 1")))


# random programs

PATHS: list[tuple[str, Any]] = [
    (":p", E.p),
    (":q", E.q),
    ("(:p :q)", E.p / E.q),
    ("[ sh:inversePath :p ]", ~E.p),
    ("[ sh:alternativePath (:p :q) ]", E.p | E.q),
    ("(:p [ sh:inversePath :q ])", E.p / ~E.q),
]
TARGETS = ("sh:targetClass :C0", "sh:targetClass :C1", "sh:targetSubjectsOf :p", "sh:targetNode :n0, :n1")
LAYERS = 3


def _condition(pick: random.Random, layer: int, depth: int = 2) -> str:
    """A shape over what lower layers derive."""
    paths = [text for text, _ in PATHS] + [f":d{index}" for index in range(layer)]
    if depth and pick.random() < 0.3:
        inner = _condition(pick, layer, depth - 1)
        return pick.choice((f"sh:not [ {inner} ]", f"sh:node [ {inner} ]", f"sh:or ( [ {inner} ] [ sh:class :C1 ] )"))
    if pick.random() < 0.15:
        return pick.choice(("sh:class :C0", "sh:nodeKind sh:IRI", "sh:in ( :n0 :n1 :n2 )"))
    choices = ["sh:minCount 1", "sh:maxCount 0", "sh:maxCount 1", "sh:hasValue :n1", "sh:class :C0"]
    choices += ["sh:nodeKind sh:IRI", f"sh:minInclusive {pick.randint(1, 8)}", f"sh:maxExclusive {pick.randint(2, 9)}"]
    choices += ["sh:datatype xsd:integer", "sh:in ( :n0 :n1 3 4 )", "sh:minLength 2"]
    constraints = pick.sample(choices, pick.randint(1, 2))
    if sum("maxCount" in constraint for constraint in constraints) > 1:
        constraints = constraints[:1]
    if depth and pick.random() < 0.3:
        constraints.append(f"sh:node [ {_condition(pick, layer, depth - 1)} ]")
    return f"sh:property [ sh:path {pick.choice([*paths, ':v', ':v'])} ; {' ; '.join(constraints)} ]"


def _program(pick: random.Random) -> tuple[Graph, list[Any]]:
    """A document with a rule in each layer, and for each layer the path of its object."""
    text, objects = "", []
    for layer in range(LAYERS):
        path, walk = pick.choice([*PATHS, *((f"(:d{i} :p)", E[f"d{i}"] / E.p) for i in range(layer + 1))])
        objects.append(walk)
        conditions = [f"sh:condition [ {_condition(pick, layer)} ]" for _ in range(pick.randint(0, 2))]
        text += (
            f":S{layer} {pick.choice(TARGETS)} ; sh:rule :R{layer} . :R{layer} a sh:TripleRule ; sh:subject sh:this ; "
        )
        text += f"sh:predicate :d{layer} ; sh:object [ sh:path {path} ] ; sh:order {layer} "
        text += "".join(f"; {condition} " for condition in conditions) + ".\n"
    return parsed(text), objects


def _data(pick: random.Random) -> Iterator[Any]:
    yield E.C1, RDFS.subClassOf, E.C0
    nodes = [E[f"n{index}"] for index in range(5)]
    for _ in range(14):
        if pick.random() < 0.25:
            yield pick.choice(nodes), RDF.type, pick.choice((E.C0, E.C1))
        elif pick.random() < 0.35:
            yield pick.choice(nodes), E.v, Literal(pick.choice((1, 3, 4, 7, 10, "3", "long")))
        else:
            yield pick.choice(nodes), pick.choice((E.p, E.q)), pick.choice([*nodes, Literal(4)])


def conforming(document: Graph, condition: Any, data: Graph, foci: set[Any]) -> set[Any]:
    """Those of the nodes that pySHACL finds to conform."""
    if not foci:
        return set()
    shapes = Graph() + document
    shapes.remove((None, SH.rule, None))
    for shape in set(shapes.subjects(SH.targetClass)) | set(shapes.subjects(SH.targetSubjectsOf)):
        shapes.remove((shape, None, None))
    shapes.remove((None, SH.targetNode, None))
    shapes.add((E.Asked, RDF.type, SH.NodeShape))
    shapes.add((E.Asked, SH.node, condition))
    for focus in foci:
        shapes.add((E.Asked, SH.targetNode, focus))
    return foci - {result.focus for result in validate(data, shapes) if result.shape == E.Asked}


def _foci(document: Graph, shape: Any, data: Graph) -> set[Any]:
    found = set(document.objects(shape, SH.targetNode))
    for cls in document.objects(shape, SH.targetClass):
        found |= {s for c in data.transitive_subjects(RDFS.subClassOf, cls) for s in data.subjects(RDF.type, c)}
    for predicate in document.objects(shape, SH.targetSubjectsOf):
        found |= set(data.subjects(predicate))
    return found


def plainly(document: Graph, objects: list[Path | URIRef], data: Graph) -> set[Any]:
    """What follows, layer by layer, each again and again until nothing new comes."""
    world, before = Graph() + data, -1
    for layer, path in enumerate(objects):
        before = -1
        while before != len(world):
            before = len(world)
            foci = _foci(document, E[f"S{layer}"], world)
            for condition in document.objects(E[f"R{layer}"], SH.condition):
                foci = conforming(document, condition, world, foci)
            for focus in foci:
                for value in list(world.objects(focus, path)):
                    world.add((focus, E[f"d{layer}"], value))
    return {fact for fact in world if str(fact[1]).startswith(f"{E}d")}


@pytest.mark.parametrize("seed", range(SEEDS))
def test_random_rules_give_what_plain_evaluation_gives(seed: int, twin: Callable[..., Any]) -> None:
    """Three layers of conditions, paths and recursion: as by pySHACL's conforming nodes, and exact through changes."""
    pick = random.Random(seed)
    document, objects = _program(pick)
    data = Graph()
    for fact in _data(pick):
        data.add(fact)
    world = twin(load(document))
    world.start(set(data))

    got = {fact for fact in world.derived() if not _is_help(fact[1])}

    assert got == plainly(document, objects, data)
    for _ in range(4):
        world.change(adds=list(_data(pick))[1:4], removes=pick.sample(sorted(data, key=str), 3))
        world.assert_exact()
    world.assert_proved(sorted(world.derived(), key=str)[:5])


@pytest.mark.parametrize("seed", [0, 3, 4])
def test_random_rules_of_shapes_come_back_from_text(seed: int) -> None:
    """Written out with targets, conditions and helper rules, they are the same rules again."""
    document, _ = _program(random.Random(seed))

    text = to_text(document)

    assert set(read_rules(from_text(text))) == set(read_rules(document))
    assert to_text(from_text(text)) == text


def test_shape_rules_keep_their_words_in_text() -> None:
    """Labels and annotations follow the rule; constraints of the shape would be lost and are refused."""
    text = f""":S sh:targetNode :a ; sh:rule :R . :R {RULE} ; rdfs:label "One" ; tw:priority 3 ; sh:order 2 ."""

    assert to_text(parsed(text)).endswith(
        'rule :R "One":\n  order 2\n  if let ?this = :a\n  then ?this :d 1\n  with priority = 3\n'
    )
    assert not any(isinstance(node, BNode) for node in from_text(to_text(parsed(text))).all_nodes())
    with pytest.raises(RuleRefused, match="keep shapes in a file of their own"):
        to_text(parsed(text + " :S sh:nodeKind sh:IRI ."))
