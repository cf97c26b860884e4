"""The write gateway as a part of the durability workload: orders, resent orders, stops, freezes lifted, new cores."""

from __future__ import annotations

import random
from dataclasses import replace
from typing import Any

from controller import BEHAVIOURS, CarelessLog, WriteGateway, random_value, require_one_write_per_intent
from outside import Outside, told
from small_plant import EX, MACHINES

from kg.errors import NotAuthorised
from kg.opcua.gateway import GatewayLog, Order, Result, Stop, StopMode
from kg.store import DataDirectory

_START_US = 1_800_000_000_000_000
_SCOPES = (*(EX + machine for machine in MACHINES), EX + "Line", "urn:agent")
_SEEN = "gateway"


class GatewayPart:
    """A step is one thing that a gateway does: most often an order."""

    log_kind: type[GatewayLog] = GatewayLog

    def __init__(self, data: DataDirectory, seed: int) -> None:
        self._seed = seed
        self._now_us = _START_US
        seen = told(data.paths.root, _SEEN)
        self._done = max((line["step"] for line in seen if line["what"] == "done"), default=0)
        self._gateway = WriteGateway(data, self._time, self.log_kind)
        self._seen = Outside(data.paths.root, _SEEN)
        self._seen.tell({"what": "token", "token": self._gateway.token})
        self._orders = [Order(**line["order"]) for line in seen if line["what"] == "outcome"]

    def step(self, number: int) -> None:
        if number <= self._done:
            return
        rng = random.Random(f"{self._seed}/{number}/{self._gateway.token}")
        self._now_us = _START_US + number * 3_000_000
        deeds = (self._order, self._order_again, self._stop, self._release, self._lift)
        rng.choices(deeds, (14, 2, 1, 2, 2))[0](rng, number)
        self._seen.tell({"what": "done", "step": number})
        self._done = number

    def close(self) -> None:
        self._gateway.close()
        self._seen.close()

    @classmethod
    def check(cls, data: DataDirectory, seed: int, acknowledged: int) -> None:
        seen = told(data.paths.root, _SEEN)
        log = GatewayLog(data.paths.gateway)
        frozen_before = {freeze.target for freeze in log.frozen()}
        lost = log.recover(_START_US)
        written = require_one_write_per_intent(data, log)
        _require_outcomes(seen, log, written)
        assert {freeze.target for freeze in log.frozen()} == frozen_before | {outcome.target for outcome in lost}
        assert all(outcome.result is Result.UNKNOWN for outcome in lost)
        _require_freezes(seen, log)
        _require_stops(seen, log)
        _require_token(seen, log)
        frozen = [freeze.target for freeze in log.frozen()]
        log.close()
        part = cls(data, seed)
        for target in frozen:
            part.require_frozen(target)
        part.step(max((line["step"] for line in seen if line["what"] == "done"), default=0) + 1)
        require_one_write_per_intent(data, part._gateway.log)
        part.close()

    def require_frozen(self, target: str) -> None:
        """What is frozen is not written."""
        order = replace(self._new_order(random.Random(1), f"frozen/{target}"), target=target)
        _, outcome = self._gateway.execute(order, "obey")
        assert (outcome.code, outcome.written) == ("frozen", False)

    # what a gateway does

    def _order(self, rng: random.Random, number: int) -> None:
        self._execute(self._new_order(rng, str(number)), rng.choice(BEHAVIOURS))

    def _order_again(self, rng: random.Random, number: int) -> None:
        """The core asks again, because the answer was lost."""
        if self._orders:
            self._execute(replace(rng.choice(self._orders[-5:]), token=self._gateway.token), rng.choice(BEHAVIOURS))

    def _execute(self, order: Order, behaviour: str) -> None:
        _, outcome = self._gateway.execute(order, behaviour)
        words = {name: getattr(order, name) for name in Order.__slots__}
        self._seen.tell({"what": "outcome", "request": order.request, "result": outcome.result, "order": words})
        self._orders.append(order)

    def _stop(self, rng: random.Random, number: int) -> None:
        scope, mode = rng.choice(_SCOPES), rng.choice(tuple(StopMode))
        with _Doubt(self._seen, "stop", scope, mode.value):
            self._gateway.log.set_stop(Stop(scope, mode, None, f"step {number}", "urn:olga", self._now_us))

    def _release(self, rng: random.Random, number: int) -> None:
        for stop in self._gateway.log.stops(self._now_us):
            with _Doubt(self._seen, "stop", stop.scope, None):
                self._gateway.log.release_stop(stop.scope, "urn:olga", "seen", self._now_us)

    def _lift(self, rng: random.Random, number: int) -> None:
        for freeze in self._gateway.log.frozen():
            with _Doubt(self._seen, "lift", freeze.target, freeze.request):
                self._gateway.log.unfreeze(freeze.target, "urn:olga", "seen", self._now_us)

    def _new_order(self, rng: random.Random, name: str) -> Order:
        machine = rng.choice(MACHINES)
        held = self._gateway.controller.held(EX + machine)
        return Order(
            request=f"urn:request:{self._seed}/{name}/{self._gateway.token}",
            decision="urn:decision",
            target=f"{EX}{machine}.SetMachSpeed",
            value=random_value(rng, held),
            prior=held,
            author="urn:agent",
            agent="urn:agent",
            rule=None,
            token=self._gateway.token,
            expires_us=self._now_us + 30_000_000,
            release="r",
        )

    def _time(self) -> int:
        return self._now_us


