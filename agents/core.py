"""The core as the agents see it: submit, subscribe, proof; and the newest samples, read from history."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, AsyncIterator, Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Protocol

from rdflib import Literal, URIRef

from agents.proposal import Input
from kg.change import Change, Match, Published, Quad, Verdict
from kg.history import HistoryReader
from kg.proof import Json
from kg.wire import change_to_json, json_to_published, json_to_verdict, term_text, text_to_quads


class Channel(Protocol):
    """What is used of `kg.channel.AsyncClient`."""

    async def call(self, name: str, body: Mapping[str, Any], timeout_s: float = 10.0) -> dict[str, Any]: ...
    def stream(self, name: str, body: Mapping[str, Any]) -> AsyncIterator[dict[str, Any]]: ...


class Samples(Protocol):
    """Where the newest samples of properties come from. May block."""

    def newest(self, prop: URIRef, value: Literal, at_us: int) -> Input | None:
        """The newest sample at a plant time, or None where there is none."""


@dataclass(frozen=True, slots=True)
class Snapshot:
    """All quads of the working graphs at a seq."""

    quads: tuple[Quad, ...]
    seq: int
    release: str
    plant_us: int


class Core:
    """Typed calls to the core. Raises the core's TwinErrors, and ServiceDown where it does not answer."""

    def __init__(self, channel: Channel) -> None:
        self._channel = channel

    async def submit(self, change: Change) -> Verdict:
        """The Gate's verdict; an admitted Change is durable."""
        return json_to_verdict(await self._channel.call("submit", {"change": change_to_json(change), "dry_run": False}))

    async def dry_run(self, change: Change) -> Verdict:
        """What the Gate would say now; nothing is left of it."""
        return json_to_verdict(await self._channel.call("submit", {"change": change_to_json(change), "dry_run": True}))

    async def proof(self, match: Match) -> dict[str, Json]:
        """The proof of a match as JSON; empty where it no longer holds."""
        triple = {"s": term_text(match.target), "p": term_text(match.rule), "o": term_text(match.value)}
        return await self._channel.call("proof", triple)

    async def events(self, from_seq: int | None) -> AsyncGenerator[Snapshot | Published, None]:
        """A snapshot where `from_seq` is None or too old, then every event after it. Close it when done."""
        stream = self._channel.stream("subscribe", {"from_seq": from_seq})
        try:
            async for item in stream:
                yield _snapshot(item["snapshot"]) if "snapshot" in item else json_to_published(item["event"])
        finally:
            # ends the call at once instead of when the generator is collected
            if isinstance(stream, AsyncGenerator):
                await stream.aclose()


def _snapshot(told: Mapping[str, Any]) -> Snapshot:
    return Snapshot(text_to_quads(told["quads"]), told["seq"], told["release"], told.get("plant_us", 0))


class HistorySamples:
    """Newest samples out of the twin's own history file, read-only."""

    def __init__(self, reader: HistoryReader) -> None:
        self._reader = reader

    def newest(self, prop: URIRef, value: Literal, at_us: int) -> Input | None:
        tag = self._reader.tag(str(prop))
        sample = None if tag is None else self._reader.last_at(tag, at_us)
        if sample is None:
            return None
        return Input(prop, value, sample.reading.status, sample.reading.source_us, sample.seq)


class NoSamples:
    """For agents that run away from the history: inputs then carry value and status only."""

    def newest(self, prop: URIRef, value: Literal, at_us: int) -> Input | None:
        return None


async def newest_samples(samples: Samples, inputs: Iterable[Input], at_us: int) -> tuple[Input, ...]:
    """The inputs, each with the time, status and seq of its sample where history knows it."""

    def look_up() -> tuple[Input, ...]:
        return tuple(samples.newest(given.prop, given.value, at_us) or given for given in inputs)

    return await asyncio.to_thread(look_up)
