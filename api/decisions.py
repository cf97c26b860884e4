"""Decisions and their explanations out of a data directory, whether or not a twin runs on it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

from agents.explanation import DecisionSummary, Explanation, decisions, explain
from kg.errors import JournalBroken, UnknownNode
from kg.history import HistoryReader
from kg.journal import JournalReader
from kg.store import DataPaths


@contextmanager
def journal_of(data: Path) -> Iterator[JournalReader]:
    """The journal of a data directory, read-only. Raises JournalBroken where there is none."""
    path = DataPaths(data).journal
    if not path.exists():
        raise JournalBroken(f"There is no journal in {data}.", data=str(data))
    with JournalReader.open(path) as journal:
        yield journal


def newest(data: Path, limit: int) -> list[DecisionSummary]:
    """The newest decisions, newest first."""
    with journal_of(data) as journal:
        return decisions(journal, limit)


def explanation_of(data: Path, ident: str) -> Explanation:
    """Why a decision was taken. Raises UnknownNode where the record knows none."""
    with _record(data) as (journal, history):
        return explain(journal, history, ident)


def unexplained(data: Path, idents: Iterable[str]) -> list[str]:
    """Those of the decisions whose explanation does not end in samples."""
    lacking = []
    with _record(data) as (journal, history):
        for ident in idents:
            try:
                complete = explain(journal, history, ident).is_complete
            except UnknownNode:
                complete = False
            if not complete:
                lacking.append(ident)
    return lacking


@contextmanager
def _record(data: Path) -> Iterator[tuple[JournalReader, HistoryReader | None]]:
    path = DataPaths(data).history
    with ExitStack() as stack:
        journal = stack.enter_context(journal_of(data))
        history = stack.enter_context(HistoryReader.open(path)) if path.exists() else None
        yield journal, history
