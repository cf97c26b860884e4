"""One request from lease to effect, each stage told; at most one write, and only after a durable intent.

    leased -> prechecked -> intent -> written -> feedback -> effect

Once begun, an execution runs to its end even if nobody listens any more: who asked may have died, the controller
has not. Whatever is unclear ends as *unknown*, freezes the property, and is never sent again.
"""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from rdflib import URIRef

from kg.errors import BadChange, LinkDown, NotWritable, RecordFailed, WritesFrozen
from kg.opcua.gateway.confirm import Ending, Sent, is_moving, judge, refusal
from kg.opcua.gateway.device import Device
from kg.opcua.gateway.lease import Lease
from kg.opcua.gateway.limits import Objection, rate_objection, stop_objection, value_objection
from kg.opcua.gateway.log import GatewayLog
from kg.opcua.gateway.precheck import EXECUTE, Before, look, needed
from kg.opcua.gateway.records import Intent, Order, Outcome, Result
from kg.opcua.gateway.site import Site, Target
from kg.opcua.values import status_name, variant_of

_log = logging.getLogger(__name__)
_HOUR_US = 3_600_000_000

Tell = Callable[[dict[str, Any]], None]


@dataclass(frozen=True, slots=True)
class Pace:
    """Times of an execution, in wall seconds."""

    write_s: float = 2.0
    """The longest wait for the controller's answer to a write; the remaining lease shortens it."""
    shortest_write_s: float = 0.05
    """With less time left nothing is written."""
    poll_s: float = 0.05
    effect_s: float = 3.0
    """How long the effect may take to be seen; it does not change the outcome."""


@dataclass(slots=True)
class Executor:
    """Carries out orders against the devices of a site."""

    site: Site
    devices: Mapping[URIRef, Device]
    log: GatewayLog
    lease: Lease
    now_us: Callable[[], int]
    read_only: str | None = None
    """Why nothing may be written in this plant at all; None where it may."""
    pace: Pace = field(default_factory=Pace)
    _busy: dict[str, str] = field(default_factory=dict)
    """Target -> request in flight."""

    def running(self) -> tuple[str, ...]:
        """Requests in flight."""
        return tuple(self._busy.values())

    async def execute(self, order: Order, tell: Tell) -> Outcome:
        """Carry out an order, or say again how it ended when it had been before.

        Raises NotAuthorised for an old fencing token, BadChange for a request in flight; then nothing was done.
        """
        self.log.fence(order.token, self.now_us())
        known = self.log.outcome(order.request)
        if known is not None:
            return known
        if order.request in self._busy.values():
            raise BadChange(f"The request {order.request} is in flight.", request=order.request)
        if order.target in self._busy:
            return self.block(order, Objection("busy", f"Another write to {order.target} is in flight."))
        self._busy[order.target] = order.request
        try:
            return await _Execution(self, order, tell).run()
        except Exception as error:  # noqa: BLE001  after an intent even an error of ours must leave an outcome
            _log.exception("the request %s broke in an unforeseen way", order.request)
            return self._broken(order, f"{type(error).__name__}: {error}")
        finally:
            del self._busy[order.target]

    def block(self, order: Order, objection: Objection, result: Result = Result.BLOCKED) -> Outcome:
        """The outcome of an order that is not written."""
        ending = Ending(result, objection.code, objection.sentence, None)
        return self.conclude(order, ending, status=None, written=False)

    def _broken(self, order: Order, what: str) -> Outcome:
        known = self.log.outcome(order.request)
        if known is not None:
            return known
        if self.log.intent(order.request) is None:
            return self.block(order, Objection("internal", f"The gateway failed before writing: {what}"))
        sentence = f"The gateway failed while writing: {what}"
        return self.conclude(order, Ending(Result.UNKNOWN, "internal", sentence, None), None, written=True)

    def conclude(self, order: Order, ending: Ending, status: int | None, written: bool) -> Outcome:
        """The outcome, recorded. Where it can't be, a write counts as unknown."""
        outcome = Outcome(
            request=order.request,
            decision=order.decision,
            target=order.target,
            result=ending.result,
            code=ending.code,
            sentence=ending.sentence,
            value=ending.value,
            status=status,
            written=written,
            at_us=self.now_us(),
        )
        try:
            self.log.conclude(outcome)
        except RecordFailed as error:
            _log.error("%s", error)
            if written and outcome.result is not Result.UNKNOWN:
                lost = Ending(Result.UNKNOWN, error.code, f"The outcome could not be recorded: {error.message}", None)
                return self.conclude(order, lost, status, written)
        return outcome


