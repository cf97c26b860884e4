"""Edits of what holds already: who could bring them about, and which are never told.

Structure and governance are not bent so that one Change may pass: what never is to be written, safety systems, grants
and risk classes, roles, types and places in the plant are left as they are.
"""

from __future__ import annotations

from collections.abc import Iterator
from itertools import islice
from typing import Final, NamedTuple

from rdflib import RDF, BNode, Literal, URIRef

from kg.change import Change, Kind, Quad, Role, Source
from kg.errors import BadChange, CallerError
from kg.gate.authority import authorise
from kg.gate.tags import Tags
from kg.graph import WorkingGraph
from kg.names import ASSERTED, GraphName
from kg.proof import Proof
from kg.repair import By, Edit, Fact, Part, Suggestion
from kg.stages import Inference
from kg.terms import Term
from ontology import ISA95, PACK, TW, UA

FIXED: Final = frozenset(
    {RDF.type, ISA95.isPartOf, ISA95.isPropertyOf, TW.target, TW.predicate, UA.server, UA.accessLevel, UA.nodeId}
) | {
    *(TW.neverWritten, TW.safetySystem, TW.writeGrant, TW.riskClass, TW.role, TW.remedial),
    *(TW.feedback, TW.effect, TW.unit, TW.agent, TW.rule, TW.input, TW.author),
}
"""Predicates whose facts are never proposed to be otherwise."""
_AT_THE_MACHINE: Final = frozenset({TW.siteRemote, TW.twinEnable, TW.maintenance, PACK.unitModeCurrent})
_NOBODY: Final = {
    GraphName.STATE: "only what the controllers report changes it",
    GraphName.DESIRED: "that comes by itself",
    GraphName.KPI: "that is computed from what is measured",
}
_FALSE: Final = Literal(False)
_ANYBODY: Final = URIRef("urn:twinwright:anybody")
_ANYBODY_AT_ALL: Final = Source(_ANYBODY, Role.ENGINEER)
#: Who is asked first, and what it costs to ask.
_HANDS: Final = (
    (Kind.STOP, Role.OPERATOR, 2.0),
    (Kind.MANUAL, Role.OPERATOR, 2.5),
    (Kind.EDIT, Role.SUPERVISOR, 4.0),
    (Kind.EDIT, Role.ENGINEER, 5.0),
)


class Hand(NamedTuple):
    """Who can bring an edit about, half a sentence about it, and what it costs to ask."""

    by: By
    who: str
    cost: float


