"""Class expressions as parts of rules: what makes something a member, and what follows from membership.

Expressions without a name are compiled through, not materialised: no fact says that something is a member of a blank
node.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from itertools import product

from rdflib import BNode, Literal, URIRef
from rdflib.namespace import OWL, RDF, RDFS

from kg.terms import Term
from reasoner.owl.schema import Boolean, Restriction, Schema, is_datatype
from reasoner.rules.ir import Atom, Slot, Var


@dataclass(frozen=True, slots=True)
class Condition:
    """Atoms that make a variable a member of a class, by the W3C rules named; `fixed` if it must be that individual."""

    atoms: tuple[Atom, ...] = ()
    names: tuple[str, ...] = ()
    fixed: URIRef | None = None

    def settled(self, variable: Var) -> Condition:
        """The condition with the fixed individual, if any, in the variable's place."""
        if self.fixed is None:
            return self
        fixed: Slot = self.fixed
        atoms = tuple(Atom(*(fixed if slot == variable else slot for slot in atom)) for atom in self.atoms)
        return Condition(atoms, self.names)


@dataclass(frozen=True, slots=True)
class Effect:
    """A triple that follows from membership, given further atoms, by the W3C rules named."""

    head: Atom
    atoms: tuple[Atom, ...] = ()
    names: tuple[str, ...] = ()


