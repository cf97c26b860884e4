"""Class expressions as parts of rules: what makes something a member, and what follows from membership.

Expressions without a name are compiled through, not materialised: no fact says that something is a member of a blank
node.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from itertools import product

from rdflib import BNode, Literal, URIRef
from rdflib.namespace import OWL, RDF

from kg.terms import Term
from reasoner.owl.schema import Boolean, Restriction, Schema, is_datatype
from reasoner.rules.ir import Atom, Slot, Var

_DEEPEST = 8


@dataclass(frozen=True, slots=True)
class Condition:
    """Atoms that make a variable a member of a class, by the W3C rules named; `fixed` if it must be that individual."""

    atoms: tuple[Atom, ...] = ()
    names: tuple[str, ...] = ()
    fixed: URIRef | None = None


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

    def conditions(self, cls: Term, x: Slot, depth: int = 0) -> Iterator[Condition]:
        """Ways to be a member: of a named class one look-up, else what its description asks for."""
        if cls == OWL.Nothing:
            return
        if isinstance(cls, URIRef):
            yield Condition((Atom(x, RDF.type, cls),))
        else:
            yield from self.described(cls, x, depth)

    def described(self, cls: Term, x: Slot, depth: int = 0) -> Iterator[Condition]:
        """Ways to be a member by the descriptions of the class."""
        if depth > _DEEPEST:
            return
        for each in self._schema.expressions.get(cls, ()):
            if isinstance(each, Restriction):
                yield from self._restricted(each, x, depth)
            elif each.kind == "and":
                options = [list(self.conditions(part, x, depth + 1)) for part in each.parts]
                for chosen in product(*options):
                    yield from _joined(chosen, "cls-int1")
            elif each.kind == "or":
                for part in each.parts:
                    for condition in self.conditions(part, x, depth + 1):
                        yield replace(condition, names=("cls-uni", *condition.names))
            else:
                for part in each.parts:
                    if isinstance(part, URIRef):
                        yield Condition((), ("cls-oo",), part)

    def _restricted(self, each: Restriction, x: Slot, depth: int) -> Iterator[Condition]:
        if each.kind == "value" and isinstance(each.filler, URIRef | Literal):
            yield from self._with_edge(each, x, each.filler, Condition((), ("cls-hv2",)))
        elif each.kind == "some" and not is_datatype(self._schema, each.filler):
            value = self.variable()
            if each.filler == OWL.Thing:
                yield from self._with_edge(each, x, value, Condition((), ("cls-svf2",)))
                return
            for condition in self.conditions(each.filler, value, depth + 1):
                if condition.fixed is None:
                    named = replace(condition, names=("cls-svf1", *condition.names))
                    yield from self._with_edge(each, x, value, named)
                else:
                    yield from self._with_edge(each, x, condition.fixed, Condition((), ("cls-svf1", *condition.names)))

    def _with_edge(self, each: Restriction, x: Slot, y: Slot, condition: Condition) -> Iterator[Condition]:
        edge = self.edge(each.prop, x, y)
        if edge is not None:
            yield replace(condition, atoms=(edge, *condition.atoms))

    def effects(self, cls: Term, x: Slot, depth: int = 0) -> Iterator[Effect]:
        """What follows from membership: of a named class the type, else what its description says."""
        if isinstance(cls, URIRef):
            if not is_datatype(self._schema, cls):
                yield Effect(Atom(x, RDF.type, cls))
        else:
            yield from self.entailed(cls, x, depth)

    def entailed(self, cls: Term, x: Slot, depth: int = 0) -> Iterator[Effect]:
        """What the descriptions of the class say of a member."""
        if depth > _DEEPEST:
            return
        for each in self._schema.expressions.get(cls, ()):
            if isinstance(each, Boolean):
                if each.kind == "and":
                    for part in each.parts:
                        for effect in self.effects(part, x, depth + 1):
                            yield replace(effect, names=("cls-int2", *effect.names))
            elif each.kind == "value" and isinstance(each.filler, URIRef | Literal):
                edge = self.edge(each.prop, x, each.filler)
                if edge is not None and not isinstance(edge.s, Literal):
                    yield Effect(edge, (), ("cls-hv1",))
            elif each.kind == "all":
                value = self.variable()
                edge = self.edge(each.prop, x, value)
                if edge is not None:
                    for effect in self.effects(each.filler, value, depth + 1):
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
