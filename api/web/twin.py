"""The running twin as routes and pages see it: its parts, called in a person's name, and its record, read-only."""

from __future__ import annotations

import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from fastapi import Request

from api.run_info import RunInfo
from api.settings import Settings
from api.web.hub import Hub
from api.web.identity import People, Person
from api.web.strikes import Strikes
from kg.change import Change, Source, Verdict
from kg.channel import AsyncClient
from kg.history import HistoryReader
from kg.journal import JournalReader
from kg.names import GraphName
from kg.plantfolder import PlantFolder
from kg.store import DataPaths
from kg.tokens import CORE, WEB, read_tokens, socket_path
from kg.wire import change_to_json, json_to_verdict


class Twin:
    """Opened once for the whole process. `journal` and `history` block: call them on a thread."""

    def __init__(self, data: Path, plant: PlantFolder, settings: Settings, panel: Path | None = None) -> None:
        """Raises ServiceDown where no twin has been started on the data directory."""
        tokens = read_tokens(data)
        paths = DataPaths(data)
        self.data = data
        self.plant = plant
        self.settings = settings
        self.panel = panel
        """Socket of the simulated plant's operator panel; None unless this is a demonstration."""
        self.info = RunInfo.read(data)
        self.people = People(plant.persons, plant.graphs[GraphName.POLICY], tokens)
        self.journal = JournalReader.open(paths.journal)
        self.history = HistoryReader.open(paths.history)
        self.strikes = Strikes()
        self._token = tokens[WEB]
        self._clients: dict[tuple[str, str], AsyncClient] = {}
        self.hub = Hub(self._client(CORE, self._token))

    async def call(
        self,
        person: Person | None,
        part: str,
        method: str,
        body: Mapping[str, Any] | None = None,
        timeout_s: float = 10.0,
    ) -> dict[str, Any]:
        """The answer of a part's method; without a person as the web process, which may only look.

        Raises what the part raises, or ServiceDown.
        """
        token = self._token if person is None else person.token
        return await self._client(part, token).call(method, body or {}, timeout_s)

    async def submit(self, person: Person, change: Change, dry_run: bool = False) -> Verdict:
        """The Gate's verdict on a Change in this person's name."""
        body = {"change": change_to_json(change), "dry_run": dry_run}
        return json_to_verdict(await self.call(person, CORE, "submit", body))

    def source(self, person: Person) -> Source:
        """The person as the source of a Change."""
        return Source(person.iri, person.role)

    def now_us(self) -> int:
        """Wall time in microseconds."""
        return time.time_ns() // 1000

    async def close(self) -> None:
        """Idempotent."""
        for client in self._clients.values():
            await client.close()
        self._clients.clear()
        self.journal.close()
        self.history.close()

    def _client(self, part: str, token: str) -> AsyncClient:
        key = part, token
        if key not in self._clients:
            self._clients[key] = AsyncClient(socket_path(self.data, part), token)
        return self._clients[key]


def the_twin(request: Request) -> Twin:
    """A dependency for routes."""
    return request.app.state.twin  # type: ignore[no-any-return]
