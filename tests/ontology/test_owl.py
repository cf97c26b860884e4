"""The ontology under OWL 2 RL, by owlrl."""

from __future__ import annotations

import owlrl
import pytest
from rdflib import OWL, RDF, RDFS, BNode, Graph, Literal, URIRef

from ontology import ISA95, PACK, TW

DAML_ERROR = URIRef("http://www.daml.org/2002/03/agents/agent-ont#ErrorMessage")
EX = "https://example.org/line#"
SCHEMA = (RDFS.subClassOf, RDFS.subPropertyOf, RDFS.domain, RDFS.range, OWL.inverseOf, OWL.disjointWith)


@pytest.fixture(scope="module")
def schema(vocabulary: Graph) -> Graph:
    """What of the ontology takes part in reasoning; labels and definitions only cost owlrl minutes."""
    graph = Graph()
    for predicate in SCHEMA:
        for triple in vocabulary.triples((None, predicate, None)):
            graph.add(triple)
    for triple in vocabulary.triples((None, RDF.type, OWL.TransitiveProperty)):
        graph.add(triple)
    return graph


def closed(schema: Graph, *facts: tuple[URIRef, URIRef, URIRef | Literal]) -> Graph:
    """The OWL 2 RL closure of the schema with some facts."""
    graph = Graph()
    graph += schema
    for fact in facts:
        graph.add(fact)
    owlrl.DeductiveClosure(owlrl.OWLRL_Semantics, axiomatic_triples=False, datatype_axioms=False).expand(graph)
    return graph


def test_only_owl_2_rl_is_used(vocabulary: Graph) -> None:
    """No blank node means no class expression; what is left are axioms that OWL 2 RL has rules for."""
    assert not [s for s in vocabulary.subjects() if isinstance(s, BNode)]
    used = {p for p in vocabulary.predicates() if str(p).startswith((str(OWL), str(RDFS)))}
    assert used <= {*SCHEMA, RDFS.label, RDFS.isDefinedBy, OWL.versionIRI, OWL.versionInfo}


def test_the_ontology_is_consistent_and_orders_the_plant(schema: Graph) -> None:
    """A line with a machine closes without contradiction; the hierarchy is transitive and classes are inherited."""
    site, line, filler, prop = (URIRef(EX + name) for name in ("Site", "Line", "Filler", "Filler.Set"))

    graph = closed(
        schema,
        (site, RDF.type, ISA95.Site),
        (line, RDF.type, ISA95.ProductionLine),
        (line, ISA95.isPartOf, site),
        (filler, RDF.type, PACK.Machine),
        (filler, ISA95.isPartOf, line),
        (prop, RDF.type, ISA95.EquipmentProperty),
        (prop, ISA95.isPropertyOf, filler),
    )

    assert not list(graph.subjects(RDF.type, DAML_ERROR))
    assert (filler, ISA95.isPartOf, site) in graph
    assert (site, ISA95.hasPart, filler) in graph
    assert (filler, RDF.type, ISA95.Equipment) in graph
    assert (filler, ISA95.hasProperty, prop) in graph


def test_a_contradiction_is_found(schema: Graph) -> None:
    """A thing that is a machine and a person is an error of the model."""
    thing = URIRef(EX + "thing")

    graph = closed(schema, (thing, RDF.type, PACK.Machine), (thing, RDF.type, TW.Person))

    assert list(graph.subjects(RDF.type, DAML_ERROR))


def test_live_values_infer_nothing(schema: Graph) -> None:
    """A reading costs the reasoner nothing: no domain, range or superproperty hangs on the predicates of values."""
    machine = URIRef(EX + "Filler")
    facts = [(machine, p, Literal(1)) for p in (PACK.curMachSpeed, PACK.stateCurrent, TW.powerKw, TW.siteRemote)]

    graph = closed(schema, *facts)

    # owlrl says of every resource that it equals itself
    assert {p for p in graph.predicates(machine) if p != OWL.sameAs} == {p for _, p, _ in facts}
    assert not list(graph.objects(machine, RDF.type))
