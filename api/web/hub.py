"""One subscription to the core for the whole process: the newest picture, trends, and the events of the last minutes.

However many browsers look, the core serves one subscriber. A reader of events that is too slow, or asks for events
that are no longer kept, is told to begin again; nobody makes the core wait.
"""

from __future__ import annotations

import asyncio
import logging
from collections import deque
from collections.abc import AsyncGenerator, AsyncIterator, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any, Final, Protocol

from rdflib import URIRef

from api.live import LineModel
from api.web.trends import Trends
from kg.errors import TwinError

_LOG = logging.getLogger(__name__)
KEPT: Final = 4096
"""Events that a reader may have missed and still resume."""
BEHIND: Final = 1024
"""Events that may wait for one reader before it is told to begin again."""
_RETRY_S: Final = 1.0
_TELL_S: Final = 0.25
"""Pages hear of news at most this often."""


class Core(Protocol):
    """The part of `kg.channel.AsyncClient` that is needed here."""

    def stream(self, name: str, body: Mapping[str, Any]) -> AsyncIterator[dict[str, Any]]: ...


class Hub:
    """Follows the core. Everything here belongs to one event loop."""

    def __init__(self, core: Core) -> None:
        self.model = LineModel()
        self.connected = False
        """False while the core does not answer: then the model is old, and pages must say so."""
        self.release = ""
        self._core = core
        self._trends = Trends()
        self._recent: deque[Mapping[str, Any]] = deque(maxlen=KEPT)
        self._readers: set[asyncio.Queue[Mapping[str, Any] | None]] = set()
        self._watchers: set[asyncio.Event] = set()
        self._news = False

    async def run(self) -> None:
        """Follow until cancelled."""
        async with asyncio.TaskGroup() as group:
            group.create_task(self._follow())
            group.create_task(self._tell())

    def trend(self, subject: str, predicate: URIRef) -> Sequence[tuple[int, float]]:
        """(plant time in microseconds, value) since this process began to look, thinned, the newest last."""
        return self._trends.of(str(subject), str(predicate))

    @property
    def readers(self) -> int:
        """How many streams of events are open."""
        return len(self._readers)

    @contextmanager
    def watch(self) -> Iterator[asyncio.Event]:
        """An event that is set whenever something was published; the watcher clears it."""
        event = asyncio.Event()
        self._watchers.add(event)
        try:
            yield event
        finally:
            self._watchers.discard(event)

    async def events(self, after: int | None = None) -> AsyncGenerator[Mapping[str, Any]]:
        """Published events after a seq (None: from now on); `{"resync": seq}` where those are no longer kept.

        A resync is followed by what happens from then on. Ends when the reader is too slow.
        """
        queue: asyncio.Queue[Mapping[str, Any] | None] = asyncio.Queue()
        missed = self._missed(after)
        self._readers.add(queue)
        try:
            if missed is None:
                yield {"resync": self.model.seq}
            for event in missed or ():
                yield event
            while (following := await queue.get()) is not None:
                yield following
        finally:
            self._readers.discard(queue)

    def _missed(self, after: int | None) -> list[Mapping[str, Any]] | None:
        if after is None or after == self.model.seq:
            return []
        if after > self.model.seq or not self._recent or self._recent[0]["seq"] > after + 1:
            return None
        return [event for event in self._recent if event["seq"] > after]

    async def _follow(self) -> None:
        while True:
            try:
                async for item in self._core.stream("subscribe", {"from_seq": self._known()}):
                    self._take(item)
            except TwinError as error:
                _LOG.info("the core does not answer: %s", error.message)
            self.connected, self._news = False, True
            await asyncio.sleep(_RETRY_S)

    def _known(self) -> int | None:
        return self.model.seq or None

    def _take(self, item: Mapping[str, Any]) -> None:
        self.connected = self._news = True
        if "snapshot" in item:
            snapshot = item["snapshot"]
            self.release = snapshot["release"]
            self._recent.clear()
            self.model.start(snapshot)
            self._publish({"resync": self.model.seq})
            return
        event = item["event"]
        if event["seq"] <= self.model.seq and event["admitted"]:
            return
        self.release = event["release"]
        self.model.apply(event)
        self._recent.append(event)
        self._publish(event)

    def _publish(self, event: Mapping[str, Any]) -> None:
        for queue in list(self._readers):
            if queue.qsize() >= BEHIND:
                self._readers.discard(queue)
                queue.put_nowait(None)
            else:
                queue.put_nowait(event)

    async def _tell(self) -> None:
        while True:
            await asyncio.sleep(_TELL_S)
            if self._news:
                self._news = False
                self._trends.take(self.model)
                for event in self._watchers:
                    event.set()
