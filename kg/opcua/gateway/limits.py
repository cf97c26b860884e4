"""What can be judged without asking the controller: the value, its range and type, rate, freezes and stop switches."""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass

from kg.errors import BadValue
from kg.opcua.gateway.records import Order, Stop, StopMode
from kg.opcua.gateway.site import Target
from kg.opcua.values import variant_of
from ontology import TW

_HOUR_US = 3_600_000_000


@dataclass(frozen=True, slots=True)
class Objection:
    """Why a request is not written: a short stable code and a sentence."""

    code: str
    sentence: str


def value_objection(order: Order, target: Target) -> Objection | None:
    """The value itself: finite, of the node's type, inside grant and EURange."""
    grant, binding, value = target.grant, target.binding, order.value
    try:
        variant_of(value, binding.data_type)
    except BadValue as error:
        return Objection("value", error.message)
    if not math.isfinite(order.prior):
        return Objection("value", f"The prior value {order.prior} is not a finite number.")
    low = max(grant.minimum, binding.low if binding.low is not None else grant.minimum)
    high = min(grant.maximum, binding.high if binding.high is not None else grant.maximum)
    if not low <= value <= high:
        return Objection("range", f"{value:g} is outside {low:g} to {high:g} {binding.unit}.")
    return None


def step_objection(value: float, before: float, target: Target) -> Objection | None:
    """The step from what the controller holds now, not from what the asker believed."""
    step, grant = abs(value - before), target.grant
    if step <= grant.tolerance:
        return Objection("already", f"The controller already holds {before:g} {target.binding.unit}.")
    if step > grant.max_step:
        return Objection("step", f"From {before:g} to {value:g} is {step:g}; at most {grant.max_step:g} at a time.")
    return None


def rate_objection(written_at: Iterable[int], now_us: int, target: Target) -> Objection | None:
    """Minimum interval and writes per sliding hour. `written_at`: wall times of the last hour's writes.

    A time in the future, left by a clock that was set back, counts as just now.
    """
    grant = target.grant
    times = [at for at in written_at if at > now_us - _HOUR_US]
    if times:
        since_s = max(now_us - max(times), 0) / 1e6
        if since_s < grant.min_interval_s:
            return Objection(
                "interval", f"Written {since_s:.1f} s ago; at least {grant.min_interval_s:g} s lie between two writes."
            )
    if len(times) >= grant.max_per_hour:
        return Objection("rate", f"Written {len(times)} times within an hour; {grant.max_per_hour} are allowed.")
    return None


def stop_objection(stops: Iterable[Stop], order: Order, target: Target) -> Objection | None:
    """A stop switch that reaches this request. `propose-only` holds back agents, not people."""
    reached = {str(scope) for scope in target.scopes} | {str(TW.Plant), order.author}
    reached |= {name for name in (order.agent, order.rule) if name is not None}
    for stop in stops:
        binds = stop.mode is not StopMode.PROPOSE_ONLY or order.agent is not None
        if stop.scope in reached and binds:
            return Objection("stopped", f"A stop switch ({stop.mode.value}) is set for {stop.scope}: {stop.reason}")
    return None


def ends_heartbeat(stops: Iterable[Stop]) -> bool:
    """True while the whole plant is read-only: then nothing at all is written."""
    return any(stop.scope == str(TW.Plant) and stop.mode is StopMode.READ_ONLY for stop in stops)