@dataclass(slots=True)
class _Execution:
    """The life of one order."""

    executor: Executor
    order: Order
    tell: Tell
    _deadline_s: float = 0.0
    """On the monotonic clock: when the request expires."""
    _veto: Objection | None = None
    """What the last look before the socket found."""

    async def run(self) -> Outcome:
        order, log = self.order, self.executor.log
        left_s = (order.expires_us - self.executor.now_us()) / 1e6
        self._deadline_s = time.monotonic() + left_s
        if self._left_s() <= 0:
            return self._too_late("leased")
        self._stage("leased", True, token=order.token, left_s=round(self._left_s(), 3))
        try:
            target = self.executor.site.target(URIRef(order.target))
        except NotWritable as error:
            return self._block(Objection("not-writable", error.message))
        objection = self._standing(target)
        if objection is not None:
            return self._block(objection)
        device = self.executor.devices[target.binding.server]
        try:
            before, objection = look(order, target, await device.read(needed(target)))
        except LinkDown as error:
            objection = Objection("disconnected", error.message)
        if objection is not None:
            return self._block(objection)
        held = {"setpoint": before.setpoint.value, "feedback": before.feedback.value, "state": before.state}
        self._stage("prechecked", True, **held)
        try:
            log.intend(self._intent())
        except (WritesFrozen, RecordFailed, BadChange) as error:
            return self._block(Objection(error.code, error.message), "intent")
        self._stage("intent", True)
        return await self._write(target, device, before)

    def _standing(self, target: Target) -> Objection | None:
        """What can be said without asking the controller."""
        executor, order, now_us = self.executor, self.order, self.executor.now_us()
        if executor.read_only is not None:
            return Objection("read-only", executor.read_only)
        if any(freeze.target == order.target for freeze in executor.log.frozen()):
            return Objection("frozen", f"{order.target} is frozen: an earlier write has an unknown outcome.")
        return (
            value_objection(order, target)
            or stop_objection(executor.log.stops(now_us), order, target)
            or rate_objection(executor.log.written_at(order.target, now_us - _HOUR_US), now_us, target)
        )

    async def _write(self, target: Target, device: Device, before: Before) -> Outcome:
        order = self.order
        timeout_s = min(self.executor.pace.write_s, self._left_s())
        if timeout_s < self.executor.pace.shortest_write_s:
            return self._too_late("written")
        variant = variant_of(order.value, target.binding.data_type)
        try:
            status = await device.write(target.binding, variant, timeout_s, lambda: self._is_allowed(target))
        except LinkDown as error:
            if self._left_s() < self.executor.pace.shortest_write_s:
                return self._too_late("written")
            return self._block(self._veto or Objection("disconnected", error.message), "written")
        answer = "no answer" if status is None else status_name(status)
        ending = refusal(status)
        self._stage("written", ending is None and status is not None, status=status, answer=answer)
        if ending is not None:
            return self._end(ending, status)
        sent = Sent(order.value, target.grant.tolerance, status, before)
        ending = await self._feedback(sent, target, device)
        self._stage("feedback", ending.result is Result.CONFIRMED, value=ending.value, sentence=ending.sentence)
        outcome = self._end(ending, status)
        if outcome.result is Result.CONFIRMED:
            await self._effect(sent, target, device)
        return outcome

    def _is_allowed(self, target: Target) -> bool:
        """Asked with nothing but the socket behind it: is there still time, and has nobody pulled a stop?"""
        self._veto = stop_objection(self.executor.log.stops(self.executor.now_us()), self.order, target)
        return self._veto is None and self._left_s() >= self.executor.pace.shortest_write_s

    async def _feedback(self, sent: Sent, target: Target, device: Device) -> Ending:
        """Ask the controller until its feedback proves something or the site's time for it is over."""
        until_s = time.monotonic() + target.grant.confirm_within_s
        bindings = [target.feedback, target.binding] + ([target.effect] if target.effect is not None else [])
        unread = Ending(Result.UNKNOWN, "no-feedback", "The feedback could not be read after the write.", None)
        while True:
            over = time.monotonic() >= until_s
            try:
                feedback, setpoint, *rest = await device.read(bindings)
            except LinkDown:
                ending = unread if over else None
            else:
                ending = judge(sent, feedback, rest[0] if rest else None, setpoint, over)
            if ending is not None:
                return ending
            await asyncio.sleep(self.executor.pace.poll_s)

    async def _effect(self, sent: Sent, target: Target, device: Device) -> None:
        """Tell whether the effect is seen. A machine that does not execute has none to show."""
        if target.effect is None or sent.before.state != EXECUTE:
            self._stage("effect", True, seen=None)
            return
        until_s = time.monotonic() + self.executor.pace.effect_s
        seen, value = False, None
        while not seen and time.monotonic() < until_s:
            try:
                (sample,) = await device.read([target.effect])
            except LinkDown:
                break
            seen, value = is_moving(sent, sample), sample.value
            if not seen:
                await asyncio.sleep(self.executor.pace.poll_s)
        self._stage("effect", seen, seen=seen, value=value)

    def _left_s(self) -> float:
        """What is left of the lease and of the request's own time."""
        return min(self.executor.lease.remaining_s(self.order.token), self._deadline_s - time.monotonic())

    def _too_late(self, stage: str) -> Outcome:
        if self.executor.lease.remaining_s(self.order.token) < self._deadline_s - time.monotonic():
            objection = Objection("no-lease", "The core's lease is not fresh.")
            return self._block(objection, stage)
        sentence = "The request has expired."
        self._stage(stage, False, code="expired", sentence=sentence)
        return self.executor.block(self.order, Objection("expired", sentence), Result.EXPIRED)

    def _block(self, objection: Objection, stage: str = "prechecked") -> Outcome:
        self._stage(stage, False, code=objection.code, sentence=objection.sentence)
        return self.executor.block(self.order, objection)

    def _end(self, ending: Ending, status: int | None) -> Outcome:
        return self.executor.conclude(self.order, ending, status, written=True)

    def _intent(self) -> Intent:
        order = self.order
        at_us = self.executor.now_us()
        return Intent(
            order.request, order.decision, order.target, order.value, order.prior, order.token, order.author, at_us
        )

    def _stage(self, name: str, ok: bool, **facts: Any) -> None:
        self.tell({"stage": name, "ok": ok, "at_us": self.executor.now_us(), **facts})


def order_of(body: Mapping[str, Any]) -> Order:
    """The order in a message. Raises KeyError, TypeError or ValueError where it is malformed."""
    return Order(
        request=str(body["request"]),
        decision=str(body["decision"]),
        target=str(body["target"]),
        value=float(body["value"]),
        prior=float(body["prior"]),
        author=str(body["author"]),
        agent=None if body.get("agent") is None else str(body["agent"]),
        rule=None if body.get("rule") is None else str(body["rule"]),
        token=int(body["token"]),
        expires_us=int(body["expires_us"]),
        release=str(body["release"]),
    )
