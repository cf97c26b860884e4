"""The working graph: what the Gate, the rules and the shapes read and change.

Nodes are numbers (`kg.terms`). Each predicate has a dict from subject to its objects, and, once somebody asks for
it, a dict from object to its subjects. Membership in named graphs is kept as marks beside the triple: almost all
triples of a predicate share one mark, so only the exceptions are stored one by one.

All changes go through a `Transaction`, which knows its net delta and can be undone at a cost that depends only on
what it did. One writer; no locks.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import NamedTuple, Protocol

from kg.names import GraphName
from kg.terms import Node, Term, Terms

_EMPTY: frozenset[Node] = frozenset()
_Objects = dict[Node, Node | set[Node]]
_NOTHING: _Objects = {}


class Triple(NamedTuple):
    """Subject, predicate, object as nodes."""

    s: Node
    p: Node
    o: Node


class View(Protocol):
    """What rules, shapes and paths may ask of a graph, be it now, before a transaction, or both together."""

    def has(self, s: Node, p: Node, o: Node) -> bool: ...
    def objects(self, s: Node, p: Node) -> Iterable[Node]: ...
    def subjects(self, p: Node, o: Node) -> Iterable[Node]: ...
    def pairs(self, p: Node) -> Iterable[tuple[Node, Node]]: ...
    def predicates(self, s: Node) -> Iterable[Node]: ...


class WorkingGraph:
    """A set of triples with the marks of the named graphs that hold them. Implements View."""

    def __init__(self, terms: Terms | None = None) -> None:
        self.terms = terms if terms is not None else Terms()
        self._forward: dict[Node, _Objects] = {}
        self._backward: dict[Node, _Objects] = {}
        self._usual: dict[Node, int] = {}
        self._unusual: dict[Triple, int] = {}
        self._exceptions: dict[Node, int] = {}
        """How many triples of each predicate are in `_unusual`."""
        self._size = 0

    def __len__(self) -> int:
        return self._size

    # reading

    def has(self, s: Node, p: Node, o: Node) -> bool:
        held = self._forward.get(p, _NOTHING).get(s)
        return o in held if isinstance(held, set) else held is not None and held == o

    def objects(self, s: Node, p: Node) -> Iterable[Node]:
        return _members(self._forward.get(p, _NOTHING).get(s))

    def subjects(self, p: Node, o: Node) -> Iterable[Node]:
        return _members(self._index(p).get(o))

    def pairs(self, p: Node) -> Iterator[tuple[Node, Node]]:
        for s, held in self._forward.get(p, _NOTHING).items():
            for o in _members(held):
                yield s, o

    def predicates(self, s: Node) -> Iterator[Node]:
        """The predicates of a subject. Walks the graph's predicates, of which there are few hundreds."""
        return (p for p, held in self._forward.items() if s in held)

    def all_predicates(self) -> list[Node]:
        """The predicates that some triple has or had."""
        return list(self._forward)

    def triples(self) -> Iterator[Triple]:
        for p in self._forward:
            for s, o in self.pairs(p):
                yield Triple(s, p, o)

    def count(self, p: Node) -> int:
        """How many subjects have this predicate; a cheap measure for join orders."""
        return len(self._forward.get(p, _NOTHING))

    def marks(self, s: Node, p: Node, o: Node) -> int:
        """The marks of the named graphs that hold the triple; 0 where none does."""
        held = self._forward.get(p, _NOTHING).get(s)
        if held is None or (o not in held if isinstance(held, set) else held != o):
            return 0
        return self._unusual.get((s, p, o)) or self._usual[p]  # type: ignore[call-overload]

    def in_graph(self, name: GraphName) -> Iterator[Triple]:
        """The triples of one named graph. Walks everything."""
        bit = name.bit
        return (triple for triple in self.triples() if self.marks(*triple) & bit)

    def seen_objects(self, s: Node, p: Node, visible: int) -> list[Node]:
        """The objects of (s, p) that named graphs with these marks hold."""
        held = self._forward.get(p, _NOTHING).get(s)
        if held is None:
            return []
        if self._exceptions.get(p):
            return [o for o in _members(held) if (self._unusual.get((s, p, o)) or self._usual[p]) & visible]  # type: ignore[call-overload]
        if not self._usual[p] & visible:
            return []
        return list(held) if isinstance(held, set) else [held]

    def seen_subjects(self, p: Node, o: Node, visible: int) -> list[Node]:
        """The subjects of (p, o) that named graphs with these marks hold."""
        held = self._index(p).get(o)
        if held is None:
            return []
        if self._exceptions.get(p):
            return [s for s in _members(held) if (self._unusual.get((s, p, o)) or self._usual[p]) & visible]  # type: ignore[call-overload]
        if not self._usual[p] & visible:
            return []
        return list(held) if isinstance(held, set) else [held]

    def held(self, p: Node) -> Mapping[Node, Node | set[Node]]:
        """What each subject holds of a predicate: one object, or a set of several. Live; never to be written to."""
        return self._forward.get(p, _NOTHING)

    def only(self, s: Node, p: Node, name: GraphName) -> Node | None:
        """The object of (s, p) where there is exactly one and this named graph alone holds it."""
        held = self._forward.get(p, _NOTHING).get(s)
        if held is None or held.__class__ is set:
            return None
        marks = self._usual[p]
        if self._exceptions.get(p):
            marks = self._unusual.get((s, p, held)) or marks  # type: ignore[call-overload]
        return held if marks == name.bit else None  # type: ignore[return-value]  # no set

    def exchange(self, s: Node, p: Node, old: Node, new: Node) -> None:
        """Put `new` into the place of `old`, the only object of (s, p), in the same named graphs.

        For values that move without consequences; anything else goes through a Transaction.
        """
        self._forward[p][s] = new
        if p in self._backward:
            _drop(self._backward[p], old, s)
            _put(self._backward[p], new, s)
        if self._exceptions.get(p):
            marks = self._unusual.pop((s, p, old), 0)  # type: ignore[call-overload]
            if marks:
                self._unusual[Triple(s, p, new)] = marks

    # writing, for Transaction only

    def set_marks(self, triple: Triple, marks: int) -> None:
        """Give a triple these marks; 0 removes it. Only a Transaction calls this."""
        present = self.has(*triple)
        if marks and not present:
            self._insert(triple)
        elif not marks and present:
            self._delete(triple)
        if marks and marks != self._usual.setdefault(triple.p, marks):
            if triple not in self._unusual:
                self._exceptions[triple.p] = self._exceptions.get(triple.p, 0) + 1
            self._unusual[triple] = marks
        elif self._unusual.pop(triple, None) is not None:
            self._exceptions[triple.p] -= 1

    def _insert(self, triple: Triple) -> None:
        s, p, o = triple
        _put(self._forward.setdefault(p, {}), s, o)
        if p in self._backward:
            _put(self._backward[p], o, s)
        self._size += 1

    def _delete(self, triple: Triple) -> None:
        s, p, o = triple
        _drop(self._forward[p], s, o)
        if p in self._backward:
            _drop(self._backward[p], o, s)
        self._size -= 1

    def _index(self, p: Node) -> _Objects:
        index = self._backward.get(p)
        if index is None:
            index = self._backward[p] = {}
            for s, o in self.pairs(p):
                _put(index, o, s)
        return index

    # in terms

    def term(self, node: Node) -> Term:
        return self.terms.term(node)


