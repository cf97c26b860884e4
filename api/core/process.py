"""The core at work: everything wired together once, run in one task group, ended in order."""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Callable, Iterable, Mapping
from typing import Any

from api.core.build import Parts, build
from api.core.feed import Feed, working_quads
from api.core.plant_side import LinkSink, Timekeeper, resume_deadlines
from api.core.service import CoreService
from kg.change import Quad
from kg.channel import AsyncClient, Server
from kg.gate import Runner
from kg.names import GraphName
from kg.opcua.dispatch import Dispatcher
from kg.opcua.echo import EchoFilter
from kg.opcua.facts import connection_change
from kg.opcua.link import Link
from kg.plantfolder import PlantFolder
from kg.store import DataDirectory
from kg.tokens import CORE, GATEWAY, read_tokens, socket_path, sources

_log = logging.getLogger(__name__)


def wall_us() -> int:
    """Wall time in microseconds since 1970-01-01 UTC: the one clock that is fed into the Gate."""
    return time.time_ns() // 1000


class CoreProcess:
    """Link, Gate, dispatch and service of one data directory. `run` lives until `close`."""

    def __init__(self, plant: PlantFolder, data: DataDirectory, now_us: Callable[[], int] = wall_us) -> None:
        self._now_us = now_us
        self._root = data.paths.root
        self.parts: Parts = build(plant, data, now_us)
        self.runner = Runner(self.parts.gate, self.parts.clock, now_us)
        tokens = read_tokens(self._root)
        self._gateway = AsyncClient(socket_path(self._root, GATEWAY), tokens[CORE])
        held = [sample.reading for sample in self.parts.recovered.lasts.values()]
        self._echo = EchoFilter(plant.grants, self.parts.numbers, held)
        self._feed = Feed(self.runner)
        self._dispatcher = Dispatcher(
            self._gateway,
            self.runner.submit,
            self._fencing_token(),
            now_us,
            is_healthy=lambda: not self.parts.gate.unsealed,
            expect=self._echo.expect_request,
        )
        sink = LinkSink(self.runner, self._echo)
        lasts = [sample.reading.received_us for sample in self.parts.recovered.lasts.values()]
        self.links = [
            Link(
                server,
                plant.bindings,
                self.parts.numbers,
                sink,
                now_us=now_us,
                last_received_us=max(lasts, default=None),
            )
            for server in plant.servers
        ]
        self._server = Server(socket_path(self._root, CORE), sources(tokens, plant.persons, plant.agents[0]))
        journal = self.parts.journal
        CoreService(
            self.runner,
            self._feed,
            self.parts.history,
            self.status,
            on_record=lambda ident: next(journal.of_subject(ident), None) is not None,
        ).register(self._server)
        for subscriber in (self._feed, Timekeeper(self.runner, self.parts.grants), self._dispatcher):
            self.parts.gate.subscribe(subscriber)
        resume_deadlines(self.parts, now_us())
        self._closing = asyncio.Event()

    async def run(self) -> None:
        """Serve until `close`; then end links, finish what is in flight, and close the journal in good order."""
        self._say_disconnected()
        ended_us: int | None = None
        try:
            async with asyncio.TaskGroup() as group:
                self._dispatcher.start(self._desired(), self.parts.gate.release.hash)
                decide = group.create_task(self.runner.run())
                act = group.create_task(self._dispatcher.run())
                observe = [group.create_task(link.run()) for link in self.links]
                await self._server.start()
                await self._closing.wait()
                for link in self.links:
                    await link.close()
                await asyncio.gather(*observe)
                self._dispatcher.close()
                await act
                await self._server.stop()
                self.runner.close()
                await decide
            ended_us = self._now_us()
        finally:
            await self._server.stop()  # idempotent; where a task broke it still runs
            await self._gateway.close()
            self.parts.close(ended_us)

    def close(self) -> None:
        """Ask `run` to end. Idempotent."""
        self._closing.set()

    def status(self) -> Mapping[str, Any]:
        """How the core is, as plain JSON."""
        gate = self.parts.gate
        return {
            "seq": gate.seq,
            "release": gate.release.hash,
            "plant": self.parts.plant.name,
            "at_us": self._now_us(),
            "plant_us": gate.plant_us,
            "unsealed": gate.unsealed,
            "triples": len(gate.graph),
            "link": {str(s.iri): link.status() for s, link in zip(self.parts.plant.servers, self.links, strict=True)},
            "gateway": self._dispatcher.status(),
            "gate": {
                "decided": self.runner.decided,
                "batches": self.runner.batches,
                "waiting": self.runner.waiting,
                "waits": self.runner.waits.to_json(),
                "violations": sum(1 for _ in gate.shapes.results()),
            },
        }

    def _fencing_token(self) -> int:
        """Rises with every start: the index of the entry that opened the journal this time."""
        return self.parts.journal.head().index

    def _desired(self) -> Iterable[Quad]:
        return (quad for quad in working_quads(self.parts.gate) if quad.g is GraphName.DESIRED)

    def _say_disconnected(self) -> None:
        """Before anybody is heard: until the link says otherwise nothing is connected, and what was silent is stale."""
        now_us = self._now_us()
        changes = [connection_change(s.iri, False, now_us, "the twin starts") for s in self.parts.plant.servers]
        silent = self.parts.clock.due(now_us)
        self.parts.gate.process(changes if silent is None else [*changes, silent])
