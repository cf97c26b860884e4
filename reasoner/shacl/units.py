"""Shapes taken apart into units that are checked on their own.

A unit is a shape with targets together with one shape reached from it by sh:property: so a new value of one property
leads to the check of that property's constraints and not of the whole shape. The results of a shape are the results
of its units. Each unit remembers what it found.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator
from dataclasses import dataclass, field
from typing import TypeAlias

from kg.terms import Node
from reasoner.shacl import model
from reasoner.shacl.checks import Compiler, Find, seen_by
from reasoner.shacl.footprint import Read, distinct, own_reads, path_reads, target_reads
from reasoner.shacl.hits import Hit
from reasoner.shacl.model import Evidence, Shape
from reasoner.shacl.paths import Path, Predicate, join
from reasoner.shacl.queries import QueryTarget
from reasoner.shacl.sight import Sight
from reasoner.shacl.walk import Walk, compile_path


@dataclass(frozen=True, slots=True)
class Targets:
    """The targets of a shape, in nodes."""

    nodes: frozenset[Node]
    classes: tuple[Node, ...]
    subjects_of: tuple[Node, ...]
    objects_of: tuple[Node, ...]
    queries: tuple[QueryTarget, ...] = ()

    def hold(self, sight: Sight, node: Node) -> bool:
        """Whether the node is a target."""
        if node in self.nodes:
            return True
        for cls in self.classes:
            if sight.is_a(node, cls):
                return True
        for p in self.subjects_of:
            if sight.objects(node, p):
                return True
        if any(sight.subjects(p, node) for p in self.objects_of):
            return True
        return any(query.holds(sight, node) for query in self.queries)

    def all(self, sight: Sight) -> dict[Node, None]:
        """Every target, once."""
        found = dict.fromkeys(self.nodes)
        for cls in self.classes:
            found.update(dict.fromkeys(sight.instances(cls)))
        for p in self.subjects_of:
            found.update((s, None) for s, _ in sight.pairs(p))
        for p in self.objects_of:
            found.update((o, None) for _, o in sight.pairs(p))
        for query in self.queries:
            found.update(dict.fromkeys(query.all(sight)))
        return found


Step: TypeAlias = tuple[Callable[[Sight], Sight], Walk]


@dataclass(frozen=True, slots=True, eq=False)
class Unit:
    """A shape with targets and one of the shapes below it."""

    root: Shape
    shape: Shape
    """The shape below it; the root itself where the chain is empty and the shape has targets."""
    prefix: Path | None
    """The paths of the chain one after the other."""
    targets: Targets
    see: Callable[[Sight], Sight]
    """From any sight to that of the shape with the targets."""
    chain: tuple[Step, ...]
    """From the focus node of the root to the focus nodes of the shape below it."""
    last: Step
    """From there to the value nodes."""
    finders: tuple[Find, ...]
    reads: tuple[Read, ...]
    is_cheap: bool
    """Whether the check costs less than finding out whether the node is a target."""
    held: dict[Node, tuple[Hit, ...]] = field(default_factory=dict)
    """What was found, for each focus node with results."""

    def find(self, sight: Sight, focus: Node) -> list[Hit]:
        """The hits on a focus node, whether or not it is a target."""
        sight = self.see(sight)
        starts: Collection[Node] = (focus,)
        for pick, walk in self.chain:
            sight = pick(sight)
            starts = dict.fromkeys(end for start in starts for end in walk(sight, start))
        pick, walk = self.last
        sight = pick(sight)
        hits: list[Hit] = []
        for start in starts:
            values = walk(sight, start)
            for find in self.finders:
                find(sight, start, values, hits)
        return hits

    def is_target(self, sight: Sight, focus: Node) -> bool:
        return self.targets.hold(self.see(sight), focus)

    def all_targets(self, sight: Sight) -> dict[Node, None]:
        return self.targets.all(self.see(sight))


def units_of(root: Shape, compiler: Compiler) -> list[Unit]:
    """The units of a shape with targets. Raises ShapeRefused where its footprint is beyond bounds."""
    if root.deactivated:
        return []
    evidence = root.evidence or Evidence.ENTAILED
    return list(_Splitter(root, evidence, compiler).split(root, (), evidence, root.code))


class _Splitter:
    """Walks down the property shapes of one root."""

    def __init__(self, root: Shape, evidence: Evidence, compiler: Compiler) -> None:
        self._root = root
        self._evidence = evidence
        self._compiler = compiler
        self._targets = _compile_targets(root, compiler)

    def split(
        self, shape: Shape, chain: tuple[tuple[Evidence, Path], ...], evidence: Evidence, code: str | None
    ) -> Iterator[Unit]:
        """Units for the shape, which is reached by the chain of paths, and for the property shapes below it."""
        if shape.deactivated:
            return
        evidence = shape.evidence or evidence
        code = shape.code or code
        if shape.constraints:
            yield self._unit(shape, chain, evidence, code)
        below = chain if shape.path is None else (*chain, (evidence, shape.path))
        for inner in shape.properties:
            yield from self.split(inner, below, evidence, code)

    def _unit(
        self, shape: Shape, chain: tuple[tuple[Evidence, Path], ...], evidence: Evidence, code: str | None
    ) -> Unit:
        node = self._compiler.node
        return Unit(
            root=self._root,
            shape=shape,
            prefix=join(*(path for _, path in chain)),
            targets=self._targets,
            see=seen_by(self._evidence),
            chain=tuple((seen_by(seen), compile_path(path, node)) for seen, path in chain),
            last=(seen_by(evidence), compile_path(shape.path, node)),
            finders=tuple(self._compiler.finders(shape, code)),
            reads=tuple(distinct(self._reads(shape, chain, evidence), self._root)),
            is_cheap=not chain and _is_cheap(shape),
        )

    def _reads(self, shape: Shape, chain: tuple[tuple[Evidence, Path], ...], evidence: Evidence) -> Iterator[Read]:
        yield from target_reads(self._root, self._evidence)
        prefix: Path | None = None
        for seen, path in chain:
            yield from path_reads(path, prefix, seen)
            prefix = join(prefix, path)
        yield from own_reads(shape, prefix, evidence)


def _compile_targets(shape: Shape, compiler: Compiler) -> Targets:
    node = compiler.node
    return Targets(
        frozenset(node(t.node) for t in shape.targets if isinstance(t, model.TargetNode)),
        tuple(node(t.cls) for t in shape.targets if isinstance(t, model.TargetClass)),
        tuple(node(t.predicate) for t in shape.targets if isinstance(t, model.TargetSubjectsOf)),
        tuple(node(t.predicate) for t in shape.targets if isinstance(t, model.TargetObjectsOf)),
        tuple(QueryTarget(t, shape.node, compiler.engine) for t in shape.targets if isinstance(t, model.TargetQuery)),
    )


def _is_cheap(shape: Shape) -> bool:
    cheap = model.Count | model.Bound | model.OfDatatype | model.OfKind | model.In | model.HasValue | model.Length
    return isinstance(shape.path, Predicate) and all(isinstance(c, cheap) for c in shape.constraints)
