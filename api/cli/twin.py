"""The running twin as the command line sees it: its parts, called in a person's name."""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from api.run_info import RunInfo
from kg.change import Change, Kind, Role, Source, Verdict
from kg.channel import Client
from kg.errors import NotAuthorised
from kg.tokens import CORE, GATEWAY, REPLICA, part_iri, read_tokens, socket_path
from kg.wire import change_to_json, json_to_verdict

#: Stands in a Change that is sent; the core puts the authenticated source in its place.
SENDER = Source(part_iri("command-line"), Role.VIEWER)


class Twin:
    """Calls the parts of the twin that runs on a data directory. Raises ServiceDown where none does."""

    def __init__(self, data: Path, login: str) -> None:
        self.data = data
        self.info = RunInfo.read(data)
        tokens = read_tokens(data)
        if login not in tokens:
            people = ", ".join(sorted(tokens.keys() - {CORE, GATEWAY, REPLICA, "agents"}))
            raise NotAuthorised(f"Nobody here has the login {login}; there are: {people}.", login=login)
        self._token = tokens[login]
        self._clients: dict[str, Client] = {}

    def call(self, part: str, method: str, body: Mapping[str, Any] | None = None, timeout_s: float = 10.0) -> Any:
        """The answer of a part's method. Raises what the part raises, or ServiceDown."""
        return self._client(part).call(method, body or {}, timeout_s)

    def stream(self, part: str, method: str, body: Mapping[str, Any]) -> Iterator[dict[str, Any]]:
        return self._client(part).stream(method, body)

    def submit(self, change: Change, dry_run: bool = False) -> Verdict:
        """The Gate's verdict on a Change in this person's name."""
        return json_to_verdict(self.call(CORE, "submit", {"change": change_to_json(change), "dry_run": dry_run}))

    def close(self) -> None:
        for client in self._clients.values():
            client.close()
        self._clients.clear()

    def _client(self, part: str) -> Client:
        if part not in self._clients:
            self._clients[part] = Client(socket_path(self.data, part), self._token)
        return self._clients[part]


@contextmanager
def twin(data: Path, login: str) -> Iterator[Twin]:
    """The running twin, closed at the end."""
    opened = Twin(data, login)
    try:
        yield opened
    finally:
        opened.close()


def now_us() -> int:
    """Wall time in microseconds."""
    return time.time_ns() // 1000


def change_by(kind: Kind, **parts: Any) -> Change:
    """A Change as this command line makes it, dated now."""
    return Change(kind=kind, source=SENDER, at_us=now_us(), **parts)
