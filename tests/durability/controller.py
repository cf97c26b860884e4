"""A controller that keeps what it has seen outside the twin, and the gateway's own executor in front of it."""

from __future__ import annotations

import asyncio
import random
from collections.abc import Callable, Iterable
from functools import cache
from typing import Any

from asyncua import ua
from asyncua.ua.status_codes import StatusCodes
from outside import Outside, told
from rdflib import URIRef
from small_plant import small_plant

from kg.bindings import Binding
from kg.errors import LinkDown
from kg.names import GraphName
from kg.opcua.gateway import Executor, GatewayLog, Intent, Lease, Order, Outcome, Pace, Site, read_site
from kg.opcua.gateway.device import Sample
from kg.store import DataDirectory
from ontology import PACK, TW

#: What a controller does with a write. `down` is no write: the connection ends before anything is sent.
BEHAVIOURS = ("obey", "obey", "obey", "clamp", "refuse", "ignore", "silent", "silent", "down")
_SPEEDS = (PACK.setMachSpeed, PACK.machSpeed, PACK.curMachSpeed)
_STANDING = {TW.siteRemote: True, TW.twinEnable: True, TW.maintenance: False, PACK.unitModeCurrent: 1}
_EXECUTE = 6


class Controller:
    """Stands where `kg.opcua.gateway.device.Device` stands. What it has taken over survives the twin."""

    def __init__(self, data: DataDirectory) -> None:
        self._seen = Outside(data.paths.root, "controller")
        self.behaviour = "obey"
        self.request = ""
        """The request being carried out, noted beside each write."""
        self._source_us = 1_700_000_000_000_000
        self._held = dict.fromkeys((b.equipment for b in small_plant().bindings), 300.0)
        self._is_mute = False
        for write in told(data.paths.root, "controller"):
            self._held[URIRef(write["equipment"])] = write["held"]

    def held(self, equipment: str) -> float:
        """The setpoint in force, which is also what the feedback and the effect show."""
        return self._held[URIRef(equipment)]

    def value(self, binding: Binding) -> Any:
        if binding.predicate in _SPEEDS:
            return self._held[binding.equipment]
        return _STANDING.get(binding.predicate, _EXECUTE)

    async def read(self, bindings: Iterable[Binding], timeout_s: float | None = None) -> list[Sample]:
        if self._is_mute:
            raise LinkDown("No answer.")
        self._source_us += 1000
        return [Sample(self.value(binding), 0, self._source_us) for binding in bindings]

    async def write(
        self, binding: Binding, variant: ua.Variant, timeout_s: float, still_allowed: Callable[[], bool]
    ) -> int | None:
        if self.behaviour == "down" or not still_allowed():
            raise LinkDown("Nothing was sent.")
        before, value = self._held[binding.equipment], float(variant.Value)
        held, answer = {
            "clamp": (value - 20.0, StatusCodes.GoodClamped),
            "refuse": (before, StatusCodes.BadOutOfRange),
            "ignore": (before, 0),
            "silent": (value, None),
        }.get(self.behaviour, (value, 0))
        self._held[binding.equipment] = held
        self._is_mute = self.behaviour == "silent"
        which = {"request": self.request, "target": binding.prop, "equipment": binding.equipment}
        self._seen.tell({**which, "value": value, "held": held})
        return answer

    def recover(self) -> None:
        """Answer again."""
        self._is_mute = False

    def close(self) -> None:
        self._seen.close()


class WriteGateway:
    """The gateway without its service: log, lease, executor and the controller, as `Gateway.run` puts them together.

    Each opening is a new core with a higher fencing token.
    """

    def __init__(self, data: DataDirectory, now_us: Callable[[], int], log_kind: type[GatewayLog] = GatewayLog) -> None:
        self.log = log_kind(data.paths.gateway)
        self.lost = self.log.recover(now_us())
        self.controller = Controller(data)
        self.token = self.log.highest_token + 1
        lease = Lease(self.log)
        lease.renew(self.token, 10.0, now_us())
        self._now_us, self._lease = now_us, lease
        self._executor = Executor(
            _site(),
            {server.iri: self.controller for server in small_plant().servers},  # type: ignore[misc]
            self.log,
            lease,
            now_us,
            pace=Pace(poll_s=0.001, effect_s=0.005),
        )
        self._runner = asyncio.Runner()

    def execute(self, order: Order, behaviour: str) -> tuple[list[dict[str, Any]], Outcome]:
        """Carry out an order at a controller that behaves so. The stages told, and the outcome."""
        stages: list[dict[str, Any]] = []
        self._lease.renew(self.token, 10.0, self._now_us())
        self.controller.behaviour, self.controller.request = behaviour, order.request
        outcome = self._runner.run(self._executor.execute(order, stages.append))
        self.controller.recover()
        return stages, outcome

    def close(self) -> None:
        self._runner.close()
        self.controller.close()
        self.log.close()


class CarelessLog(GatewayLog):
    """A log that is wrong: an intent is durable only with its outcome, after the write. For the harness to find."""

    _meant: Intent | None = None

    def intend(self, intent: Intent) -> None:
        self._meant = intent

    def conclude(self, outcome: Outcome) -> None:
        if self._meant is not None and self._meant.request == outcome.request:
            super().intend(self._meant)
        super().conclude(outcome)


@cache
def _site() -> Site:
    plant = small_plant()
    return read_site(plant.graphs[GraphName.PLANT], plant.graphs[GraphName.POLICY])


def require_one_write_per_intent(data: DataDirectory, log: GatewayLog) -> set[str]:
    """Of a log that has been recovered: each write that the controller saw has its one intent, and each intent an end.

    Returns the requests that were written.
    """
    writes = told(data.paths.root, "controller")
    requests = [write["request"] for write in writes]
    assert len(set(requests)) == len(requests), f"written twice: {sorted(requests)}"
    for write in writes:
        intent = log.intent(write["request"])
        assert intent is not None, f"written without an intent: {write}"
        assert (intent.target, intent.value) == (write["target"], write["value"])
        outcome = log.outcome(write["request"])
        assert outcome is not None, f"written, and no end on record: {write}"
        assert outcome.written
    assert log.open_intents() == ()
    return set(requests)


def random_value(rng: random.Random, held: float) -> float:
    """A setpoint: most often one that the grant allows, now and then one that is out of range or there already."""
    if rng.random() < 0.1:
        return rng.choice((held, 50.0, 900.0))
    return float(rng.randint(100, 440))
