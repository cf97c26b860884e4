"""Rules that find what can't be: W3C's rules with the conclusion `false` conclude `?x tw:inconsistentBy ...` here.

    owl2rl:prp-irp, prp-asyp, prp-pdw, prp-adp, prp-npa1/2                  (table 5)
    owl2rl:cls-nothing2, cls-com, cls-maxc1, cls-maxqc1/2                   (table 6)
    owl2rl:cax-dw, cax-adc                                                  (table 7)

prp-fp, prp-ifp, prp-key (table 5), cls-maxc2 and cls-maxqc3/4 (table 6) would conclude that two things are one.
Equality comes from the model only, so they conclude an inconsistency, and only where the two are known to be
different: literals with different values, or names that the model sets apart (owl:differentFrom, owl:AllDifferent).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import combinations, product

from rdflib import BNode, Graph, Literal, URIRef
from rdflib.namespace import OWL, RDF

from kg.terms import Term
from ontology import TW
from reasoner.owl.classes import Classes, Condition, Effect
from reasoner.owl.compose import X, Y, Z, composed, declared, statements
from reasoner.owl.schema import Axiom, Schema, is_datatype, members
from reasoner.rules.ir import Atom, Call, Expr, Ref, Rule, Var, renamed

_LIST = Var("_list")


@dataclass(frozen=True, slots=True)
class Case:
    """Atoms that must hold together, by the W3C rules named; `given` are variables that must be these individuals."""

    atoms: tuple[Atom, ...]
    names: tuple[str, ...] = ()
    given: Mapping[Var, URIRef] = field(default_factory=dict)

    def and_also(self, *atoms: Atom) -> Case:
        return Case((*self.atoms, *atoms), self.names, self.given)


def inconsistency_rules(schema: Schema, facts: Sequence[Graph]) -> Iterator[Rule]:
    """The rules for a schema; `facts` are the graphs in which negative assertions and lists of names may stand."""
    found = _Contradictions(schema, facts)
    yield from found.of_properties()
    yield from found.of_negative_assertions()
    yield from found.of_classes()
    yield from found.of_cardinalities()
    yield from found.of_identity()


def lists_of_different(facts: Sequence[Graph]) -> Iterator[tuple[str, Literal, tuple[URIRef, ...]]]:
    """For each owl:AllDifferent the W3C rule's name, a key and the names in its list; nameless nodes are left out."""
    found = [
        (name, tuple(each for each in members(graph, head) if isinstance(each, URIRef)))  # type: ignore[arg-type]
        for graph in facts
        for node in graph.subjects(RDF.type, OWL.AllDifferent)
        for predicate, name in ((OWL.members, "eq-diff2"), (OWL.distinctMembers, "eq-diff3"))
        for head in graph.objects(node, predicate)
    ]
    for index, (name, names) in enumerate(sorted(set(found)), 1):
        yield name, Literal(index), names


