"""The closed namespaces and the Turtle hold the same terms, and each term explains itself."""

from __future__ import annotations

import pytest
from rdflib import OWL, RDF, RDFS, SKOS, Graph, Literal, URIRef

import ontology
from ontology import ISA95, KPI, PACK, TW, UA

NAMESPACES = {"core": TW, "isa95": ISA95, "opcua": UA, "packml": PACK, "kpi": KPI}
KINDS = {OWL.Class, OWL.ObjectProperty, OWL.DatatypeProperty, OWL.AnnotationProperty, OWL.NamedIndividual}


def terms_of(namespace: type) -> set[str]:
    """The names that a closed namespace knows."""
    return {name for name in namespace.__annotations__ if not name.startswith("_")}


@pytest.mark.parametrize("name", ontology.modules())
def test_turtle_and_namespace_hold_the_same_terms(name: str) -> None:
    """Nothing is declared in one place and missing in the other."""
    namespace = NAMESPACES[name]
    base = str(namespace._NS)

    declared = {
        str(s).removeprefix(base)
        for s, kind in ontology.load(name).subject_objects(RDF.type)
        if kind in KINDS and str(s).startswith(base)
    }

    assert declared == terms_of(namespace)


@pytest.mark.parametrize("name", ontology.modules())
def test_every_term_has_label_definition_and_home(name: str) -> None:
    """A term without a definition is a word, not a term."""
    graph = ontology.load(name)
    base = str(NAMESPACES[name]._NS)
    terms = {s for s in graph.subjects() if isinstance(s, URIRef) and str(s).startswith(base)}

    for term in terms:
        for predicate in (RDFS.label, SKOS.definition):
            texts = list(graph.objects(term, predicate))
            assert len(texts) == 1, (term, predicate)
            assert isinstance(texts[0], Literal)
            assert texts[0].language == "en"
        assert graph.value(term, RDFS.isDefinedBy) == URIRef(base[:-1])
        assert len(KINDS.intersection(graph.objects(term, RDF.type))) == 1, term


@pytest.mark.parametrize("name", [*ontology.modules(), "rules", "alignments"])
def test_every_module_has_a_version(name: str) -> None:
    """A release names the version of each module that is in force."""
    graph = ontology.load(name)

    (header,) = graph.subjects(RDF.type, OWL.Ontology)

    assert str(graph.value(header, OWL.versionIRI)).startswith(str(header) + "/")


def test_what_terms_refer_to_exists(vocabulary: Graph) -> None:
    """A definition that leans on one of our terms leans on one that is declared."""
    ours = tuple(str(namespace._NS) for namespace in NAMESPACES.values())
    declared = {s for s, kind in vocabulary.subject_objects(RDF.type) if kind in KINDS}

    used = {o for o in vocabulary.objects() if isinstance(o, URIRef) and str(o).startswith(ours)}
    used |= {p for p in vocabulary.predicates() if str(p).startswith(ours)}

    assert used <= declared


def test_a_misspelt_term_raises() -> None:
    """Code that names a term which does not exist fails at once."""
    with pytest.raises(AttributeError):
        _ = TW.machineSpede


def test_an_unknown_module_raises() -> None:
    """There is nothing to load under a name that is not a module."""
    with pytest.raises(KeyError):
        ontology.load("nothing")


def test_the_states_are_those_of_packml(vocabulary: Graph) -> None:
    """Seventeen states, numbered 1 to 17; stop and abort are not taken in states that do so already."""
    numbers = {int(n): s for s, n in vocabulary.subject_objects(PACK.stateNumber)}

    assert sorted(numbers) == list(range(1, 18))
    assert numbers[6] == PACK.Execute
    assert set(vocabulary.objects(PACK.Aborted, PACK.legalCommand)) == {PACK.ClearCommand}
    assert not list(vocabulary.objects(PACK.Aborting, PACK.legalCommand))


def test_the_stop_reasons_form_a_tree(vocabulary: Graph) -> None:
    """Each numbered reason stands below one group, and each group at the top of the tree."""
    for reason in vocabulary.subjects(KPI.reasonNumber):
        (group,) = vocabulary.objects(reason, SKOS.broader)
        assert (group, SKOS.topConceptOf, KPI.StopReasons) in vocabulary
