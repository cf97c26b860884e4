"""Equality, by what the model says: `owl:sameAs` is read where it is asserted and never derived.

    owl2rl:eq-ref, eq-sym, eq-trans    conclude `tw:equalTo`, so that asserted edges and what follows stay apart
    owl2rl:eq-rep-s, eq-rep-o          share every fact along the asserted edges, in both directions
    owl2rl:eq-diff1, eq-diff2/3        conclude `tw:inconsistentBy`

Facts travel along edges and not through the closure of equality, so that a fact costs as many steps as there are edges
among its names, and an edge that goes is looked at alone: what still has a way round stays. eq-rep is written out for
each predicate and class known when the release is made; eq-rep-p holds of what the ontology says is the same
(`Schema`). What rules may not derive is not shared either, unless a rule looks for its absence or counts it: else the
absence would hold for another name, and equality would open what a fact has closed. Approvals are never shared.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from math import inf

from rdflib import Graph, URIRef
from rdflib.namespace import OWL, RDF, RDFS, SH

from kg.errors import RuleRefused
from ontology import TW
from reasoner.owl.compose import X, Y, Z
from reasoner.owl.inconsistency import lists_of_different
from reasoner.owl.schema import Schema, is_datatype
from reasoner.rules.ir import Atom, Call, Expr, Ref, Rule, Var, atoms_of

_STRUCTURE = (str(OWL), str(RDF), str(SH))
_OF_SCHEMA = {RDFS.subClassOf, RDFS.subPropertyOf, RDFS.domain, RDFS.range}
_OURS = {TW.equalTo, TW.inconsistentBy, TW.differentAmong}
_NEVER = frozenset((TW.approvedBy, TW.approvals))
_LIST = Var("_list")


@dataclass(frozen=True, slots=True)
class Vocabulary:
    """The predicates and classes whose facts equal names share, and which of the predicates have literal values."""

    predicates: frozenset[URIRef]
    classes: frozenset[URIRef]
    literal: frozenset[URIRef]


def is_asserted(facts: Iterable[Graph]) -> bool:
    """True if some graph says that two names are of one thing."""
    return any((None, OWL.sameAs, None) in graph for graph in facts)


def check_predicates(rules: Iterable[Rule]) -> None:
    """Refuses rules that go blind beside equality: a variable predicate leaves out what the same rule set derives."""
    for rule in rules:
        for atom in atoms_of(rule):
            if isinstance(atom.p, Var):
                raise RuleRefused(
                    f"Rule {rule.name} has {atom.p} as predicate. Variable predicates leave out what is derived, and"
                    " where the model asserts owl:sameAs equal names share by derivation; name the predicates.",
                    rule=rule.name,
                    variable=str(atom.p),
                )


def unshared(guarded: frozenset[URIRef], readers: Iterable[Rule]) -> frozenset[URIRef]:
    """The guarded terms without those whose absence or number decides something, and what is never shared."""
    for rule in readers:
        counted = (atom for row in rule.rows for atom in row.grouping.atoms())
        for atom in (*(atom for absence in rule.absences for atom in absence.atoms), *counted):
            terms = {atom.p, atom.o} if atom.p == RDF.type else {atom.p}
            if any(isinstance(term, Var) for term in terms):
                return _NEVER
            guarded -= terms
    return guarded | _NEVER


def vocabulary(
    schema: Schema, facts: Sequence[Graph], rules: Sequence[Rule], above: Sequence[Rule], kept_apart: frozenset[URIRef]
) -> Vocabulary:
    """What the graphs use and the rules mention, without what describes a schema and what is kept apart.

    Of rules `above` only what they read counts; what they derive belongs to them.
    """
    heads = {rule.head.p for rule in above}
    atoms = [atom for rule in rules for atom in (rule.head, *atoms_of(rule))]
    atoms += [atom for rule in above for atom in atoms_of(rule) if atom.p not in heads]
    predicates: set[object] = {atom.p for atom in atoms}
    for kind in (RDF.Property, OWL.ObjectProperty, OWL.DatatypeProperty, OWL.AnnotationProperty):
        predicates.update(schema.graph.subjects(RDF.type, kind))
    classes: set[object] = {atom.o for atom in atoms if atom.p == RDF.type} | set(schema.classes())
    for kind in (RDFS.Class, OWL.Class):
        classes.update(schema.graph.subjects(RDF.type, kind))
    for graph in facts:
        predicates.update(graph.predicates())
        classes.update(graph.objects(None, RDF.type))
    known = frozenset(p for p in predicates if isinstance(p, URIRef) and _is_shared(p) and p not in kept_apart)
    literal = {p for p in known if (p, RDF.type, OWL.DatatypeProperty) in schema.graph}
    named = (c for c in classes if isinstance(c, URIRef) and not str(c).startswith((*_STRUCTURE, str(RDFS))))
    kept = frozenset(c for c in named if c not in kept_apart and not is_datatype(schema, c))
    return Vocabulary(known | {OWL.differentFrom}, kept, frozenset(literal))


def equality_rules(shared: Vocabulary, facts: Sequence[Graph]) -> Iterator[Rule]:
    """The rules by which equal names are told and share what is known of each."""
    yield _rule("eq-trans", Atom(X, TW.equalTo, Y), Atom(X, OWL.sameAs, Y))
    yield _rule("eq-sym", Atom(X, TW.equalTo, Y), Atom(Y, OWL.sameAs, X))
    yield _rule("eq-trans", Atom(X, TW.equalTo, Z), Atom(X, OWL.sameAs, Y), Atom(Y, TW.equalTo, Z))
    yield _rule("eq-trans", Atom(X, TW.equalTo, Z), Atom(Y, OWL.sameAs, X), Atom(Y, TW.equalTo, Z))
    for p in sorted(shared.predicates):
        yield from _shared(p, p not in shared.literal)
    for cls in sorted(shared.classes):
        for edge in (Atom(X, OWL.sameAs, Y), Atom(Y, OWL.sameAs, X)):
            yield _rule("eq-rep-s", Atom(Y, RDF.type, cls), edge, Atom(X, RDF.type, cls))
    yield from _contradictions(facts)


def difference_rules(facts: Sequence[Graph]) -> Iterator[Rule]:
    """What lists set apart, and what is set apart from itself; also where equality is not in force."""
    for name, key, names in lists_of_different(facts):
        for each in names:
            yield _rule(name, Atom(each, TW.differentAmong, key))
    if any((None, OWL.differentFrom, None) in graph for graph in facts):
        yield _rule("eq-diff1", Atom(X, TW.inconsistentBy, TW.SameAndDifferent), Atom(X, OWL.differentFrom, X))


def pending_rule() -> Rule:
    """Finds an owl:sameAs that came to a release whose rules were made without any."""
    head = Atom(X, TW.inconsistentBy, TW.EqualityNotInForce)
    return Rule(str(TW.EqualityNotInForce), head, (Atom(X, OWL.sameAs, Y),))


def _shared(p: URIRef, objects: bool) -> Iterator[Rule]:
    for edge in (Atom(X, OWL.sameAs, Y), Atom(Y, OWL.sameAs, X)):
        yield _rule("eq-rep-s", Atom(Y, p, Z), edge, Atom(X, p, Z))
        if objects:
            yield _rule("eq-rep-o", Atom(Z, p, Y), edge, Atom(Z, p, X))


def _contradictions(facts: Sequence[Graph]) -> Iterator[Rule]:
    head, equal = Atom(X, TW.inconsistentBy, TW.SameAndDifferent), Atom(X, TW.equalTo, Y)
    yield _rule("eq-diff1", head, equal, Atom(X, OWL.differentFrom, Y))
    yield _rule("eq-diff1", head, Atom(X, OWL.differentFrom, X))
    distinct = Call("!", (Call("sameterm", (Ref(X), Ref(Y))),))
    for name in sorted({name for name, _, _ in lists_of_different(facts)}):
        listed = (Atom(each, TW.differentAmong, _LIST) for each in (X, Y))
        yield _rule(name, head, equal, *listed, filters=(distinct,))


def _rule(name: str, head: Atom, *body: Atom, filters: tuple[Expr, ...] = ()) -> Rule:
    # an absence may always be looked for after equality has done its work, whatever sh:order the rules have
    return Rule(f"owl2rl:{name}", head, body, filters, order=-inf)


def _is_shared(p: URIRef) -> bool:
    return p not in _OF_SCHEMA and p not in _OURS and not str(p).startswith(_STRUCTURE)
