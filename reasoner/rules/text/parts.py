"""What the text form of rules consists of, between its two ends: statements, the parts of a body, and their words."""

from __future__ import annotations

from dataclasses import dataclass, replace
from itertools import count
from typing import Final, TypeAlias

from rdflib import Literal, URIRef
from rdflib.namespace import XSD

from reasoner.rules.ir import (
    Absence,
    Aggregate,
    Atom,
    Bind,
    Body,
    Branch,
    Call,
    Const,
    Expr,
    Row,
    Slot,
    Var,
    renamed,
    variables_of,
)

Item: TypeAlias = "Atom | Bind | Filter | Absence | Present | Counted"
"""One thing that must hold, as an `and` joins them."""


@dataclass(frozen=True, slots=True)
class Filter:
    """A filter as an item."""

    expr: Expr


@dataclass(frozen=True, slots=True)
class Present:
    """`exists { ... }`: what must be there, without giving its variables to the rest."""

    atoms: tuple[Atom, ...]
    filters: tuple[Expr, ...] = ()


@dataclass(frozen=True, slots=True)
class Key:
    """What tells groups apart; `is_open` where the rest of the rule knows it too."""

    var: Var
    is_open: bool = True


@dataclass(frozen=True, slots=True)
class Counted:
    """`let ?n = count(*) for each ?line in { ... }`: a look at groups of what any of the blocks gives."""

    results: tuple[tuple[Var, Aggregate], ...]
    keys: tuple[Key, ...]
    blocks: tuple[tuple[Item, ...], ...]


@dataclass(frozen=True, slots=True)
class Nested:
    """A value without a name of its own: `[ key = value ; key = value ]`."""

    pairs: tuple[Pair, ...]


Value: TypeAlias = "URIRef | Literal | Nested"


@dataclass(frozen=True, slots=True)
class Pair:
    """A property with its values."""

    key: URIRef
    values: tuple[Value, ...]


@dataclass(frozen=True, slots=True)
class Statement:
    """What is said about one IRI."""

    iri: URIRef
    types: tuple[URIRef, ...] = ()
    label: Literal | None = None
    pairs: tuple[Pair, ...] = ()
    rule: RuleText | None = None
    """None for what is no rule."""


@dataclass(frozen=True, slots=True)
class RuleText:
    """A rule: heads that follow from any of the alternatives; without one they always hold."""

    heads: tuple[Atom, ...]
    alternatives: tuple[tuple[Item, ...], ...] = ()
    order: Literal | None = None
    off: bool = False


def membership(expr: Expr) -> tuple[Expr, tuple[Expr, ...], bool] | None:
    """(value, choices, negated) of what `in` and `not in` are in the IR; None for anything else."""
    match expr:
        case Call("!", (Call("||") as inner,)):
            found = membership(inner)
            return None if found is None else (found[0], found[1], True)
        case Call("||", (Const(first), *choices)) if first == FALSE and choices:
            pairs = [choice.args for choice in choices if isinstance(choice, Call) and choice.op == "="]
            if len(pairs) == len(choices) and len({value for value, _ in pairs}) == 1:
                return pairs[0][0], tuple(choice for _, choice in pairs), False
        case Call("||", (Const(first),)) if first == FALSE:
            return expr.args[0], (), False
    return None


FALSE: Final = Literal("false", datatype=XSD.boolean)


def items(body: Body, rows: tuple[Row, ...] = ()) -> tuple[Item, ...]:
    """The parts of a body so that reading them gives the body again: each bind before what looks for its value."""
    waiting = list(body.binds)
    looks: list[list[Atom | Row]] = [[*body.body], [*rows]]
    found: list[Item] = []
    while waiting or any(looks):
        unknown = {bind.var for bind in waiting}
        ready = next((look for look in looks if look and not look[0].variables() & unknown), None)
        if ready is None:
            found.append(waiting.pop(0))
        else:
            look = ready.pop(0)
            found.append(counted(look) if isinstance(look, Row) else look)
    return (*found, *map(Filter, body.filters), *body.absences)


def counted(row: Row) -> Counted:
    """A look at groups; what only EXISTS speaks of is put into `exists` again."""
    grouping = row.grouping
    keys = tuple(Key(key, key == slot) for key, slot in zip(grouping.keys, row.key_slots(), strict=True))
    results = tuple(zip(row.slots[len(keys) :], grouping.aggregates, strict=True))
    return Counted(results, keys, tuple(_block(branch) for branch in grouping.branches))


def _block(branch: Branch) -> tuple[Item, ...]:
    hidden = branch.hidden
    taken = {str(var) for var in branch.bound_variables()}
    fresh = (Var(f"any{number}") for number in count(1) if f"?any{number}" not in taken)
    names: dict[Var, Slot] = dict(zip(sorted(hidden, key=_age), fresh, strict=False))
    atoms = tuple(atom for atom in branch.body if atom.variables() & hidden)
    tests = tuple(expr for expr in branch.filters if variables_of(expr) & hidden)
    if not atoms:
        return items(branch)
    plain = replace(
        branch,
        body=tuple(atom for atom in branch.body if atom not in atoms),
        filters=tuple(expr for expr in branch.filters if expr not in tests),
    )
    inner = tuple(Atom(*(names.get(slot, slot) if isinstance(slot, Var) else slot for slot in atom)) for atom in atoms)
    return (*items(plain), Present(inner, tuple(renamed(expr, names) for expr in tests)))


def _age(var: Var) -> tuple[int, str]:
    return len(var.name), var.name