class Transaction:
    """Changes to a working graph that stay or go together. Knows the net delta; `rollback` restores all.

    Anyone who keeps state beside the graph registers an undo step with `on_rollback`, run in reverse order among
    the graph's own undo steps, so that state and graph go back in step.
    """

    def __init__(self, graph: WorkingGraph) -> None:
        self.graph = graph
        self._undo: list[tuple[Triple, int] | Callable[[], None]] = []
        self._version = 0
        self._deltas: dict[int, tuple[int, list[tuple[Triple, int, int]]]] = {}

    def add(self, s: Node, p: Node, o: Node, name: GraphName) -> bool:
        """True if the named graph did not hold the triple before."""
        triple = Triple(s, p, o)
        marks = self.graph.marks(s, p, o)
        if marks & name.bit:
            return False
        self._set(triple, marks, marks | name.bit)
        return True

    def remove(self, s: Node, p: Node, o: Node, name: GraphName) -> bool:
        """True if the named graph held the triple before."""
        triple = Triple(s, p, o)
        marks = self.graph.marks(s, p, o)
        if not marks & name.bit:
            return False
        self._set(triple, marks, marks & ~name.bit)
        return True

    def replace(self, s: Node, p: Node, o: Node, name: GraphName) -> bool:
        """Make `o` the only object of (s, p) in the named graph. True if anything changed."""
        old = [x for x in self.graph.objects(s, p) if x != o and self.graph.marks(s, p, x) & name.bit]
        for x in old:
            self.remove(s, p, x, name)
        return self.add(s, p, o, name) or bool(old)

    def clear(self, s: Node, p: Node, name: GraphName) -> bool:
        """Remove every object of (s, p) in the named graph. True if there was one."""
        old = [x for x in self.graph.objects(s, p) if self.graph.marks(s, p, x) & name.bit]
        for x in old:
            self.remove(s, p, x, name)
        return bool(old)

    def on_rollback(self, undo: Callable[[], None]) -> None:
        self._undo.append(undo)

    def savepoint(self) -> int:
        """A point to which `rollback` can return."""
        return len(self._undo)

    def rollback(self, savepoint: int = 0) -> None:
        """Undo everything since the savepoint, newest first."""
        self._version += 1
        while len(self._undo) > savepoint:
            step = self._undo.pop()
            if callable(step):
                step()
            else:
                self.graph.set_marks(*step)

    def _set(self, triple: Triple, old: int, new: int) -> None:
        self._version += 1
        self._undo.append((triple, old))
        self.graph.set_marks(triple, new)

    # what changed

    def changes(self, since: int = 0) -> list[tuple[Triple, int, int]]:
        """(triple, marks then, marks now) for each triple whose marks differ from what they were at the savepoint.

        Several stages ask for the same delta, so the answers are kept; callers leave the lists as they are.
        """
        known = self._deltas.get(since)
        if known is not None and known[0] == self._version:
            return known[1]
        before: dict[Triple, int] = {}
        for step in self._undo[since:]:
            if not callable(step):
                before.setdefault(*step)
        marks = self.graph.marks
        delta = [(t, then, now) for t, then in before.items() if (now := marks(*t)) != then]
        self._deltas[since] = (self._version, delta)
        return delta

    def added(self, visible: int = -1, since: int = 0) -> list[Triple]:
        """Triples that became present in the graphs with these marks."""
        return [t for t, then, now in self.changes(since) if now & visible and not then & visible]

    def removed(self, visible: int = -1, since: int = 0) -> list[Triple]:
        """Triples that are no longer present in the graphs with these marks."""
        return [t for t, then, now in self.changes(since) if then & visible and not now & visible]


