"""OWL 2 RL, compiled: an ontology becomes instance rules under the names of the W3C tables.

    owl2rl:prp-dom, prp-rng, prp-symp, prp-trp, prp-spo1, prp-spo2, prp-eqp1/2, prp-inv1/2 (table 5)
    owl2rl:cls-int1/2, cls-uni, cls-svf1/2, cls-avf, cls-hv1/2, cls-oo                     (table 6)
    owl2rl:cax-sco, cax-eqc1/2                                                             (table 7)

A rule that goes through a class without a name bears both names: `owl2rl:cax-sco+cls-avf`. Left out: what concludes
or uses owl:sameAs (functional properties, keys, cardinalities), what finds inconsistencies, datatypes, and triples
about the schema itself; docs/reference/rules.md says so. Knows graphs of axioms and the rule IR; nothing of
instances.
"""

from __future__ import annotations

from collections.abc import Iterator

from rdflib import BNode, Graph, URIRef
from rdflib.namespace import OWL, RDF, RDFS

from kg.terms import Term
from reasoner.owl.classes import Classes, Condition, Effect
from reasoner.owl.schema import Axiom, Schema, is_datatype
from reasoner.rules.ir import Atom, Rule, Slot, Var

_X, _Y, _Z = Var("x"), Var("y"), Var("z")


def compile_owl(ontology: Graph, *, guarded: frozenset[URIRef] = frozenset()) -> tuple[Rule, ...]:
    """The instance rules of an ontology, without those that would derive a guarded predicate or class.

    Raises BadTerm where a list is broken.
    """
    schema = Schema(ontology)
    rules = [*_class_rules(schema), *_property_rules(schema)]
    unique: dict[tuple[Atom, frozenset[Atom]], Rule] = {}
    for rule in sorted(rules, key=lambda rule: len(rule.name)):
        if rule.head not in rule.body:
            unique.setdefault((rule.head, frozenset(rule.body)), rule)
    return tuple(
        rule
        for rule in unique.values()
        if rule.head.p not in guarded and not (rule.head.p == RDF.type and rule.head.o in guarded)
    )


def _class_rules(schema: Schema) -> Iterator[Rule]:
    classes = Classes(schema)
    for cls in schema.classes():
        conditions = list((classes.conditions if isinstance(cls, URIRef) else classes.ways)(cls, _X))
        for condition in conditions:
            for sup, axiom in schema.superclasses(cls).items():
                for effect in classes.effects(sup, _X):
                    yield _rule(
                        (*condition.names, *_subclass_name(axiom, cls), *effect.names), condition, effect, axiom
                    )
        if isinstance(cls, URIRef):
            for condition in classes.described(cls, _X):
                yield _rule(condition.names, condition, Effect(Atom(_X, RDF.type, cls)), None)
        for condition in conditions:
            for effect in classes.entailed(cls, _X):
                yield _rule((*condition.names, *effect.names), condition, effect, None)


def _subclass_name(axiom: Axiom | None, cls: Term) -> tuple[str, ...]:
    if axiom is None or axiom[1] == RDFS.subClassOf:
        return ("cax-sco",)
    return ("cax-eqc1",) if axiom[0] == cls else ("cax-eqc2",)


