"""Where every write from outside is answered: who may write, which node, which type, and what the controller says.

not Value / not a writable node  -> BadNotWritable        another user than the gateway -> BadUserAccessDenied
another data type                -> BadTypeMismatch       out of range                  -> BadOutOfRange
local, maintenance               -> BadInvalidState       twin-enable off, no heartbeat -> Good, and ignored
beyond the machine's limits      -> GoodClamped           else                          -> Good
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime

from asyncua import ua
from asyncua.ua.attribute_ids import AttributeIds

from plants.bottling.controller import Answer, Result
from plants.bottling.line import Line
from plants.bottling.tags import HEARTBEAT_PATH, Tag, TwinSlots, Value, set_speed_path
from plants.bottling.watchdog import Watchdog
from plants.bottling.write_log import Write, WriteLog

GATEWAY_USER = "gateway"


class WriteDesk:
    """Answers writes, hands wishes to the machines' controllers, and logs every attempt on a node of the plant."""

    def __init__(
        self, line: Line, tags: Mapping[str, Tag], slots: TwinSlots, watchdog: Watchdog, log: WriteLog
    ) -> None:
        self._line = line
        self._tags = tags
        self._slots = slots
        self._watchdog = watchdog
        self._log = log
        self._machines = {set_speed_path(name): name for name in line.machines}

    def answer(self, path: str, attribute: AttributeIds, value: ua.DataValue, user: str) -> Answer:
        """The controllers' answer to one write. `path` names a variable of the plant."""
        variant = value.Value if value.Value is not None else ua.Variant()
        answer = self._refusal(path, attribute, value, user) or self._execute(path, variant.Value)
        self._log.append(
            Write(
                wall=datetime.now(UTC).isoformat(),
                plant=self._line.now.isoformat(),
                node=path,
                value=_plain(variant.Value),
                user=user,
                result=answer.result,
                status=answer.status,
                accepted=answer.value,
                reason=answer.reason,
            )
        )
        return answer

    def _refusal(self, path: str, attribute: AttributeIds, value: ua.DataValue, user: str) -> Answer | None:
        tag = self._tags[path]
        if attribute != AttributeIds.Value or not tag.is_writable:
            return _refused("BadNotWritable", "the node is read-only")
        if user != GATEWAY_USER:
            return _refused("BadUserAccessDenied", "only the gateway's user may write")
        if value.Value is None or value.Value.VariantType != ua.VariantType[tag.data_type] or value.Value.is_array:
            return _refused("BadTypeMismatch", f"a {tag.data_type} is needed")
        return None

    def _execute(self, path: str, value: Value) -> Answer:
        if path == HEARTBEAT_PATH:
            self._slots.heartbeat = int(value)
            self._watchdog.beat(self._slots.heartbeat)
            return Answer(Result.ACCEPTED, "Good", float(value), "")
        name = self._machines[path]
        is_supervised = self._slots.is_heartbeat_ok and self._watchdog.is_alive()
        controller = self._line.machines[name].controller
        answer = controller.request(float(value), self._line.time, is_supervised=is_supervised)
        if answer.result is not Result.REFUSED:
            self._slots.set_speeds[name] = float(value)
        return answer


def _refused(status: str, reason: str) -> Answer:
    return Answer(Result.REFUSED, status, None, reason)


def _plain(value: object) -> Value | None:
    return value if value is None or isinstance(value, bool | int | float | str) else str(value)
