"""The core's side of a write: admitted requests go to the gateway, what it reports comes back as Changes.

A request never stays pending: it ends with what the gateway says, or, where the gateway cannot be asked, as blocked,
expired or unknown, depending on what is known of how far it had come. Nothing is ever sent twice: after a lost
connection and after a restart the gateway is asked how the request ended.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable, Iterable
from contextlib import suppress
from typing import Any

from rdflib import URIRef

from kg.change import Change, Kind, Published, Quad, Verdict
from kg.channel import AsyncClient
from kg.errors import CallerError, ServiceDown, TwinError
from kg.names import GraphName
from kg.opcua.outcomes import OpenRequest, open_requests, outcome_change, stage_change, unwritten
from ontology import TW

_log = logging.getLogger(__name__)

Submit = Callable[[Change], Awaitable[Verdict]]

#: How long a lease lasts, in seconds, and how many times it is renewed in that time; two renewals may fail.
LEASE_S, RENEWALS = 3.5, 3.5
_ASK_AGAIN_S = 0.25
_HUNG_US = 30_000_000
"""How long after its expiry a request's stream may go on; a confirmation takes seconds at most."""
_GRACE_US = 5_000_000
"""How long after its expiry an unreachable gateway is still asked about a request."""


class Dispatcher:
    """Subscriber of the Gate and client of the gateway. `run` lives until `close`."""

    def __init__(
        self,
        client: AsyncClient,
        submit: Submit,
        token: int,
        clock: Callable[[], int],
        *,
        is_healthy: Callable[[], bool] = lambda: True,
        expect: Callable[[OpenRequest], None] = lambda _: None,
        lease_s: float = LEASE_S,
    ) -> None:
        """`clock` gives wall time in microseconds. While `is_healthy` says no the lease is not renewed, so that a core
        that cannot decide or record lets go. `expect` is told of each request before the gateway is, so that its
        echo is recognised."""
        self._client = client
        self._submit = submit
        self._token = token
        self._clock = clock
        self._is_healthy = is_healthy
        self._expect = expect
        self._lease_s = lease_s
        self._waiting: asyncio.Queue[tuple[OpenRequest, str, bool]] = asyncio.Queue()
        self._desired: dict[URIRef, set[Quad]] = {}
        self._closing = asyncio.Event()
        self._in_flight: dict[URIRef, str] = {}
        self._lease_ok = False

    def start(self, quads: Iterable[Quad], release: str) -> None:
        """Take up what the graph `desired` held when the core began: desired values, and requests without an end."""
        quads = list(quads)
        for quad in quads:
            self._follow(quad, True)
        for request in open_requests(quads):
            self._waiting.put_nowait((request, release, True))

    def published(self, event: Published) -> None:
        """Called by the Gate for each recorded Change, on the event loop. Does not block."""
        for quad in event.removed:
            self._follow(quad, False)
        for quad in event.added:
            self._follow(quad, True)
        if event.kind is Kind.REQUEST and event.admitted:
            for request in open_requests(event.added):
                self._waiting.put_nowait((request, event.release, False))

    async def run(self) -> None:
        """Keep the lease and carry out requests until `close`."""
        async with asyncio.TaskGroup() as group:
            group.create_task(self._keep_lease())
            closing = group.create_task(self._closing.wait())
            while not self._closing.is_set():
                taken = asyncio.create_task(self._waiting.get())
                try:
                    await asyncio.wait({taken, closing}, return_when=asyncio.FIRST_COMPLETED)
                finally:
                    taken.cancel()  # without effect on what has been taken
                if not taken.done():
                    break
                request, release, is_old = taken.result()
                group.create_task(self._deal_with(request, release, is_old))

    def close(self) -> None:
        """Ask `run` to end once what is in flight has ended. Idempotent."""
        self._closing.set()

    def status(self) -> dict[str, Any]:
        return {"lease": self._lease_ok, "token": self._token, "in_flight": sorted(map(str, self._in_flight))}

    async def _deal_with(self, request: OpenRequest, release: str, is_old: bool) -> None:
        """From the gateway's door to a recorded outcome."""
        self._in_flight[request.node] = "sent"
        try:
            if is_old:
                outcome = await self._ask(request, begun=True)
            else:
                outcome = await self._execute(request, release)
            if outcome is not None:
                await self._record_outcome(request, outcome)
        except Exception:  # noqa: BLE001  one request must not end the dispatcher; at the next start it is asked about
            _log.exception("the request %s could not be dealt with", request.node)
        finally:
            del self._in_flight[request.node]

    async def _execute(self, request: OpenRequest, release: str) -> dict[str, Any] | None:
        order = request.order(self._token, release)
        if order is None:
            return unwritten("blocked", "no-prior", "No value has ever been reported that this one could replace.")
        self._expect(request)
        begun, told = False, False
        try:
            await self._renew()
            async with asyncio.timeout((request.expires_us - self._clock() + _HUNG_US) / 1e6):
                async for event in self._client.stream("execute", order):
                    begun = True
                    if "outcome" in event:
                        # a write without a stage is an earlier one under the same id; it proves nothing of this one
                        return event if told or not event.get("written") else _used(request)
                    told = True
                    self._in_flight[request.node] = str(event["stage"])
                    await self._submit(stage_change(request, event, int(event["at_us"])))
        except TimeoutError:
            _log.warning("%s: the gateway has begun and says nothing more", request.node)
        except CallerError as error:
            return unwritten("blocked", error.code, error.message)
        except TwinError as error:
            _log.warning("%s: %s", request.node, error.message)
        return await self._ask(request, begun)

    async def _ask(self, request: OpenRequest, begun: bool) -> dict[str, Any] | None:
        """How a request ended whose answer was lost; None where the core ends first, and the next one will ask.

        Waits for the gateway until the request's time is long over.
        """
        name = str(request.node)
        while not self._closing.is_set():
            why = "it is still busy with the request."
            try:
                known = (await self._client.call("outcomes", {"requests": [name]}, timeout_s=2.0))["outcomes"]
                if known.get(name) is not None:
                    return dict(known[name])
                if name not in known:
                    return unwritten("blocked", "not-executed", "The request did not reach the write gateway.")
            except ServiceDown as error:
                why = error.message
            if self._clock() > request.expires_us + _GRACE_US:
                return _given_up(begun, why)
            await asyncio.sleep(_ASK_AGAIN_S)
        return None

    async def _record_outcome(self, request: OpenRequest, outcome: dict[str, Any]) -> None:
        """Submit until it is recorded: an outcome is never refused, but for a while the disk may be."""
        desired = self._desired.get(request.target, set())
        while True:
            change = outcome_change(request, outcome, self._clock(), tuple(desired))
            verdict = await self._submit(change)
            if verdict.admitted or self._closing.is_set():
                return
            await asyncio.sleep(_ASK_AGAIN_S)

    async def _keep_lease(self) -> None:
        while not self._closing.is_set():
            if self._is_healthy():
                try:
                    await self._renew()
                    self._lease_ok = True
                except TwinError as error:
                    if self._lease_ok:
                        _log.warning("the lease could not be renewed: %s", error.message)
                    self._lease_ok = False
            with suppress(TimeoutError):
                await asyncio.wait_for(self._closing.wait(), self._lease_s / RENEWALS)

    async def _renew(self) -> None:
        await self._client.call("alive", {"token": self._token, "ttl_s": self._lease_s}, timeout_s=1.0)

    def _follow(self, quad: Quad, is_there: bool) -> None:
        """Keep the quads that say what is desired of a property, because they are removed by their exact text."""
        if quad.g is GraphName.DESIRED and quad.p in (TW.desired, TW.desiredBy) and isinstance(quad.s, URIRef):
            held = self._desired.setdefault(quad.s, set())
            (held.add if is_there else held.discard)(quad)


def _used(request: OpenRequest) -> dict[str, Any]:
    sentence = f"A request with the id {request.node} was carried out before; a new one needs an id of its own."
    return unwritten("blocked", "used-before", sentence)


def _given_up(begun: bool, why: str) -> dict[str, Any]:
    if begun:
        sentence = f"The write gateway had begun and can't be asked: {why}"
        return {**unwritten("unknown", "gateway-lost", sentence), "written": True}
    return unwritten("expired", "gateway-down", f"The write gateway was not reached in time: {why}")
