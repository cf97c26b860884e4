"""A graph of its own that takes changes: what follows from it, and what is wrong with it, after each of them.

Everything asserted lies in the named graph `plant` of a working graph, what follows in `inferred`. Speaks rdflib terms
outside. Knows no twin, no Gate and no files; nothing is stored.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from functools import partial
from typing import Final, TypeAlias

from rdflib import BNode, Dataset, Graph, URIRef
from rdflib.term import Node as RdfNode

from kg.change import Finding
from kg.errors import BadTerm, PreconditionChanged
from kg.graph import Transaction, Triple, WorkingGraph
from kg.names import ASSERTED, VISIBLE, GraphName, mask
from kg.proof import Proof
from kg.terms import Term
from reasoner.ontology_in import OntologyIn
from reasoner.prefixes import Prefixes
from reasoner.report import Report, report_of
from reasoner.rules import Rule, RuleEngine, RuleSet, load, stratified
from reasoner.shacl import Shapes, Validator, compile_shapes

Fact: TypeAlias = tuple[Term, Term, Term]
"""Subject, predicate and object."""

_Wanted: TypeAlias = Callable[[int], bool]
_DERIVED: Final = GraphName.INFERRED.bit
_GIVEN: Final = mask(ASSERTED)


@dataclass(frozen=True, slots=True)
class Outcome:
    """What a change did, or would do."""

    conforms: bool | None
    """Whether there is no result afterwards; None where none was found and shapes are undecided."""
    came: tuple[Fact, ...] = ()
    """What now follows without being asserted, and did not before."""
    went: tuple[Fact, ...] = ()
    """What followed without being asserted, and does not now."""
    introduced: tuple[Finding, ...] = ()
    worsened: tuple[Finding, ...] = ()
    """The same result further from its limit, or a new value in an old one's place, further from it."""
    fixed: tuple[Finding, ...] = ()
    remaining: tuple[Finding, ...] = ()
    """Results on the nodes that the change touched which were there before and stay."""
    undecided: tuple[str, ...] = ()
    """Shapes whose check ran out of the budget; they are tried again with every further change."""


