"""What the controller itself must say right before a write, and why a write is not made otherwise.

The permissives are read at the controller, not in the graph: what the graph knows may be a message old.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from rdflib import URIRef

from kg.bindings import Binding
from kg.opcua.gateway.device import Sample
from kg.opcua.gateway.limits import Objection, step_objection
from kg.opcua.gateway.records import Order
from kg.opcua.gateway.site import Target
from kg.opcua.values import is_good, status_name
from ontology import PACK, TW

PRODUCTION = 1
"""UnitModeCurrent. Source: OPC 30050, 6.3.3."""
EXECUTE = 6

#: PackML states in which a speed setpoint may change: Starting, Idle, Suspended, Execute, Holding, Held, Unholding,
#: Suspending, Unsuspending. A machine that is stopped, aborted or being cleared is left alone. Source: OPC 30050.
ALLOWED_STATES = frozenset({3, 4, 5, 6, 10, 11, 12, 13, 14})

_MUST_BE = {
    TW.siteRemote: (True, "local", "The machine is in local."),
    TW.twinEnable: (True, "twin-disabled", "The operator's selector does not let the twin write."),
    TW.maintenance: (False, "maintenance", "The machine is in maintenance, or a guard is open."),
    TW.heartbeatOk: (True, "watchdog", "The controller's watchdog has timed out; it uses its own setpoints."),
}


@dataclass(frozen=True, slots=True)
class Before:
    """How things stood when the controller was asked."""

    setpoint: Sample
    feedback: Sample
    effect: Sample | None
    state: int | None


def needed(target: Target) -> list[Binding]:
    """What to read, in the order that `look` expects."""
    own = [target.binding, target.feedback] + ([target.effect] if target.effect is not None else [])
    return own + list(target.permissives.values())


def look(order: Order, target: Target, samples: Sequence[Sample]) -> tuple[Before, Objection | None]:
    """How things stand, and what speaks against writing now."""
    own = 3 if target.effect is not None else 2
    permissives = dict(zip(target.permissives, samples[own:], strict=True))
    state = permissives[PACK.stateCurrent].value
    before = Before(
        setpoint=samples[0],
        feedback=samples[1],
        effect=samples[2] if own == 3 else None,
        state=state if isinstance(state, int) else None,
    )
    return before, _objection(order, target, before, permissives)


def _objection(order: Order, target: Target, before: Before, permissives: Mapping[URIRef, Sample]) -> Objection | None:
    watched = {target.prop: before.setpoint, target.feedback.prop: before.feedback}
    for name, sample in [*watched.items(), *permissives.items()]:
        if not is_good(sample.status) or sample.value is None:
            return Objection("quality", f"{name} of {target.binding.equipment} is {status_name(sample.status)}.")
    for predicate, (wanted, code, sentence) in _MUST_BE.items():
        if predicate in permissives and permissives[predicate].value is not wanted:
            return Objection(code, sentence)
    mode = permissives[PACK.unitModeCurrent].value
    if mode != PRODUCTION:
        return Objection("mode", f"The unit mode is {mode}, not production ({PRODUCTION}).")
    if before.state not in ALLOWED_STATES:
        return Objection("state", f"A setpoint is not changed in the PackML state {before.state}.")
    return _value_objection(order, target, before.setpoint.value)


def _value_objection(order: Order, target: Target, held: object) -> Objection | None:
    if isinstance(held, bool) or not isinstance(held, int | float):
        return Objection("quality", f"{target.prop} holds {held!r}, which is no number.")
    if abs(held - order.prior) > target.grant.tolerance:
        return Objection(
            "prior-changed", f"The setpoint is {held:g}, not {order.prior:g} as the request assumes; somebody set it."
        )
    return step_objection(order.value, held, target)
