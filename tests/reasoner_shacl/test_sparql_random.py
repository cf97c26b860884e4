"""Random transactions under SPARQL constraints, components and targets: incremental equals full equals pySHACL."""

from __future__ import annotations

import os
import random
from collections.abc import Iterable
from functools import cache

import pytest
from rdflib import BNode, Graph, Literal, Namespace
from rdflib.namespace import RDF, RDFS, SH
from rdflib.term import Node as RdfNode

from kg.change import Finding
from kg.graph import Transaction, WorkingGraph
from kg.names import ASSERTED, VISIBLE, GraphName, mask
from ontology.vocabulary import TW
from reasoner.references import pyshacl_reference
from reasoner.shacl import Shapes, Validator, compile_shapes, full_report

#: Random graphs, 8 transactions each; more in `make soak`.
SEEDS = int(os.environ.get("TWINWRIGHT_SPARQL_SEEDS", "6"))
#: Shapes graphs with other targets.
VARIANTS = 4
EX = Namespace("http://example.org/")
NODES = [EX[f"n{i}"] for i in range(7)] + [BNode("b0"), BNode("b1")]
CLASSES = [EX[f"C{i}"] for i in range(3)]
PREDICATES = [EX.p0, EX.p1, EX.p2]
GRAPHS = [GraphName.PLANT, GraphName.STATE, GraphName.INFERRED]

_PREFIXES = """
@prefix rdf: <http://www.w3.org/1999/02/22-rdf-syntax-ns#> .
@prefix rdfs: <http://www.w3.org/2000/01/rdf-schema#> .
@prefix sh: <http://www.w3.org/ns/shacl#> .
@prefix xsd: <http://www.w3.org/2001/XMLSchema#> .
@prefix : <http://example.org/> .
:names sh:declare [ sh:prefix "ex" ; sh:namespace "http://example.org/"^^xsd:anyURI ] ,
  [ sh:prefix "rdf" ; sh:namespace "http://www.w3.org/1999/02/22-rdf-syntax-ns#" ] ,
  [ sh:prefix "rdfs" ; sh:namespace "http://www.w3.org/2000/01/rdf-schema#" ] .
"""

