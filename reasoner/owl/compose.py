"""Rules put together from what makes something a member and what follows from it, under the W3C names passed through.

Variables that no person named are renamed in the order in which they stand, so that equal rules are equal.
"""

from __future__ import annotations

from collections.abc import Sequence

from rdflib import BNode, Graph, URIRef
from rdflib.namespace import RDF

from kg.terms import Term
from reasoner.owl.classes import Condition, Effect
from reasoner.owl.schema import Axiom
from reasoner.rules.ir import Atom, Expr, Rule, Slot, Var

X, Y, Z = Var("x"), Var("y"), Var("z")
_NAMED = (X, Y, Z)


def composed(
    names: Sequence[str],
    condition: Condition,
    effect: Effect,
    axiom: Axiom | None,
    filters: tuple[Expr, ...] = (),
) -> Rule:
    """One rule; an individual that the condition fixes takes the place of `X`. Filters may speak of X, Y and Z."""
    whole = Condition((effect.head, *condition.atoms, *effect.atoms), (), condition.fixed).settled(X)
    head, body = whole.atoms[0], tuple(dict.fromkeys(whole.atoms[1:]))
    unnamed = dict.fromkeys(v for atom in body for v in atom if isinstance(v, Var) and v not in _NAMED)
    names_of: dict[Slot, Slot] = {variable: Var(f"_{index}") for index, variable in enumerate(unnamed, 1)}
    body = tuple(Atom(*(names_of.get(slot, slot) for slot in atom)) for atom in body)
    head = Atom(*(names_of.get(slot, slot) for slot in head))
    axioms = (axiom,) if axiom is not None and not any(isinstance(term, BNode) for term in axiom) else ()
    return Rule("owl2rl:" + "+".join(dict.fromkeys(names)), head, body, filters, axioms=axioms)


def statements(graph: Graph, predicate: URIRef) -> list[tuple[Term, Term]]:
    """Subjects and objects of a predicate, in a stable order."""
    return sorted(((s, o) for s, o in graph.subject_objects(predicate)), key=str)  # type: ignore[misc]


def declared(graph: Graph, cls: URIRef) -> list[URIRef]:
    """The names said to be of a class, in a stable order."""
    return sorted(p for p in graph.subjects(RDF.type, cls) if isinstance(p, URIRef))