def _property_rules(schema: Schema) -> Iterator[Rule]:
    graph, classes = schema.graph, Classes(schema)
    for p, cls in _statements(graph, RDFS.domain):
        yield from _typing(classes, "prp-dom", p, cls, _X, (p, RDFS.domain, cls))
    for p, cls in _statements(graph, RDFS.range):
        if not is_datatype(schema, cls) and (p, RDF.type, OWL.DatatypeProperty) not in graph:
            yield from _typing(classes, "prp-rng", p, cls, _Y, (p, RDFS.range, cls))
    for p, q in _statements(graph, RDFS.subPropertyOf):
        yield from _implication(classes, "prp-spo1", p, q, (p, RDFS.subPropertyOf, q))
    for p, q in _statements(graph, OWL.equivalentProperty):
        yield from _implication(classes, "prp-eqp1", p, q, (p, OWL.equivalentProperty, q))
        yield from _implication(classes, "prp-eqp2", q, p, (p, OWL.equivalentProperty, q))
    for p, q in _statements(graph, OWL.inverseOf):
        if isinstance(p, URIRef) and isinstance(q, URIRef):
            axioms = ((p, OWL.inverseOf, q),)
            yield Rule("owl2rl:prp-inv1", Atom(_Y, q, _X), (Atom(_X, p, _Y),), axioms=axioms)
            yield Rule("owl2rl:prp-inv2", Atom(_Y, p, _X), (Atom(_X, q, _Y),), axioms=axioms)
    for p in _declared(graph, OWL.SymmetricProperty):
        axioms = ((p, RDF.type, OWL.SymmetricProperty),)
        yield Rule("owl2rl:prp-symp", Atom(_Y, p, _X), (Atom(_X, p, _Y),), axioms=axioms)
    for p in _declared(graph, OWL.TransitiveProperty):
        axioms = ((p, RDF.type, OWL.TransitiveProperty),)
        yield Rule("owl2rl:prp-trp", Atom(_X, p, _Z), (Atom(_X, p, _Y), Atom(_Y, p, _Z)), axioms=axioms)
    for p, head in _statements(graph, OWL.propertyChainAxiom):
        yield from _chain(schema, classes, p, head)


def _typing(classes: Classes, name: str, p: Term, cls: Term, member: Slot, axiom: Axiom) -> Iterator[Rule]:
    edge = classes.edge(p, _X, _Y)
    if edge is not None:
        for effect in classes.effects(cls, member):
            yield _rule((name, *effect.names), Condition((edge,)), effect, axiom)


def _implication(classes: Classes, name: str, p: Term, q: Term, axiom: Axiom) -> Iterator[Rule]:
    body, head = classes.edge(p, _X, _Y), classes.edge(q, _X, _Y)
    if body is not None and head is not None:
        yield _rule((name,), Condition((body,)), Effect(head), axiom)


def _chain(schema: Schema, classes: Classes, p: Term, head: Term) -> Iterator[Rule]:
    steps = schema.members(head)
    ends: list[Slot] = [_X, *(classes.variable() for _ in steps[1:]), _Y]
    atoms = [classes.edge(step, ends[i], ends[i + 1]) for i, step in enumerate(steps)]
    derived = classes.edge(p, _X, _Y)
    known = tuple(atom for atom in atoms if atom is not None)
    if derived is not None and known and len(known) == len(atoms):
        yield _rule(("prp-spo2",), Condition(known), Effect(derived), None)


def _rule(names: tuple[str, ...], condition: Condition, effect: Effect, axiom: Axiom | None) -> Rule:
    """One rule; an individual that the condition fixes takes the place of the variable."""
    whole = Condition((effect.head, *condition.atoms, *effect.atoms), (), condition.fixed).settled(_X)
    head, body = whole.atoms[0], tuple(dict.fromkeys(whole.atoms[1:]))
    unnamed = dict.fromkeys(v for atom in body for v in atom if isinstance(v, Var) and v not in (_X, _Y, _Z))
    names_of: dict[Slot, Slot] = {variable: Var(f"_{index}") for index, variable in enumerate(unnamed, 1)}
    body = tuple(Atom(*(names_of.get(slot, slot) for slot in atom)) for atom in body)
    head = Atom(*(names_of.get(slot, slot) for slot in head))
    axioms = (axiom,) if axiom is not None and not any(isinstance(term, BNode) for term in axiom) else ()
    distinct = list(dict.fromkeys(names))
    return Rule("owl2rl:" + "+".join(distinct), head, body, axioms=axioms)


def _statements(graph: Graph, predicate: URIRef) -> list[tuple[Term, Term]]:
    return sorted(((s, o) for s, o in graph.subject_objects(predicate)), key=str)  # type: ignore[misc]


def _declared(graph: Graph, cls: URIRef) -> list[URIRef]:
    return sorted(p for p in graph.subjects(RDF.type, cls) if isinstance(p, URIRef))


__all__ = ["compile_owl"]
