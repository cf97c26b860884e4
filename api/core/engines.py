"""The two rule engines of a Gate: domain rules with the ontology's entailments below, agents' conditions on top."""

from __future__ import annotations

from rdflib import RDF, Graph, URIRef

from kg.graph import WorkingGraph
from kg.names import VISIBLE, GraphName, mask
from kg.plantfolder import PlantFolder
from ontology import TW
from reasoner import compile_owl
from reasoner.rules import RuleEngine, check_layers, guarded_by, load, load_conditions


def rule_engines(graph: WorkingGraph, plant: PlantFolder) -> tuple[RuleEngine, RuleEngine]:
    """(domain rules, conditions). Raises RuleRefused for rules that are unsafe, or derive what no rule may."""
    model = plant.graphs[GraphName.PLANT]
    guarded = guarded_by(model)
    ours, agents = _apart(plant.graphs[GraphName.RULES], agent_rules(plant))
    # names stay apart: an alias would pass on what the policy grants, or escape what it forbids (gap G-OWL-1)
    entailed = compile_owl(plant.graphs[GraphName.ONTOLOGY], guarded=guarded, model=model, equality=False)
    domain, conditions = load(ours, guarded=guarded, also=entailed), load_conditions(agents, guarded=guarded)
    check_layers(domain, conditions)
    below = RuleEngine(graph, domain, visible=mask(VISIBLE))
    return below, RuleEngine(graph, conditions, visible=mask(VISIBLE) | GraphName.VIOLATIONS.bit, below=below)


def agent_rules(plant: PlantFolder) -> frozenset[URIRef]:
    """The agents' rules, whose matches become proposals."""
    found = plant.graphs[GraphName.RULES].subjects(RDF.type, TW.AgentRule)
    return frozenset(rule for rule in found if isinstance(rule, URIRef))


def _apart(document: Graph, agents: frozenset[URIRef]) -> tuple[Graph, Graph]:
    """The document without the agents' rules, and the agents' rules alone; both with all prefixes."""
    parts = Graph(), Graph()
    for part in parts:
        for prefix, namespace in document.namespaces():
            part.bind(prefix, namespace)
    for triple in document:
        parts[triple[0] in agents].add(triple)
    return parts