#: What is wrong with a focus node, by the way in which it reads the graph.
SELECTS = {
    "join": "$this ex:p0 ?value . ?value ex:p1 ?x . FILTER (?x != $this)",
    "negation": "$this ex:p0 ?value . FILTER NOT EXISTS { ?value ex:p1 $this }",
    "outer": "$this ex:q ?value . FILTER NOT EXISTS { $this ex:p0 ?x . ?x ex:q ?n . FILTER (?n > ?value) }",
    "double-negation": "$this a ex:C1 . FILTER NOT EXISTS { $this ex:p0 ?x . FILTER NOT EXISTS { ?x ex:p1 $this } }",
    "optional": "$this ex:p0 ?value . OPTIONAL { ?value ex:q ?n } FILTER (!bound(?n))",
    "optional-chain": "OPTIONAL { $this ex:p0 ?x . OPTIONAL { ?x ex:p1 ?y } } ?y ex:p2 ?value",
    "union": "{ $this ex:p0 ?value } UNION { ?value ex:p1 $this } ?value ex:q ?n . FILTER (?n > 2)",
    "sum": "{ SELECT $this (SUM(?n) AS ?s) WHERE { $this ex:p0/ex:q ?n } GROUP BY $this } FILTER (?s > 4)",
    "count": "{ SELECT $this (COUNT(?x) AS ?n) WHERE { $this a ex:C1 . ?x a ex:C0 } GROUP BY $this } FILTER (?n > 2)",
    "star": "$this ex:p1* ?value . ?value a ex:C1",
    "plus": "?value (ex:p0|^ex:p1)+ $this . FILTER (isBlank(?value))",
    "exists": "$this ex:p0 ?value . BIND (EXISTS { ?value ex:p0 ?y } AS ?e) FILTER (!?e)",
    "limit": "ex:n0 ex:q ?most . $this ex:q ?value . FILTER (?value > ?most)",
    "same": "$this ?p ?value . ?value ?p $this",
    "any": "$this ?path ?value . FILTER (isLiteral(?value))",
    "unlisted": "$this !(ex:p0|rdf:type) ?value . ?value a ex:C2",
}
TARGETS = {
    "joined": "?this ex:p0 ?x . ?x ex:p1 ?y",
    "lacking": "?this ex:p0 ?x . FILTER NOT EXISTS { ?this a ex:C1 }",
    "grouped": "{ SELECT ?this (COUNT(?x) AS ?n) WHERE { ?this ex:p0 ?x } GROUP BY ?this } FILTER (?n > 1)",
    "highest": "{ SELECT (MAX(?n) AS ?m) WHERE { ?s ex:q ?n } } ?this ex:q ?m",
    "perhaps": "OPTIONAL { ?this ex:p2 ?x } FILTER (bound(?this))",
}
COMPONENTS = """
:Between a sh:ConstraintComponent ;
  sh:parameter [ sh:path :least ] , [ sh:path :most ; sh:optional true ] ;
  sh:nodeValidator [ sh:prefixes :names ; sh:select \"\"\"SELECT $this WHERE {
    $this ex:q ?n . FILTER (?n < $least || ?n > COALESCE($most, 100)) }\"\"\" ] ;
  sh:propertyValidator [ sh:prefixes :names ; sh:select \"\"\"SELECT DISTINCT $this ?value WHERE {
    $this $PATH ?value . ?value ex:q ?n . FILTER (?n < $least || ?n > COALESCE($most, 100)) }\"\"\" ] .
:Knows a sh:ConstraintComponent ; sh:parameter [ sh:path :acquaintance ] ;
  sh:validator [ sh:prefixes :names ; sh:ask "ASK { $value ex:p1/ex:p0? $acquaintance }" ] .
:Instances a sh:SPARQLTargetType ; rdfs:subClassOf sh:Target ; sh:parameter [ sh:path :kind ] ;
  sh:prefixes :names ; sh:select "SELECT ?this WHERE { ?this a/rdfs:subClassOf* $kind }" .
:B a sh:NodeShape ; sh:targetClass :C0 ; :least 1 ; :most 4 .
:BP a sh:PropertyShape ; sh:targetSubjectsOf :p0 ; sh:path ( :p0 :p1 ) ; :least 2 .
:K a sh:NodeShape ; sh:targetObjectsOf :p2 ; :acquaintance :n1 .
:Kept a sh:NodeShape ; sh:target [ a :Instances ; :kind :C0 ] ; sh:property [ sh:path :p1 ; sh:maxCount 0 ] .
:Path a sh:PropertyShape ; sh:targetClass :C1 ; sh:path ( :p0 [ sh:inversePath :p1 ] ) ; sh:severity sh:Warning ;
  sh:sparql [ sh:select "SELECT DISTINCT $this ?value WHERE { $this $PATH ?value . FILTER (?value = $this) }" ] .
:Deep a sh:NodeShape ; sh:targetClass :C1 ; sh:property [ sh:path :p0 ; sh:property [ sh:path :p1 ;
  sh:sparql [ sh:prefixes :names ; sh:select \"\"\"SELECT DISTINCT $this ?value WHERE {
    $this $PATH ?value . FILTER NOT EXISTS { ?value ex:p2 $this } }\"\"\" ] ] ] .
:Not a sh:NodeShape ; sh:targetClass :C2 ; sh:property [ sh:path :p0 ; sh:not :HasNext ] .
:HasNext a sh:NodeShape ; sh:sparql [ sh:prefixes :names ;
  sh:select "SELECT $this WHERE { FILTER NOT EXISTS { $this ex:p1 ?next } }" ] .
"""


def _query(where: str, this: str = "$this") -> str:
    rest = " ".join(f"?{name}" for name in ("value", "path") if f"?{name} " in where and this == "$this")
    return f'"""SELECT DISTINCT {this} {rest} WHERE {{ {where} }}"""'