class _Contradictions:
    def __init__(self, schema: Schema, facts: Sequence[Graph]) -> None:
        self._schema = schema
        self._graph = schema.graph
        self._classes = Classes(schema)
        self._facts = facts
        self._listed = any(True for _ in lists_of_different(facts))

    # table 5

    def of_properties(self) -> Iterator[Rule]:
        for p in declared(self._graph, OWL.IrreflexiveProperty):
            axiom = (p, RDF.type, OWL.IrreflexiveProperty)
            yield _rule("prp-irp", TW.RelatedToItself, Case((Atom(X, p, X),)), axiom)
        for p in declared(self._graph, OWL.AsymmetricProperty):
            axiom = (p, RDF.type, OWL.AsymmetricProperty)
            yield _rule("prp-asyp", TW.RelatedBothWays, Case((Atom(X, p, Y), Atom(Y, p, X))), axiom)
        for one, other in statements(self._graph, OWL.propertyDisjointWith):
            yield from self._disjoint("prp-pdw", one, other, (one, OWL.propertyDisjointWith, other))
        for parts in self._lists(OWL.AllDisjointProperties):
            for one, other in combinations(parts, 2):
                yield from self._disjoint("prp-adp", one, other, None)

    def _disjoint(self, name: str, p: Term, q: Term, axiom: Axiom | None) -> Iterator[Rule]:
        one, other = self._classes.edge(p, X, Y), self._classes.edge(q, X, Y)
        if one is not None and other is not None:
            yield _rule(name, TW.DisjointProperties, Case((one, other)), axiom)

    def of_negative_assertions(self) -> Iterator[Rule]:
        for graph in self._facts:
            for node, p in statements(graph, OWL.assertionProperty):
                for source in graph.objects(node, OWL.sourceIndividual):
                    for predicate, name in ((OWL.targetIndividual, "prp-npa1"), (OWL.targetValue, "prp-npa2")):
                        for target in graph.objects(node, predicate):
                            yield from self._denied(name, source, p, target)  # type: ignore[arg-type]  # terms

    def _denied(self, name: str, source: Term, p: Term, target: Term) -> Iterator[Rule]:
        if isinstance(source, URIRef) and not isinstance(target, BNode):
            edge = self._classes.edge(p, source, target)
            if edge is not None and not isinstance(edge.s, Literal):
                head = Atom(source, TW.inconsistentBy, TW.DeniedFact)
                yield composed((name,), Condition((edge,)), Effect(head), None)

    # tables 6 and 7

    def of_classes(self) -> Iterator[Rule]:
        if (None, None, OWL.Nothing) in self._graph or any((None, RDF.type, OWL.Nothing) in g for g in self._facts):
            yield _rule("cls-nothing2", TW.ImpossibleMember, Case((Atom(X, RDF.type, OWL.Nothing),)))
        for one, other in statements(self._graph, OWL.complementOf):
            axiom = (one, OWL.complementOf, other)
            yield from self._exclusive("cls-com", TW.ComplementaryClasses, one, other, axiom)
        for one, other in statements(self._graph, OWL.disjointWith):
            yield from self._exclusive("cax-dw", TW.DisjointClasses, one, other, (one, OWL.disjointWith, other))
        for parts in self._lists(OWL.AllDisjointClasses):
            for one, other in combinations(parts, 2):
                yield from self._exclusive("cax-adc", TW.DisjointClasses, one, other, None)

    def _exclusive(self, name: str, kind: URIRef, one: Term, other: Term, axiom: Axiom | None) -> Iterator[Rule]:
        for case in self._cases((), (X, one), (X, other)):
            yield _rule(name, kind, case, axiom)

    def of_cardinalities(self) -> Iterator[Rule]:
        for predicate, zero, one in (
            (OWL.maxCardinality, "cls-maxc1", "cls-maxc2"),
            (OWL.maxQualifiedCardinality, "cls-maxqc1", "cls-maxqc3"),
        ):
            for node, limit in statements(self._graph, predicate):
                for prop in self._graph.objects(node, OWL.onProperty):
                    if _whole(limit) == 0:
                        yield from self._limited(node, prop, zero, (Y,))  # type: ignore[arg-type]  # a term
                    elif _whole(limit) == 1:
                        yield from self._limited(node, prop, one, (Y, Z))  # type: ignore[arg-type]  # a term

    def _limited(self, node: Term, prop: Term, name: str, values: tuple[Var, ...]) -> Iterator[Rule]:
        """A member of `node` with as many different values of a property as it must not have."""
        on_class = list(self._graph.objects(node, OWL.onClass)) if "qc" in name else []
        fillers: list[Term] = [cls for cls in on_class if cls != OWL.Thing]  # type: ignore[misc]  # terms
        if "qc" in name and not fillers:
            if not on_class:
                return
            name = {"cls-maxqc1": "cls-maxqc2", "cls-maxqc3": "cls-maxqc4"}[name]
        edges = tuple(edge for value in values if (edge := self._classes.edge(prop, X, value)) is not None)
        if len(edges) < len(values) or any(is_datatype(self._schema, filler) for filler in fillers):
            return
        for case in self._cases(edges, (X, node), *((value, filler) for filler in fillers for value in values)):
            if len(values) == 1:
                yield _rule(name, TW.TooManyValues, case)
            else:
                yield from self._apart(name, TW.TooManyValues, case, (Y, Z))

    # what would be equality

    def of_identity(self) -> Iterator[Rule]:
        for p in declared(self._graph, OWL.FunctionalProperty):
            axiom = (p, RDF.type, OWL.FunctionalProperty)
            case = Case((Atom(X, p, Y), Atom(X, p, Z)))
            yield from self._apart("prp-fp", TW.TooManyValues, case, (Y, Z), axiom)
        for p in declared(self._graph, OWL.InverseFunctionalProperty):
            axiom = (p, RDF.type, OWL.InverseFunctionalProperty)
            yield from self._apart("prp-ifp", TW.SharedKey, Case((Atom(X, p, Z), Atom(Y, p, Z))), (X, Y), axiom)
        for cls, head in statements(self._graph, OWL.hasKey):
            yield from self._keyed(cls, members(self._graph, head))

    def _keyed(self, cls: Term, properties: tuple[Term, ...]) -> Iterator[Rule]:
        atoms: list[Atom] = []
        for prop in properties:
            value = self._classes.variable()
            ends = [edge for owner in (X, Y) if (edge := self._classes.edge(prop, owner, value)) is not None]
            if not ends:
                return
            atoms += ends
        for case in self._cases(tuple(atoms), (X, cls), (Y, cls)):
            yield from self._apart("prp-key", TW.SharedKey, case, (X, Y))

    def _apart(
        self, name: str, kind: URIRef, case: Case, pair: tuple[Var, Var], axiom: Axiom | None = None
    ) -> Iterator[Rule]:
        """The case with each way to know that two things are different; only values can be literals."""
        a, b = map(Ref, pair)
        if X not in pair:
            literals = tuple(Call("isliteral", (each,)) for each in (a, b))
            yield _rule(name, kind, case, axiom, (*literals, Call("!=", (a, b))))
        yield _rule(name, kind, case.and_also(Atom(pair[0], OWL.differentFrom, pair[1])), axiom)
        if self._listed:
            listed = (Atom(each, TW.differentAmong, _LIST) for each in pair)
            yield _rule(name, kind, case.and_also(*listed), axiom, (Call("!", (Call("sameterm", (a, b)),)),))

    def _cases(self, atoms: tuple[Atom, ...], *memberships: tuple[Var, Term]) -> Iterator[Case]:
        """All ways in which each variable is a member of its class while the atoms hold too."""
        for chosen in product(*(list(self._classes.conditions(cls, variable)) for variable, cls in memberships)):
            given: dict[Var, URIRef] = {}
            for (variable, _), condition in zip(memberships, chosen, strict=True):
                if condition.fixed is not None and given.setdefault(variable, condition.fixed) != condition.fixed:
                    break
            else:
                asked = (atom for condition in chosen for atom in condition.atoms)
                names = tuple(name for condition in chosen for name in condition.names)
                yield Case((*asked, *atoms), names, given)

    def _lists(self, cls: URIRef) -> Iterator[tuple[Term, ...]]:
        for node in sorted(self._graph.subjects(RDF.type, cls), key=str):
            for head in self._graph.objects(node, OWL.members):
                yield members(self._graph, head)  # type: ignore[arg-type]  # objects of a graph are terms


def _rule(name: str, kind: URIRef, case: Case, axiom: Axiom | None = None, filters: tuple[Expr, ...] = ()) -> Rule:
    head, *atoms = (
        Atom(*(case.given.get(slot, slot) if isinstance(slot, Var) else slot for slot in atom))
        for atom in (Atom(X, TW.inconsistentBy, kind), *case.atoms)
    )
    settled = tuple(renamed(expr, case.given) for expr in filters)
    return composed((name, *case.names), Condition(tuple(atoms)), Effect(head), axiom, settled)


def _whole(limit: Term) -> int | None:
    value = limit.value if isinstance(limit, Literal) else None
    return value if isinstance(value, int) else None
