"""What has been read of a journal once and is kept for as long as the journal is open."""

from __future__ import annotations

from collections.abc import Callable
from typing import Generic, TypeVar
from weakref import WeakKeyDictionary

from kg.journal import JournalReader

T = TypeVar("T")


class Known(Generic[T]):
    """One T a journal, made when it is first asked for."""

    def __init__(self, make: Callable[[JournalReader], T]) -> None:
        self._make = make
        self._of: WeakKeyDictionary[JournalReader, T] = WeakKeyDictionary()

    def of(self, journal: JournalReader) -> T:
        found = self._of.get(journal)
        return self._of.setdefault(journal, self._make(journal)) if found is None else found