class OldAndNew:
    """Everything that holds before or after a transaction: the View in which footprints are walked backwards."""

    def __init__(self, graph: View, removed: Iterable[Triple]) -> None:
        self._graph = graph
        self._objects: dict[tuple[Node, Node], list[Node]] = {}
        self._subjects: dict[tuple[Node, Node], list[Node]] = {}
        self._pairs: dict[Node, list[tuple[Node, Node]]] = {}
        self._predicates: dict[Node, list[Node]] = {}
        for s, p, o in removed:
            self._objects.setdefault((s, p), []).append(o)
            self._subjects.setdefault((p, o), []).append(s)
            self._pairs.setdefault(p, []).append((s, o))
            self._predicates.setdefault(s, []).append(p)

    def has(self, s: Node, p: Node, o: Node) -> bool:
        return self._graph.has(s, p, o) or o in self._objects.get((s, p), ())

    def objects(self, s: Node, p: Node) -> Iterator[Node]:
        yield from self._graph.objects(s, p)
        yield from self._objects.get((s, p), ())

    def subjects(self, p: Node, o: Node) -> Iterator[Node]:
        yield from self._graph.subjects(p, o)
        yield from self._subjects.get((p, o), ())

    def pairs(self, p: Node) -> Iterator[tuple[Node, Node]]:
        yield from self._graph.pairs(p)
        yield from self._pairs.get(p, ())

    def predicates(self, s: Node) -> Iterator[Node]:
        yield from dict.fromkeys([*self._graph.predicates(s), *self._predicates.get(s, ())])


class Restricted:
    """A View of a working graph that shows only the named graphs with these marks."""

    def __init__(self, graph: WorkingGraph, visible: int) -> None:
        self._graph = graph
        self._visible = visible

    def has(self, s: Node, p: Node, o: Node) -> bool:
        return bool(self._graph.marks(s, p, o) & self._visible)

    def objects(self, s: Node, p: Node) -> Iterator[Node]:
        return (o for o in self._graph.objects(s, p) if self.has(s, p, o))

    def subjects(self, p: Node, o: Node) -> Iterator[Node]:
        return (s for s in self._graph.subjects(p, o) if self.has(s, p, o))

    def pairs(self, p: Node) -> Iterator[tuple[Node, Node]]:
        return ((s, o) for s, o in self._graph.pairs(p) if self.has(s, p, o))

    def predicates(self, s: Node) -> Iterator[Node]:
        return (p for p in self._graph.predicates(s) if any(True for _ in self.objects(s, p)))


def _members(held: Node | set[Node] | None) -> Iterable[Node]:
    if held is None:
        return _EMPTY
    return held if isinstance(held, set) else (held,)


def _put(index: _Objects, key: Node, member: Node) -> None:
    held = index.get(key)
    if held is None:
        index[key] = member
    elif isinstance(held, set):
        held.add(member)
    elif held != member:
        index[key] = {held, member}


def _drop(index: _Objects, key: Node, member: Node) -> None:
    held = index[key]
    if not isinstance(held, set):
        del index[key]
        return
    held.discard(member)
    if len(held) == 1:
        index[key] = held.pop()