class Live:
    """A graph with rules, ontology and shapes, kept complete and checked through changes.

    >>> live = Live(data, shapes=shapes, rules=rules, owl=True)
    >>> live.try_(adds=[(EX.Filler, EX.speed, Literal(500))]).introduced
    >>> live.apply(adds=[(EX.Filler, EX.speed, Literal(400))]).came
    >>> live.why(EX.Filler, RDF.type, EX.Machine)
    >>> live.report().conforms

    A change costs what it touches, not what the graph holds; a change to the ontology's axioms, lists among them, is
    the exception and costs a new closure, and beside owl:sameAs so does a predicate or class that comes into use or
    falls out of it. Where a method raises, the graph is as it was. Not thread-safe.
    """

    def __init__(
        self,
        data: Iterable[Fact] | Graph,
        *,
        shapes: Graph | Shapes | None = None,
        rules: Graph | RuleSet | None = None,
        owl: bool = False,
        budget: int | None = None,
        prefixes: Prefixes | None = None,
    ) -> None:
        """Take the data in, close it under the rules, and validate it.

        With `owl` the axioms of OWL 2 RL that stand in the data count as rules. `budget` limits the work of each
        change: in steps for the rules, in work units for the shapes. The first closure and validation have no limit.
        `prefixes` are for reports; by default those of the graphs given. Of a Dataset the triples of all its graphs
        count. Raises BadTerm for what is no RDF triple and for broken lists, RuleRefused, ShapeRefused, and TypeError
        for what holds no triples, such as the name of a file.
        """
        self.prefixes = prefixes if prefixes is not None else Prefixes.of(*_graphs(data, shapes))
        self._graph = WorkingGraph()
        self._budget = sys.maxsize if budget is None else budget
        self._owl = owl
        self._own_rules = _rules_of(rules)
        compiled = _shapes_of(shapes)
        self._load(data)
        transaction = Transaction(self._graph)
        self._ontology, self._engine = self._release()
        self._engine.start(transaction)
        self._validator = Validator(self._graph, compiled, budget=self._budget)
        self._validator.start(transaction)
        self._undecided: tuple[str, ...] = ()

    def __len__(self) -> int:
        """How many triples hold, asserted or derived."""
        return len(self._graph)

    def __contains__(self, fact: Fact) -> bool:
        """Whether the triple holds, asserted or derived."""
        return bool(self._marks(fact) & mask(VISIBLE))

    def asserts(self, fact: Fact) -> bool:
        """Whether the triple was given, whatever follows."""
        return bool(self._marks(fact) & _GIVEN)

    # changes

    def apply(self, adds: Iterable[Fact] = (), removes: Iterable[Fact] = ()) -> Outcome:
        """Take triples out, put triples in, and tell what that did. What is there already may be added again.

        Raises PreconditionChanged for the removal of a triple that is not asserted, BadTerm for what is no RDF triple,
        Undecided where the rules need more than the budget, and what the constructor raises where the change touches
        the ontology; then nothing has changed.
        """
        transaction = Transaction(self._graph)
        try:
            return self._change(transaction, adds, removes)
        except BaseException:
            transaction.rollback()
            raise

    def try_(self, adds: Iterable[Fact] = (), removes: Iterable[Fact] = ()) -> Outcome:
        """What `apply` would return and raise. Nothing stays."""
        transaction = Transaction(self._graph)
        try:
            return self._change(transaction, adds, removes)
        finally:
            transaction.rollback()

    # questions

    def report(self) -> Report:
        """What the shapes find now."""
        shapes = self._validator.shapes
        return report_of(self._validator.results(), self._undecided, shapes.severities, self.prefixes)

    def why(self, s: Term, p: Term, o: Term) -> Proof | None:
        """The shortest proof of a fact, down to asserted triples; None where it does not hold."""
        return self._engine.explain(s, p, o)

    def asserted(self) -> Iterator[Fact]:
        """The triples that were given."""
        return self._facts(lambda marks: bool(marks & _GIVEN))

    def derived(self) -> Iterator[Fact]:
        """What follows and is not asserted."""
        return self._facts(_is_derived)

    @property
    def rules(self) -> RuleSet:
        """The rules in force, those compiled from the ontology among them."""
        return self._engine.rules

    @property
    def working_graph(self) -> WorkingGraph:
        """What lies below, for `reasoner.proofs.check` and the references. To be read only."""
        return self._graph

    def axioms(self) -> Graph:
        """The asserted triples that OWL's axioms are made of; none where they do not count."""
        return Graph(bind_namespaces="none") if self._ontology is None else self._ontology.axioms()

    # within

    def _load(self, data: Iterable[Fact] | Graph) -> None:
        transaction = Transaction(self._graph)
        for fact in _facts_of(data, "data"):
            transaction.add(*self._triple(fact), GraphName.PLANT)

    def _change(self, transaction: Transaction, adds: Iterable[Fact], removes: Iterable[Fact]) -> Outcome:
        gone = dict.fromkeys(map(self._triple, _facts_of(removes, "removes")))
        new = [self._triple(fact) for fact in _facts_of(adds, "adds")]
        for triple in gone:
            if not transaction.remove(*triple, GraphName.PLANT):
                raise self._absent(triple)
        for triple in new:
            transaction.add(*triple, GraphName.PLANT)
        if self._ontology is not None and self._ontology.is_altered_by(transaction.changes()):
            self._renew(transaction)
        else:
            self._engine.infer(transaction)
        findings = self._validator.check(transaction)
        self._note(transaction, findings.undecided)
        came, went = self._consequences(transaction)
        found = next(iter(self._validator.results()), None) is not None
        return Outcome(
            None if findings.undecided and not found else not found,
            came,
            went,
            findings.introduced,
            findings.worsened,
            findings.fixed,
            findings.remaining,
            findings.undecided,
        )

    def _consequences(self, transaction: Transaction) -> tuple[tuple[Fact, ...], tuple[Fact, ...]]:
        changes = transaction.changes()
        came = (triple for triple, then, now in changes if _is_derived(now) and not _is_derived(then))
        went = (triple for triple, then, now in changes if _is_derived(then) and not _is_derived(now))
        return tuple(map(self._fact, came)), tuple(map(self._fact, went))

    def _renew(self, transaction: Transaction) -> None:
        """Compile the ontology as it is now, and close the graph under the new rules."""
        transaction.on_rollback(partial(setattr, self, "_engine", self._engine))
        transaction.on_rollback(partial(setattr, self, "_ontology", self._ontology))
        for triple in [t for t in self._graph.triples() if self._graph.marks(*t) & _DERIVED]:
            transaction.remove(*triple, GraphName.INFERRED)
        self._ontology, self._engine = self._release()
        self._engine.start(transaction)

    def _release(self) -> tuple[OntologyIn | None, RuleEngine]:
        """The ontology as it is now, and an engine with its rules."""
        ontology = OntologyIn(self._graph, _GIVEN, self._own_rules) if self._owl else None
        rules = stratified((*(() if ontology is None else ontology.rules), *self._own_rules))
        return ontology, RuleEngine(self._graph, rules, visible=mask(VISIBLE), budget=self._budget)

    def _note(self, transaction: Transaction, undecided: tuple[str, ...]) -> None:
        transaction.on_rollback(partial(setattr, self, "_undecided", self._undecided))
        self._undecided = undecided

    def _absent(self, triple: Triple) -> PreconditionChanged:
        fact = self._fact(triple)
        text = " ".join(map(self.prefixes.term, fact))
        reason = "it follows from others" if self._graph.marks(*triple) & _DERIVED else "it is not there"
        return PreconditionChanged(
            f"The triple {text} can't be removed, because {reason}.", triple=[term.n3() for term in fact]
        )

    def _triple(self, fact: tuple[RdfNode, RdfNode, RdfNode]) -> Triple:
        s, p, o = _parts(fact)
        if not isinstance(s, URIRef | BNode) or not isinstance(p, URIRef):
            raise BadTerm(f"This is not an RDF triple: {s!r} {p!r} {o!r}.", triple=repr(fact))
        node = self._graph.terms.node
        return Triple(node(s), node(p), node(o))

    def _fact(self, triple: Triple) -> Fact:
        term = self._graph.terms.term
        return term(triple.s), term(triple.p), term(triple.o)

    def _facts(self, wanted: _Wanted) -> Iterator[Fact]:
        marks = self._graph.marks
        return (self._fact(triple) for triple in self._graph.triples() if wanted(marks(*triple)))

    def _marks(self, fact: Fact) -> int:
        s, p, o = map(self._graph.terms.find, _parts(fact))
        return 0 if s is None or p is None or o is None else self._graph.marks(s, p, o)