class Classes:
    """Turns class expressions of a schema into conditions and effects."""

    def __init__(self, schema: Schema) -> None:
        self._schema = schema
        self._fresh = 0

    def variable(self) -> Var:
        self._fresh += 1
        return Var(f"_{self._fresh}")

    def conditions(self, cls: Term, x: Slot, above: frozenset[Term] = frozenset()) -> Iterator[Condition]:
        """Ways to be a member: of a named class one look-up, else what its description asks for."""
        if cls == OWL.Nothing:
            return
        named = cls if isinstance(cls, URIRef) else self._schema.same_named(cls)
        if named is not None:
            yield Condition((Atom(x, RDF.type, named),), () if named == cls else ("cax-eqc1",))
        elif cls not in above:
            yield from self.ways(cls, x, above)

    def ways(self, cls: Term, x: Slot, above: frozenset[Term] = frozenset()) -> Iterator[Condition]:
        """Ways to be a member of a class without a name, also where one with a name is the same."""
        yield from self.described(cls, x, above | {cls})
        yield from self._passed_on(cls, x, above | {cls})

    def _passed_on(self, cls: Term, x: Slot, above: frozenset[Term]) -> Iterator[Condition]:
        """Ways in which membership of a class without a name follows from other axioms."""
        schema = self._schema
        for sub in schema.subclasses(cls):
            for condition in self.conditions(sub, x, above):
                yield replace(condition, names=("cax-sco", *condition.names))
        for node, each in schema.used_in.get(cls, ()):
            if isinstance(each, Boolean):
                for condition in self.conditions(node, x, above):
                    yield replace(condition, names=("cls-int2", *condition.names))
            else:
                yield from self._value_of(node, each, x, above)
        for prop in schema.graph.subjects(RDFS.domain, cls):
            yield from self._end_of(prop, x, self.variable(), "prp-dom")  # type: ignore[arg-type]
        for prop in schema.graph.subjects(RDFS.range, cls):
            yield from self._end_of(prop, self.variable(), x, "prp-rng")  # type: ignore[arg-type]

    def _value_of(self, node: Term, each: Restriction, x: Slot, above: frozenset[Term]) -> Iterator[Condition]:
        """Membership of `x` because it is a value of a member of an allValuesFrom restriction."""
        owner = self.variable()
        for condition in self.conditions(node, owner, above):
            edge = self.edge(each.prop, owner, x)
            if edge is not None:
                whole = replace(condition, atoms=(*condition.atoms, edge), names=("cls-avf", *condition.names))
                yield whole.settled(owner)

    def _end_of(self, prop: Term, s: Slot, o: Slot, name: str) -> Iterator[Condition]:
        edge = self.edge(prop, s, o)
        if edge is not None:
            yield Condition((edge,), (name,))

    def described(self, cls: Term, x: Slot, above: frozenset[Term] = frozenset()) -> Iterator[Condition]:
        """Ways to be a member by the descriptions of the class."""
        for each in self._schema.expressions.get(cls, ()):
            if isinstance(each, Restriction):
                yield from self._restricted(each, x, above)
            elif each.kind == "and":
                options = [list(self.conditions(part, x, above)) for part in each.parts]
                for chosen in product(*options):
                    yield from _joined(chosen, "cls-int1")
            elif each.kind == "or":
                for part in each.parts:
                    for condition in self.conditions(part, x, above):
                        yield replace(condition, names=("cls-uni", *condition.names))
            else:
                for part in each.parts:
                    if isinstance(part, URIRef):
                        yield Condition((), ("cls-oo",), part)

    def _restricted(self, each: Restriction, x: Slot, above: frozenset[Term]) -> Iterator[Condition]:
        if each.kind == "value" and isinstance(each.filler, URIRef | Literal):
            yield from self._with_edge(each, x, each.filler, Condition((), ("cls-hv2",)))
        elif each.kind == "some" and not is_datatype(self._schema, each.filler):
            value = self.variable()
            if each.filler == OWL.Thing:
                yield from self._with_edge(each, x, value, Condition((), ("cls-svf2",)))
                return
            for condition in self.conditions(each.filler, value, above):
                named = replace(condition, names=("cls-svf1", *condition.names))
                for whole in self._with_edge(each, x, value, named):
                    yield whole.settled(value)

    def _with_edge(self, each: Restriction, x: Slot, y: Slot, condition: Condition) -> Iterator[Condition]:
        edge = self.edge(each.prop, x, y)
        if edge is not None:
            yield replace(condition, atoms=(edge, *condition.atoms))

    def effects(self, cls: Term, x: Slot, above: frozenset[Term] = frozenset()) -> Iterator[Effect]:
        """What follows from membership: of a named class the type, else what its description says."""
        if isinstance(cls, URIRef):
            if not is_datatype(self._schema, cls):
                yield Effect(Atom(x, RDF.type, cls))
        elif cls not in above:
            yield from self.entailed(cls, x, above | {cls})

    def entailed(self, cls: Term, x: Slot, above: frozenset[Term] = frozenset()) -> Iterator[Effect]:
        """What the descriptions of the class say of a member."""
        for each in self._schema.expressions.get(cls, ()):
            if isinstance(each, Boolean):
                if each.kind == "and":
                    for part in each.parts:
                        for effect in self.effects(part, x, above):
                            yield replace(effect, names=("cls-int2", *effect.names))
            elif each.kind == "value" and isinstance(each.filler, URIRef | Literal):
                edge = self.edge(each.prop, x, each.filler)
                if edge is not None and not isinstance(edge.s, Literal):
                    yield Effect(edge, (), ("cls-hv1",))
            elif each.kind == "all":
                value = self.variable()
                edge = self.edge(each.prop, x, value)
                if edge is not None:
                    for effect in self.effects(each.filler, value, above):
                        yield Effect(effect.head, (edge, *effect.atoms), ("cls-avf", *effect.names))

    def edge(self, prop: Term, x: Slot, y: Slot) -> Atom | None:
        """The atom for a property or for the inverse of one; None for anything else."""
        if isinstance(prop, URIRef):
            return Atom(x, prop, y)
        if isinstance(prop, BNode):
            for inverse in self._schema.graph.objects(prop, OWL.inverseOf):
                if isinstance(inverse, URIRef):
                    return Atom(y, inverse, x)
        return None


def _joined(parts: tuple[Condition, ...], name: str) -> Iterator[Condition]:
    fixed = {part.fixed for part in parts if part.fixed is not None}
    if len(fixed) > 1:
        return
    atoms = tuple(dict.fromkeys(atom for part in parts for atom in part.atoms))
    names = tuple(dict.fromkeys((name, *(n for part in parts for n in part.names))))
    yield Condition(atoms, names, next(iter(fixed), None))