@cache
def shapes_graph(variant: int) -> Graph:
    """All shapes, with targets chosen at random; those of every other variant see asserted triples only."""
    rng = random.Random(variant)
    text = _PREFIXES + COMPONENTS
    targets = ["sh:targetClass :C0", "sh:targetClass :C1", "sh:targetSubjectsOf :p0", "sh:targetNode :n1 , :n3"]
    for name, where in SELECTS.items():
        text += f":S-{name} a sh:NodeShape ; {rng.choice(targets)} ; "
        text += f"sh:sparql [ sh:prefixes :names ; sh:select {_query(where)} ] .\n"
    for name, where in TARGETS.items():
        text += f":T-{name} a sh:NodeShape ; sh:property [ sh:path :p1 ; sh:maxCount 0 ] ; "
        text += f"sh:target [ a sh:SPARQLTarget ; sh:prefixes :names ; sh:select {_query(where, '?this')} ] .\n"
    graph = Graph().parse(data=text, format="turtle")
    for shape in [*graph.subjects(RDF.type, SH.NodeShape), *graph.subjects(RDF.type, SH.PropertyShape)]:
        if variant % 2:
            graph.add((shape, TW.evidence, Literal("asserted")))
    return graph


@cache
def compiled(variant: int) -> Shapes:
    return compile_shapes(shapes_graph(variant))


class World:
    """A working graph under the shapes, changed at random."""

    def __init__(self, seed: int) -> None:
        self.rng = random.Random(seed)
        self.variant = seed % VARIANTS
        self.shapes = compiled(self.variant)
        self.graph = WorkingGraph()
        first = Transaction(self.graph)
        for _ in range(35):
            self.add_one(first)
        self.validator = Validator(self.graph, self.shapes)
        self.validator.start(first)

    def add_one(self, transaction: Transaction) -> None:
        rng, node = self.rng, self.graph.terms.node
        kind = rng.random()
        if kind < 0.2:
            s, p, o = rng.choice(NODES), RDF.type, rng.choice(CLASSES)
        elif kind < 0.24:
            s, p, o = rng.choice(CLASSES), RDFS.subClassOf, rng.choice(CLASSES)
        elif kind < 0.45:
            s, p, o = rng.choice(NODES), EX.q, Literal(rng.randint(0, 5))
        else:
            s, p, o = rng.choice(NODES), rng.choice(PREDICATES), rng.choice(NODES)
        transaction.add(node(s), node(p), node(o), rng.choice(GRAPHS))

    def mutate(self, transaction: Transaction) -> None:
        for _ in range(self.rng.randint(1, 3)):
            held = list(self.graph.triples())
            if self.rng.random() < 0.5 or not held:
                self.add_one(transaction)
            else:
                triple = self.rng.choice(held)
                for name in GRAPHS if self.rng.random() < 0.7 else self.rng.sample(GRAPHS, 1):
                    transaction.remove(*triple, name)

    def reference(self) -> set[tuple[RdfNode | str | None, ...]]:
        """pySHACL's results on what the shapes may see."""
        visible = mask(ASSERTED if self.variant % 2 else VISIBLE)
        data = Graph()
        for triple in self.graph.triples():
            if self.graph.marks(*triple) & visible:
                data.add(tuple(self.graph.term(node) for node in triple))
        return {r[:5] for r in pyshacl_reference.validate(data, shapes_graph(self.variant))}


def rows(findings: Iterable[Finding]) -> set[tuple[RdfNode | str | None, ...]]:
    return {(f.focus, f.path, f.value, f.component, f.shape) for f in findings}


@pytest.mark.parametrize("seed", range(SEEDS))
def test_incremental_results_equal_full_ones_and_those_of_pyshacl(seed: int) -> None:
    """After each transaction, rolled back or not, in one check or two; against pySHACL at the end."""
    world = World(seed)
    results = {f: f.message for f in world.validator.results()}
    for _ in range(8):
        transaction = Transaction(world.graph)
        world.mutate(transaction)
        if world.rng.random() < 0.4:
            savepoint = transaction.savepoint()
            world.mutate(transaction)
            world.validator.check(transaction)
            if world.rng.random() < 0.6:
                transaction.rollback(savepoint)
            world.mutate(transaction)
        findings = world.validator.check(transaction)
        after = {f: f.message for f in world.validator.results()}
        assert after.keys() == set(full_report(world.graph, world.shapes))
        assert set(findings.introduced) == after.keys() - results.keys()
        assert set(findings.fixed) == results.keys() - after.keys()
        if world.rng.random() < 0.25:
            transaction.rollback()
            assert {f: f.message for f in world.validator.results()} == results
        else:
            results = after
    assert rows(results) == world.reference()