def _is_derived(marks: int) -> bool:
    return bool(marks & _DERIVED) and not marks & _GIVEN


def _rules_of(rules: Graph | RuleSet | None) -> tuple[Rule, ...]:
    """Here a rule may derive anything: there is nothing to guard."""
    if rules is None or isinstance(rules, RuleSet):
        return () if rules is None else rules.rules
    return load(_one_graph(rules, "rules"), guarded=frozenset()).rules


def _shapes_of(shapes: Graph | Shapes | None) -> Shapes:
    if isinstance(shapes, Shapes):
        return shapes
    return compile_shapes(Graph() if shapes is None else _one_graph(shapes, "shapes"))


def _one_graph(given: object, name: str) -> Graph:
    """The graph itself; for a Dataset a new one with the triples of all its graphs, and its prefixes."""
    if not isinstance(given, Graph):
        raise _no_triples(given, name)
    if not isinstance(given, Dataset):
        return given
    merged = Graph(bind_namespaces="none")
    for prefix, namespace in given.namespaces():
        merged.bind(prefix, namespace, replace=True)
    for fact in _facts_of(given, name):
        merged.add(fact)
    return merged


def _facts_of(given: object, name: str) -> Iterable[Fact]:
    if isinstance(given, str | bytes) or not isinstance(given, Iterable):
        raise _no_triples(given, name)
    if isinstance(given, Dataset):
        return ((s, p, o) for s, p, o, _ in given)  # type: ignore[misc]  # a Dataset holds terms
    return given


def _parts(fact: Iterable[RdfNode]) -> tuple[RdfNode, RdfNode, RdfNode]:
    try:
        s, p, o = fact
    except (TypeError, ValueError):
        raise BadTerm(f"This is not a triple: {fact!r}.", triple=repr(fact)) from None
    return s, p, o


def _no_triples(given: object, name: str) -> TypeError:
    return TypeError(
        f"The {name} given are a {type(given).__name__}, which holds no triples; give an rdflib Graph, such as"
        " Graph().parse(path)."
    )


def _graphs(*given: object) -> Iterator[Graph]:
    return (each for each in given if isinstance(each, Graph))


__all__ = ["Fact", "Live", "Outcome"]
