"""What the core answers over the request channel."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Mapping
from typing import Any

from api.core.feed import Feed
from api.core.incoming import incoming
from kg.change import Source
from kg.channel import Server
from kg.errors import BadChange, BadValue, UnknownNode
from kg.gate import Runner
from kg.history import HistoryReader
from kg.wire import finding_to_json, text_to_term, verdict_to_json

Body = Mapping[str, Any]
_MOST_SAMPLES = 100_000


class CoreService:
    """submit, why_not, subscribe, status, proof, violations, history: see docs/reference/services.md."""

    def __init__(
        self,
        runner: Runner,
        feed: Feed,
        history: HistoryReader,
        status: Callable[[], Mapping[str, Any]],
        on_record: Callable[[str], bool],
    ) -> None:
        """`on_record` says whether a decision of this id is in the journal; it may block."""
        self._runner = runner
        self._feed = feed
        self._history = history
        self._status = status
        self._on_record = on_record

    def register(self, server: Server) -> None:
        """Make the methods known to a channel server."""
        server.unary("submit", self.submit)
        server.unary("why_not", self.why_not)
        server.unary("status", self.status)
        server.unary("proof", self.proof)
        server.unary("violations", self.violations)
        server.unary("history", self.history)
        server.streaming("subscribe", self.subscribe)

    async def submit(self, source: Source, body: Body) -> Body:
        """The verdict on a Change; with `dry_run` nothing happens beyond it."""
        change = incoming(body["change"], source)
        if await asyncio.to_thread(self._on_record, change.id):
            raise BadChange("This id is on record already; every Change has one of its own.", id=change.id)
        if body.get("dry_run"):
            return verdict_to_json(await self._runner.dry_run(change))
        return verdict_to_json(await self._runner.submit(change))

    async def why_not(self, source: Source, body: Body) -> Body:
        """What would make a Change pass that would be refused now. Nothing is changed or recorded.

        The Gate decides nothing else meanwhile, so that the search is bounded (`kg.repair.Bound`).
        """
        change = incoming(body["change"], source)
        async with self._runner.between_batches() as gate:
            return gate.why_not(change).to_json()

    async def subscribe(self, source: Source, body: Body) -> AsyncIterator[Body]:
        """Everything recorded from a seq on, or a snapshot and everything after it."""
        from_seq = body.get("from_seq")
        async for item in self._feed.stream(None if from_seq is None else int(from_seq)):
            yield item

    async def status(self, source: Source, body: Body) -> Body:
        """How the core, its link and its gateway are."""
        return self._status()

    async def proof(self, source: Source, body: Body) -> Body:
        """Why a fact holds now; {} where it does not. With `alternatives`, up to so many proofs, the shortest first."""
        s, p, o = (text_to_term(body[key]) for key in ("s", "p", "o"))
        most = body.get("alternatives")
        if most is not None and type(most) is not int:
            raise BadValue(f"The number of proofs that is asked for must be a whole number, not {most!r}.")
        async with self._runner.between_batches() as gate:
            # what domain rules derived lies below and is explained too
            if most is not None:
                found = gate.conditions.explain_all(s, p, o, most)
                proofs = [proof.stamped(gate.seq).to_json() for proof in found.proofs]
                return {"proofs": proofs, "more": found.more}
            proof = gate.conditions.explain(s, p, o)
            return {} if proof is None else proof.stamped(gate.seq).to_json()

    async def violations(self, source: Source, body: Body) -> Body:
        """All validation results that hold."""
        async with self._runner.between_batches() as gate:
            return {"findings": [finding_to_json(finding) for finding in gate.shapes.results()]}

    async def history(self, source: Source, body: Body) -> Body:
        """Samples of a property between two source times, oldest first."""
        prop = str(body["property"])
        tag = self._history.tag(prop)
        if tag is None:
            raise UnknownNode(f"{prop} has no history.", property=prop)
        limit = min(int(body.get("limit") or _MOST_SAMPLES), _MOST_SAMPLES)
        if limit < 0:
            raise BadValue(f"A history is asked for up to {_MOST_SAMPLES} samples, not {limit}.", limit=limit)
        samples = self._history.range(tag, int(body["from_us"]), int(body["to_us"]), limit)
        return {
            "samples": [[r.source_us, _plain(r.value), r.status, seq, r.received_us, r.flags] for seq, r in samples]
        }


def _plain(value: object) -> object:
    """JSON has no NaN and no infinity; they travel as text."""
    return repr(value) if isinstance(value, float) and value - value != 0 else value
