"""OWL 2 RL, compiled: an ontology becomes instance rules under the names of the W3C tables.

    owl2rl:prp-dom, prp-rng, prp-symp, prp-trp, prp-spo1, prp-spo2, prp-eqp1/2, prp-inv1/2 (table 5)
    owl2rl:cls-int1/2, cls-uni, cls-svf1/2, cls-avf, cls-hv1/2, cls-oo                     (table 6)
    owl2rl:cax-sco, cax-eqc1/2                                                             (table 7)

What can't be is found by the rules of `inconsistency`; equal names share facts by those of `equality` where the model
says that names are equal; `axioms` has rules about the schema itself. A rule that goes through a class without a name
bears both names: `owl2rl:cax-sco+cls-avf`. What is left out stands in docs/gaps.md (G-OWL-*). Knows graphs of axioms,
graphs of facts as far as they are known beforehand, and the rule IR; nothing of working graphs.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from rdflib import Graph, URIRef
from rdflib.namespace import OWL, RDF, RDFS

from kg.terms import Term
from reasoner.owl.axioms import schema_rules
from reasoner.owl.classes import Classes, Condition, Effect
from reasoner.owl.compose import X, Y, Z, composed, declared, statements
from reasoner.owl.equality import (
    Vocabulary,
    check_predicates,
    difference_rules,
    equality_rules,
    is_asserted,
    pending_rule,
    unshared,
    vocabulary,
)
from reasoner.owl.inconsistency import inconsistency_rules
from reasoner.owl.rdfs import rdfs_rules
from reasoner.owl.schema import Axiom, Schema, is_datatype, members, with_named_properties
from reasoner.rules.ir import Atom, Expr, Rule, Slot

_SCHEMA = frozenset((RDFS.subClassOf, RDFS.subPropertyOf, RDFS.domain, RDFS.range)) | {
    OWL.equivalentClass,
    OWL.equivalentProperty,
}


def compile_owl(
    ontology: Graph,
    *,
    guarded: frozenset[URIRef] = frozenset(),
    model: Graph | None = None,
    beside: Sequence[Rule] = (),
    above: Sequence[Rule] = (),
    schema: bool = False,
    equality: bool = True,
) -> tuple[Rule, ...]:
    """The instance rules of an ontology, without those that would derive a guarded predicate or class.

    `model` holds the facts that belong to the release: its negative assertions and lists of different names become
    rules, and an owl:sameAs in it or in the ontology puts equality in force, for all that ontology, model, the rules
    `beside` these and those of the layer `above` speak of; without `equality` names stay apart, and it is a finding.
    `schema` adds the rules about the schema itself. Raises BadTerm where a list is broken, RuleRefused where a rule
    beside equality has a variable predicate.
    """
    ontology = with_named_properties(ontology)
    read, facts = Schema(ontology), [ontology] if model is None else [ontology, model]
    entailed = [*_class_rules(read), *_property_rules(read), *(schema_rules(read) if schema else ())]
    rules = [rule for rule in _unique(entailed) if rule.head.p != OWL.sameAs and not _is_guarded(rule, guarded)]
    rules += [*inconsistency_rules(read, facts), *difference_rules(facts)]
    if equality and is_asserted(facts):
        check_predicates(beside)
        kept_apart = unshared(guarded, (*beside, *above))
        shared = vocabulary(read, facts, (*rules, *beside), above, kept_apart)
        if schema:
            shared = Vocabulary(shared.predicates | _SCHEMA, shared.classes, shared.literal)
        rules += equality_rules(shared, facts)
    elif model is not None:
        rules.append(pending_rule())
    return tuple(_unique(rules))


def _unique(rules: Sequence[Rule]) -> list[Rule]:
    """One rule of those that say the same, the one with the shortest name."""
    unique: dict[tuple[Atom, frozenset[Atom], tuple[Expr, ...]], Rule] = {}
    for rule in sorted(rules, key=lambda rule: len(rule.name)):
        if rule.head not in rule.body:
            unique.setdefault((rule.head, frozenset(rule.body), rule.filters), rule)
    return list(unique.values())


def _is_guarded(rule: Rule, guarded: frozenset[URIRef]) -> bool:
    return rule.head.p in guarded or (rule.head.p == RDF.type and rule.head.o in guarded)


def _class_rules(schema: Schema) -> Iterator[Rule]:
    classes = Classes(schema)
    for cls in schema.classes():
        conditions = list((classes.conditions if isinstance(cls, URIRef) else classes.ways)(cls, X))
        for condition in conditions:
            for sup, axiom in schema.superclasses(cls).items():
                for effect in classes.effects(sup, X):
                    yield composed(
                        (*condition.names, *_subclass_name(axiom, cls), *effect.names), condition, effect, axiom
                    )
        if isinstance(cls, URIRef):
            for condition in classes.described(cls, X):
                yield composed(condition.names, condition, Effect(Atom(X, RDF.type, cls)), None)
        for condition in conditions:
            for effect in classes.entailed(cls, X):
                yield composed((*condition.names, *effect.names), condition, effect, None)


def _subclass_name(axiom: Axiom | None, cls: Term) -> tuple[str, ...]:
    if axiom is None or axiom[1] == RDFS.subClassOf:
        return ("cax-sco",)
    if axiom[1] == OWL.sameAs:
        return ("eq-rep-o",)
    return ("cax-eqc1",) if axiom[0] == cls else ("cax-eqc2",)


def _property_rules(schema: Schema) -> Iterator[Rule]:
    graph, classes = schema.graph, Classes(schema)
    for p, cls in statements(graph, RDFS.domain):
        yield from _typing(classes, "prp-dom", p, cls, X, (p, RDFS.domain, cls))
    for p, cls in statements(graph, RDFS.range):
        if not is_datatype(schema, cls) and (p, RDF.type, OWL.DatatypeProperty) not in graph:
            yield from _typing(classes, "prp-rng", p, cls, Y, (p, RDFS.range, cls))
    for p, q in statements(graph, RDFS.subPropertyOf):
        yield from _implication(classes, "prp-spo1", p, q, (p, RDFS.subPropertyOf, q))
    for p, q in statements(graph, OWL.equivalentProperty):
        yield from _implication(classes, "prp-eqp1", p, q, (p, OWL.equivalentProperty, q))
        yield from _implication(classes, "prp-eqp2", q, p, (p, OWL.equivalentProperty, q))
    for p, q in schema.same_properties():
        yield from _implication(classes, "eq-rep-p", p, q, (p, OWL.sameAs, q))
        yield from _implication(classes, "eq-rep-p", q, p, (p, OWL.sameAs, q))
    for p, q in statements(graph, OWL.inverseOf):
        if isinstance(p, URIRef) and isinstance(q, URIRef):
            axioms = ((p, OWL.inverseOf, q),)
            yield Rule("owl2rl:prp-inv1", Atom(Y, q, X), (Atom(X, p, Y),), axioms=axioms)
            yield Rule("owl2rl:prp-inv2", Atom(Y, p, X), (Atom(X, q, Y),), axioms=axioms)
    for p in declared(graph, OWL.SymmetricProperty):
        axioms = ((p, RDF.type, OWL.SymmetricProperty),)
        yield Rule("owl2rl:prp-symp", Atom(Y, p, X), (Atom(X, p, Y),), axioms=axioms)
    for p in declared(graph, OWL.TransitiveProperty):
        axioms = ((p, RDF.type, OWL.TransitiveProperty),)
        yield Rule("owl2rl:prp-trp", Atom(X, p, Z), (Atom(X, p, Y), Atom(Y, p, Z)), axioms=axioms)
    for p, head in statements(graph, OWL.propertyChainAxiom):
        yield from _chain(schema, classes, p, head)


def _typing(classes: Classes, name: str, p: Term, cls: Term, member: Slot, axiom: Axiom) -> Iterator[Rule]:
    edge = classes.edge(p, X, Y)
    if edge is not None:
        for effect in classes.effects(cls, member):
            yield composed((name, *effect.names), Condition((edge,)), effect, axiom)


def _implication(classes: Classes, name: str, p: Term, q: Term, axiom: Axiom) -> Iterator[Rule]:
    body, head = classes.edge(p, X, Y), classes.edge(q, X, Y)
    if body is not None and head is not None:
        yield composed((name,), Condition((body,)), Effect(head), axiom)


def _chain(schema: Schema, classes: Classes, p: Term, head: Term) -> Iterator[Rule]:
    steps = members(schema.graph, head)
    ends: list[Slot] = [X, *(classes.variable() for _ in steps[1:]), Y]
    atoms = [classes.edge(step, ends[i], ends[i + 1]) for i, step in enumerate(steps)]
    derived = classes.edge(p, X, Y)
    known = tuple(atom for atom in atoms if atom is not None)
    if derived is not None and known and len(known) == len(atoms):
        yield composed(("prp-spo2",), Condition(known), Effect(derived), None)


__all__ = ["compile_owl", "rdfs_rules"]