class CarelessGatewayPart(GatewayPart):
    """Writes before the intent is durable: the harness must find it."""

    log_kind = CarelessLog


def _require_outcomes(seen: list[dict[str, Any]], log: GatewayLog, written: set[str]) -> None:
    """What was told of a request stays true, and only what was written is confirmed."""
    for line in seen:
        if line["what"] == "outcome":
            outcome = log.outcome(line["request"])
            assert outcome is not None, f"an acknowledged outcome is missing: {line['request']}"
            assert outcome.result == line["result"]
            assert outcome.result is not Result.CONFIRMED or outcome.request in written


def _require_freezes(seen: list[dict[str, Any]], log: GatewayLog) -> None:
    """An unknown outcome keeps its property frozen until a person lifts the freeze, and no longer."""
    frozen = {(freeze.target, freeze.request) for freeze in log.frozen()}
    lifts = [((line["subject"], line["value"]), line["sure"]) for line in seen if line["what"] == "lift"]
    begun, ended = ({lift for lift, sure in lifts if sure is wanted} for wanted in (False, True))
    unknown = {
        (line["order"]["target"], line["request"])
        for line in seen
        if line["what"] == "outcome" and line["result"] == Result.UNKNOWN
    }
    assert unknown - begun <= frozen, "a property that was frozen is not frozen any more"
    assert not frozen & ended, "a freeze that was lifted is there again"


def _require_stops(seen: list[dict[str, Any]], log: GatewayLog) -> None:
    possible: dict[str, set[str | None]] = {scope: {None} for scope in _SCOPES}
    for line in seen:
        if line["what"] == "stop":
            held = possible[line["subject"]]
            possible[line["subject"]] = {line["value"]} if line["sure"] else held | {line["value"]}
    in_force = {stop.scope: stop.mode.value for stop in log.stops(_START_US)}
    for scope, modes in possible.items():
        assert in_force.get(scope) in modes, f"the stop of {scope} is {in_force.get(scope)}, not one of {modes}"


def _require_token(seen: list[dict[str, Any]], log: GatewayLog) -> None:
    highest = max((line["token"] for line in seen if line["what"] == "token"), default=0)
    assert log.highest_token >= highest
    if highest:
        try:
            log.fence(highest - 1, _START_US)
        except NotAuthorised:
            return
        raise AssertionError(f"the token {highest - 1} is accepted after {highest}")


class _Doubt:
    """Says before and after that something is done: in between nobody can know whether it was."""

    def __init__(self, seen: Outside, what: str, subject: str, value: str | None) -> None:
        self._seen = seen
        self._line = {"what": what, "subject": subject, "value": value}

    def __enter__(self) -> None:
        self._seen.tell({**self._line, "sure": False})

    def __exit__(self, kind: object, *_: object) -> None:
        if kind is None:
            self._seen.tell({**self._line, "sure": True})
