"""What the operator's panel understands: one command in, one answer out. No I/O.

{"command": "state"}                                              the plant's own truth
{"command": "inject", "fault": "jam:labeller+120s"}               a fault, now or later
{"command": "clear", "machine": "Labeller"}                       a person puts it right
{"command": "local" | "twin-enable", "machine": "Filler", "on": true}    the selectors at the machine
{"command": "pace", "speed": 5}                                   plant seconds in a second

The answer is {"ok": true, "state": ...} with the state afterwards. After {"ok": false, "error": SENTENCE} nothing has
changed.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from typing import Any, Final, NoReturn

from plants.bottling.conveyor import Conveyor
from plants.bottling.faults import FaultError
from plants.bottling.machine import Machine
from plants.bottling.server import BottlingServer

Answer = dict[str, Any]

_LONGEST_TEXT: Final = 200
_MOST_WAITING: Final = 100
_MOST_SPEED: Final = 1e6


class PanelError(ValueError):
    """A command that cannot be carried out; the message says what would be."""


class PanelDesk:
    """Carries out commands at a running plant, as a person at the machines would."""

    def __init__(self, server: BottlingServer) -> None:
        self._server = server
        self._commands: dict[str, Callable[[Mapping[str, Any]], None]] = {
            "state": lambda _: None,
            "inject": self._inject,
            "clear": self._clear,
            "local": self._local,
            "twin-enable": self._twin_enable,
            "pace": self._pace,
        }

    def answer(self, line: bytes) -> Answer:
        """The answer to one line."""
        try:
            given = _object(line)
            command = self._commands.get(_text(given, "command"))
            if command is None:
                raise PanelError(f"Commands are {', '.join(self._commands)}.")
            command(given)
        except (PanelError, FaultError) as error:
            return {"ok": False, "error": str(error)}
        return {"ok": True, "state": self.state()}

    def state(self) -> Answer:
        """The plant as it is, whatever any twin believes of it. Speeds in bottles per minute."""
        server, line = self._server, self._server.line
        return {
            "plant_time": line.now.isoformat(),
            "speed": server.speed,
            "lag_s": server.lag_s,
            "made": line.bottles_out,
            "rejects": line.rejects,
            "wip": line.wip,
            "order": {
                "id": line.order.id,
                "sku": line.order.sku.id,
                "target": line.order.target,
                "actual": line.order.actual,
            },
            "supervised": line.is_supervised,
            "machines": [_machine(machine) for machine in line.machines.values()],
            "conveyors": [_conveyor(name, conveyor) for name, conveyor in line.conveyors.items()],
        }

    def _inject(self, given: Mapping[str, Any]) -> None:
        if self._server.waiting_faults >= _MOST_WAITING:
            raise PanelError(f"{_MOST_WAITING} faults are waiting already; clear some first.")
        self._server.inject(_text(given, "fault"))

    def _clear(self, given: Mapping[str, Any]) -> None:
        name = self._name(given, (*self._server.line.machines, *self._server.line.conveyors))
        if not self._server.clear(name):
            raise PanelError(f"Nothing is wrong with {name}, so there is nothing to clear.")

    def _local(self, given: Mapping[str, Any]) -> None:
        self._machine(given).controller.set_remote(not _switch(given))

    def _twin_enable(self, given: Mapping[str, Any]) -> None:
        self._machine(given).controller.set_twin_enabled(_switch(given))

    def _pace(self, given: Mapping[str, Any]) -> None:
        speed = given.get("speed")
        if isinstance(speed, bool) or not isinstance(speed, int | float) or abs(speed) > _MOST_SPEED:
            raise PanelError("speed must be a number of plant seconds in a second.")
        try:
            self._server.set_speed(float(speed))
        except ValueError as error:
            raise PanelError(str(error)) from error

    def _machine(self, given: Mapping[str, Any]) -> Machine:
        machines = self._server.line.machines
        return machines[self._name(given, tuple(machines))]

    def _name(self, given: Mapping[str, Any], names: tuple[str, ...]) -> str:
        wanted = _text(given, "machine")
        found = {name.lower(): name for name in names}.get(wanted.lower())
        if found is None:
            raise PanelError(f"{wanted!r} is not known here; there are {', '.join(names)}.")
        return found


def _machine(machine: Machine) -> Answer:
    controller = machine.controller
    return {
        "name": machine.name,
        "state": int(machine.state),
        "reason": int(machine.stop_reason),
        "speed": round(machine.speed, 1),
        "accepted": controller.accepted,
        "nominal": controller.local_nominal,
        "local": not controller.is_remote,
        "twin_enabled": controller.twin_enabled,
        "maintenance": controller.in_maintenance,
        "made": machine.processed - machine.defective,
        "rejects": machine.defective,
    }


def _conveyor(name: str, conveyor: Conveyor) -> Answer:
    return {"name": name, "count": conveyor.count, "fill": round(conveyor.fill_ratio, 3)}


def _object(line: bytes) -> Mapping[str, Any]:
    try:
        given = json.loads(line, parse_constant=_no_constant)
    except (ValueError, RecursionError):
        raise PanelError('A command is a line of JSON, such as {"command": "state"}.') from None
    if not isinstance(given, dict):
        raise PanelError('A command is a JSON object, such as {"command": "state"}.')
    return given


def _no_constant(name: str) -> NoReturn:
    raise ValueError(f"{name} is no number")


def _text(given: Mapping[str, Any], name: str) -> str:
    value = given.get(name)
    if not isinstance(value, str) or not value or len(value) > _LONGEST_TEXT:
        raise PanelError(f"{name} must be a text of at most {_LONGEST_TEXT} characters.")
    return value


def _switch(given: Mapping[str, Any]) -> bool:
    value = given.get("on")
    if not isinstance(value, bool):
        raise PanelError("on must be true or false.")
    return value