class Facts:
    """Finds the edits of facts that stand behind a suggestion, on the graph as it is now."""

    def __init__(self, graph: WorkingGraph, tags: Tags, rules: Inference) -> None:
        self._graph = graph
        self._tags = tags
        self._rules = rules
        self._proofs: dict[Fact, Proof | None] = {}

    def forget(self) -> None:
        """The graph has become another one."""
        self._proofs.clear()

    def edits(self, suggestion: Suggestion) -> Iterator[Edit]:
        """Edits of asserted facts; for a derived one, edits of the facts at the leaves of its proof."""
        old, new, _ = suggestion
        place = old or new
        if place is None:
            return
        if self.is_bound(place):
            yield from self._reported(suggestion)
        elif old is None:
            yield from self._edit(None, new and self.quad(new), suggestion)
        elif held := self.graphs(old):
            for name in held:
                yield from self._edit(Quad(*old, name), new and Quad(*new, name), suggestion)
        else:
            for leaf in self.behind(suggestion):
                yield from self.edits(leaf)

    def behind(self, suggestion: Suggestion) -> Iterator[Suggestion]:
        """The same of asserted facts, for a derived one: a leaf of its proof gone, or with the other object."""
        old, new, sense = suggestion
        proof = None if old is None else self._proof(old)
        if old is None or proof is None or proof.rule is None:
            return
        leaves = dict.fromkeys(Fact(leaf.fact[0], URIRef(leaf.fact[1]), leaf.fact[2]) for leaf in proof.leaves())
        for leaf in leaves:
            if not self.graphs(leaf):
                continue
            if new is None:
                yield Suggestion(old=leaf)
            elif leaf.o == old.o:
                yield Suggestion(leaf, leaf._replace(o=new.o), sense)

    def _proof(self, fact: Fact) -> Proof | None:
        if fact not in self._proofs:
            self._proofs[fact] = self._rules.explain(*fact)
        return self._proofs[fact]

    def is_bound(self, fact: Fact) -> bool:
        """Whether only the controller says what this property is."""
        try:
            self._tags.refuse_values(Change(Kind.EDIT, _ANYBODY_AT_ALL, adds=(Quad(*fact, GraphName.STATE),)))
        except BadChange:
            return True
        return False

    def graphs(self, fact: Fact) -> list[GraphName]:
        """The asserted graphs that hold the triple."""
        find = self._graph.terms.find
        s, p, o = find(fact.s), find(fact.p), find(fact.o)
        if s is None or p is None or o is None:
            return []
        marks = self._graph.marks(s, p, o)
        return [name for name in GraphName if name in ASSERTED and marks & name.bit]

    def holds(self, quad: Quad) -> bool:
        """Whether the quad's own graph holds its triple."""
        return quad.g in self.graphs(Fact(*quad[:3]))

    def quad(self, fact: Fact) -> Quad:
        """The triple in the graph where such triples are: of the same subject, else of the predicate, else `plant`."""
        s, p = self._graph.terms.find(fact.s), self._graph.terms.find(fact.p)
        if p is not None:
            own = () if s is None else ((s, o) for o in self._graph.objects(s, p))
            for subject, value in (*own, *islice(self._graph.pairs(p), 1)):
                marks = self._graph.marks(subject, p, value)
                for name in GraphName:
                    if name in ASSERTED and name is not GraphName.ONTOLOGY and marks & name.bit:
                        return Quad(*fact, name)
        return Quad(*fact, GraphName.PLANT)

    def _reported(self, suggestion: Suggestion) -> Iterator[Edit]:
        """A live value would have to become another one; it can't be no value."""
        if suggestion.new is None:
            return
        new = suggestion.new
        was = suggestion.old or self._value(new)
        old = None if was is None else Quad(*was, GraphName.STATE)
        who = "only the controller says that"
        if new.p in _AT_THE_MACHINE:
            who = "only the operator at the machine can do that"
        edit = Edit(Part.FACTS, old, Quad(*new, GraphName.STATE), By.ITSELF, who, suggestion.sense, 3.0)
        if edit.old != edit.new:
            yield edit

    def _value(self, fact: Fact) -> Fact | None:
        """What holds for subject and predicate now, where that is anything."""
        s, p = self._graph.terms.find(fact.s), self._graph.terms.find(fact.p)
        values = () if s is None or p is None else self._graph.objects(s, p)
        return next((fact._replace(o=self._graph.term(value)) for value in values), None)

    def _edit(self, old: Quad | None, new: Quad | None, suggestion: Suggestion) -> Iterator[Edit]:
        quad = old or new
        if quad is None or quad.p in FIXED or old == new or _is_blank(quad.s, quad.o):
            return
        if old is not None and new is not None and new.o == _FALSE:
            return  # marks are taken away, which is suggested too, and not denied
        hand = hand_of(old, new)
        if hand is not None:
            yield Edit(Part.FACTS, old, new, hand.by, hand.who, suggestion.sense, hand.cost)


def hand_of(old: Quad | None, new: Quad | None) -> Hand | None:
    """Who can make this edit of facts, by the table of authority; None where it is out of the question."""
    quad = old or new
    if quad is None or quad.g is GraphName.ONTOLOGY:
        return None
    for kind, role, cost in _HANDS:
        adds, removes = () if new is None else (new,), () if old is None else (old,)
        try:
            authorise(Change(kind, Source(_ANYBODY, role), adds=adds, removes=removes))
        except CallerError:
            continue
        article = "an" if role.value[0] in "aeio" else "a"
        more = 1.0 if quad.g is GraphName.PLANT else 0.0
        return Hand(By.PERSON, f"{article} {role.value} can do that", cost + more)
    who = _NOBODY.get(quad.g)
    return None if who is None else Hand(By.ITSELF, who, 3.0)


def _is_blank(*terms: Term) -> bool:
    return any(isinstance(term, BNode) for term in terms)
