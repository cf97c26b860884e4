"""Judging on suppositions: a Change as edited, on the graph as it would be if certain facts were otherwise.

Everything happens in transactions that are rolled back, so that nothing stays in graph, engines or approvals.
"""

from __future__ import annotations

from collections.abc import Callable, Generator, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace

from rdflib import URIRef

from kg.change import Change, Findings, Kind, Quad, Verdict
from kg.errors import CallerError, Undecided
from kg.gate.requests import Request, project, read_request, stage_request
from kg.gate.tags import Tags
from kg.graph import Transaction, WorkingGraph
from kg.names import WORKING
from kg.repair import By, Edit, Line, Part
from kg.stages import Advice, Inference, Validation


@dataclass(frozen=True, slots=True)
class Inside:
    """What the Gate lets the search use of itself."""

    graph: WorkingGraph
    tags: Tags
    rules: Inference
    shapes: Validation
    conditions: Inference
    advice: Advice | None
    judge: Callable[[Change], Verdict]
    """The verdict on a dated Change; nothing stays."""
    follow: Callable[[Findings, Transaction], None]
    """Let violations and standing shapes follow the findings of a transaction."""
    approve: Callable[[Change, URIRef], Callable[[], None]]
    """Hold a person's approval of a request; returns how to undo it."""


def edited(change: Change, edits: Iterable[Edit]) -> Change:
    """The Change with the edits that concern itself."""
    listed = tuple(edits)
    return replace(
        change,
        adds=_lines(change.adds, Part.ADDS, listed),
        removes=_lines(change.removes, Part.REMOVES, listed),
        read_set=_lines(change.read_set, Part.READ_SET, listed),
    )


class Trials:
    """Tries sets of edits on one Change."""

    def __init__(self, inside: Inside, change: Change) -> None:
        self._inside = inside
        self._change = change

    @contextmanager
    def supposing(self, edits: Iterable[Edit]) -> Iterator[Change | None]:
        """The Change as edited, while the edits of facts and approvals hold; None where they could not come about.

        They could not where no check of them comes to an end, or where a person's part of them would be refused.
        """
        listed = tuple(edits)
        change = edited(self._change, listed)
        transaction = Transaction(self._inside.graph)
        try:
            yield change if self._suppose(change, listed, transaction) else None
        finally:
            transaction.rollback()

    def scenes(self, change: Change) -> Generator[Request | None, None, None]:
        """The graph with what the Change says and all that follows; for a request with its value first, then without.

        Ends at once where the Change can't be put there. Close it: the graph is as it was only after that.
        """
        inside, transaction = self._inside, Transaction(self._inside.graph)
        try:
            request = self._stage(change, transaction)
            inside.rules.infer(transaction)
            if request is not None:
                savepoint = transaction.savepoint()
                project(request, inside.tags, transaction)
                inside.rules.infer(transaction)
                yield request
                transaction.rollback(savepoint)
            yield request
        except (CallerError, Undecided):
            return
        finally:
            transaction.rollback()

    def _suppose(self, change: Change, edits: tuple[Edit, ...], transaction: Transaction) -> bool:
        inside = self._inside
        facts = [edit for edit in edits if edit.part is Part.FACTS]
        for edit in facts:
            self._apply(edit, transaction)
        try:
            if facts:
                inside.rules.infer(transaction)
                findings = inside.shapes.check(transaction)
                if findings.undecided or (findings.blocking and any(edit.by is By.PERSON for edit in facts)):
                    return False
                inside.follow(findings, transaction)
                inside.conditions.infer(transaction)
            for edit in edits:
                if edit.part is Part.APPROVALS and edit.new is not None:
                    transaction.on_rollback(inside.approve(change, URIRef(edit.new.o)))
        except (CallerError, Undecided):
            return False
        return True

    def _apply(self, edit: Edit, transaction: Transaction) -> None:
        node = self._inside.graph.terms.node
        for line, act in ((edit.old, transaction.remove), (edit.new, transaction.add)):
            if isinstance(line, Quad):
                act(node(line.s), node(line.p), node(line.o), line.g)

    def _stage(self, change: Change, transaction: Transaction) -> Request | None:
        inside, node = self._inside, self._inside.graph.terms.node
        if change.kind is Kind.REQUEST:
            request = read_request(change, inside.tags, inside.graph)
            stage_request(request, change, (), transaction)
            return request
        for quads, act in ((change.removes, transaction.remove), (change.adds, transaction.add)):
            for quad in quads:
                if quad.g in WORKING:
                    act(node(quad.s), node(quad.p), node(quad.o), quad.g)
        return None


def _lines(lines: tuple[Line, ...], part: Part, edits: tuple[Edit, ...]) -> tuple:  # type: ignore[type-arg]
    """The lines of one part of a Change after the edits: exchanged in their places, new ones at the end."""
    mine = [edit for edit in edits if edit.part is part]
    if not mine:
        return lines
    changed = {edit.old: edit.new for edit in mine if edit.old is not None}
    kept = [changed.get(line, line) for line in lines]
    fresh = [edit.new for edit in mine if edit.old is None]
    return tuple(dict.fromkeys(line for line in (*kept, *fresh) if line is not None))
