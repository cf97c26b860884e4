"""First closures under OWL 2 RL: a bench plant with an ontology, and LUBM(1), beside `reasonable` (Rust)."""

from __future__ import annotations

import gzip
import os
import time
from collections.abc import Iterable, Iterator
from pathlib import Path

import pyoxigraph
from rdflib import Graph, Literal, URIRef
from rdflib.term import BNode

from bench.harness import Met, Options, Row, frozen_collector, span
from bench.loaded import as_rdflib, triples_of
from bench.names import CLASSES, B
from bench.peers import Triple, reasonable_closure, version_of
from bench.plant import generate
from kg.graph import Transaction, WorkingGraph
from kg.names import GraphName
from kg.terms import Term, Terms
from ontology import ISA95
from reasoner.owl import compile_owl
from reasoner.references.owlrl_reference import instance_facts
from reasoner.rules import RuleEngine, stratified

REQUIRED = "complete, not slower than `reasonable`"
AIM = ">= 3x faster"
DATA = Path(os.environ.get("TWINWRIGHT_DATA", Path(__file__).resolve().parents[2] / "shared" / "data")) / "speed"


def rows(options: Options) -> Iterator[Row]:
    """Plants of 50,000 and 500,000 triples, and LUBM(1) where the material is there."""
    for size in (10_000,) if options.quick else (50_000, 500_000):
        plant = generate(size)
        yield _beside(f"first closure (OWL 2 RL), plant of {size:,} triples", plant.graph, ontology())
    if not (DATA / "lubm1.nt.gz").exists():
        yield Row("first closure, LUBM(1)", REQUIRED, AIM, "-", Met.NOT_MEASURED, "set TWINWRIGHT_DATA")
        return
    yield _beside("first closure (OWL 2 RL), LUBM(1)", _lubm(), Graph().parse(DATA / "univ-bench.owl", format="xml"))


def ontology() -> Graph:
    """A small ontology for bench/plant: a class tree, a transitive, an inverse, a symmetric property, domain, range."""
    axioms = "".join(f"b:{name} rdfs:subClassOf b:Machine . " for name in CLASSES)
    return Graph().parse(
        data=f"@prefix b: <{B}> . @prefix isa95: <{ISA95._NS}> . @prefix owl: <http://www.w3.org/2002/07/owl#> . "
        f"@prefix rdfs: <http://www.w3.org/2000/01/rdf-schema#> . {axioms}"
        "b:Machine rdfs:subClassOf b:Equipment . isa95:WorkCell rdfs:subClassOf b:Equipment ."
        "isa95:ProductionLine rdfs:subClassOf b:Equipment ."
        "b:within a owl:TransitiveProperty ; owl:inverseOf b:contains ; rdfs:range b:Place ."
        "b:feeds rdfs:subPropertyOf b:connected . b:connected a owl:SymmetricProperty ."
        "b:of rdfs:domain b:Property ; owl:inverseOf b:has . b:onLine rdfs:range isa95:ProductionLine .",
        format="turtle",
    )


def _beside(what: str, graph: WorkingGraph, axioms: Graph) -> Row:
    """Our closure of the graph and the peer's closure of the same triples and axioms."""
    data = as_rdflib(graph)
    with frozen_collector():
        start = time.perf_counter()
        engine = RuleEngine(graph, stratified(compile_owl(axioms)))
        compiled_s = time.perf_counter() - start
        engine.start(Transaction(graph))
        seconds = time.perf_counter() - start
    measured = f"{span(seconds)} for {len(graph) - len(data):,} derived facts"
    note = f"compiling the ontology ({span(compiled_s)}) included; owlrl needs minutes and is left out"
    peer = reasonable_closure([*data, *axioms])
    if peer is None:
        return Row(what, REQUIRED, AIM, measured, Met.NOT_MEASURED, f"peer `reasonable` is not installed; {note}")
    peer_s, found = peer
    ours, theirs = _instances(triples_of(graph), axioms), _instances(found, axioms)
    ratio, lacking = peer_s / seconds, len(theirs - ours)
    measured = (
        f"{ratio:.2f}x as fast: {measured}; `reasonable` {version_of('reasonable')} {span(peer_s)}; facts about"
        f" individuals that only it finds: {lacking:,}, that only we find: {len(ours - theirs):,}"
    )
    return Row(what, REQUIRED, AIM, measured, Met.NO if lacking else Met.of_rate(ratio, 1, 3), note)


def _instances(triples: Iterable[Triple], axioms: Graph) -> set[Triple]:
    """Facts that link individuals with individuals or classes; literals are written differently by the peer."""
    return {triple for triple in instance_facts(triples, axioms) if isinstance(triple[2], URIRef)}


def _lubm() -> WorkingGraph:
    graph = WorkingGraph(Terms())
    load, node = Transaction(graph), graph.terms.node
    with gzip.open(DATA / "lubm1.nt.gz") as file:
        for quad in pyoxigraph.parse(file.read(), format=pyoxigraph.RdfFormat.N_TRIPLES):
            s, p, o = (_term(found) for found in (quad.subject, quad.predicate, quad.object))
            load.add(node(s), node(p), node(o), GraphName.PLANT)
    return graph


def _term(found: object) -> Term:
    match found:
        case pyoxigraph.NamedNode():
            return URIRef(found.value)
        case pyoxigraph.Literal():
            return Literal(found.value, lang=found.language) if found.language else Literal(found.value)
        case pyoxigraph.BlankNode():
            return BNode(found.value)
        case _:
            raise TypeError(f"LUBM holds no {type(found).__name__}")
