"""What is known of the line, by predicate: pages ask for one predicate at a time, of all nodes or of one."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, MutableMapping
from typing import Any


class Facts(MutableMapping[tuple[str, str], Any]):
    """(subject, predicate) -> value, one each."""

    def __init__(self, known: Mapping[tuple[str, str], Any] | None = None) -> None:
        self._by_predicate: dict[str, dict[str, Any]] = {}
        self.update(known or {})

    def of(self, predicate: str) -> Mapping[str, Any]:
        """subject -> value of one predicate. Cost: none."""
        return self._by_predicate.get(str(predicate), {})

    def __getitem__(self, key: tuple[str, str]) -> Any:
        return self._by_predicate[key[1]][key[0]]

    def get(self, key: tuple[str, str], default: Any = None) -> Any:
        known = self._by_predicate.get(key[1])
        return default if known is None else known.get(key[0], default)

    def __setitem__(self, key: tuple[str, str], value: Any) -> None:
        known = self._by_predicate.get(key[1])
        if known is None:
            known = self._by_predicate[key[1]] = {}
        known[key[0]] = value

    def __delitem__(self, key: tuple[str, str]) -> None:
        del self._by_predicate[key[1]][key[0]]

    def __iter__(self) -> Iterator[tuple[str, str]]:
        return ((subject, predicate) for predicate, known in self._by_predicate.items() for subject in known)

    def __len__(self) -> int:
        return sum(map(len, self._by_predicate.values()))

    def clear(self) -> None:
        self._by_predicate.clear()
