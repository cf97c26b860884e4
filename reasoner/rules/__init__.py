"""Rules: stratified Datalog over triples, kept true incrementally through additions and deletions, with proofs.

`load` reads SHACL rule documents, `to_text` and `from_text` write them for engineers, `stratified` accepts or refuses a
set, `RuleEngine` maintains it in a working graph. Speaks nodes of the working graph inside and RDF terms at its edges.
Of shapes it knows those that carry rules or condition them. Knows nothing of agents, time or the network; what is true
is decided by the triples alone.
"""

from __future__ import annotations

from rdflib import Graph, URIRef

from kg.errors import RuleRefused
from reasoner.rules.engine import DEFAULT_BUDGET, RuleEngine
from reasoner.rules.guards import GUARDED, guarded_by
from reasoner.rules.ir import Absence, Aggregate, Atom, Bind, Branch, Call, Const, Grouping, Ref, Row, Rule, Var
from reasoner.rules.reading.documents import check_orders, read_rules
from reasoner.rules.reading.sparql import parse_construct
from reasoner.rules.strata import RuleSet, check_guards, check_layers, stratified
from reasoner.rules.text import from_text, to_text


def load(document: Graph, *, guarded: frozenset[URIRef] = GUARDED, also: tuple[Rule, ...] = ()) -> RuleSet:
    """The rules of a document, and `also` those compiled from an ontology, as one set.

    The document's own rules may not derive what is `guarded`. Raises RuleRefused naming rule and reason.
    """
    rules = read_rules(document)
    check_guards(rules, guarded)
    accepted = stratified((*also, *rules))
    check_orders(accepted, rules)
    return accepted


def load_conditions(document: Graph, *, guarded: frozenset[URIRef] = GUARDED) -> RuleSet:
    """Agents' conditions as one set: rules whose head's predicate is the rule's own IRI, so that a head is a match.

    Raises RuleRefused naming the rule, also where one agent's rule would give the match of another.
    """
    rules = load(document, guarded=guarded)
    for rule in rules.rules:
        if str(rule.head.p) != rule.name:
            raise RuleRefused(
                f"The condition {rule.name} derives {rule.head.p}; its head's predicate must be its own IRI.",
                rule=rule.name,
                term=str(rule.head.p),
            )
    return rules


__all__ = [
    "DEFAULT_BUDGET",
    "GUARDED",
    "Absence",
    "Aggregate",
    "Atom",
    "Bind",
    "Branch",
    "Call",
    "Const",
    "Grouping",
    "Ref",
    "Row",
    "Rule",
    "RuleEngine",
    "RuleSet",
    "Var",
    "check_guards",
    "check_layers",
    "from_text",
    "guarded_by",
    "load",
    "load_conditions",
    "parse_construct",
    "read_rules",
    "stratified",
    "to_text",
]
