"""What the controller made of a write, judged by its feedback variable: pure functions over samples.

Reading back the written node would prove storage only. The feedback's source time is compared with the feedback's
own before the write, so both come from the same clock, the plant's.
"""

from __future__ import annotations

from dataclasses import dataclass

from asyncua.ua.status_codes import StatusCodes

from kg.opcua.gateway.device import Sample
from kg.opcua.gateway.precheck import Before
from kg.opcua.gateway.records import Result
from kg.opcua.values import is_good, status_name

#: Bad codes that do not say whether the device behind the server took the value.
AMBIGUOUS = frozenset(
    {
        StatusCodes.BadTimeout,
        StatusCodes.BadRequestTimeout,
        StatusCodes.BadCommunicationError,
        StatusCodes.BadNoCommunication,
        StatusCodes.BadConnectionClosed,
        StatusCodes.BadServerNotConnected,
        StatusCodes.BadDeviceFailure,
        StatusCodes.BadInternalError,
        StatusCodes.BadUnexpectedError,
        StatusCodes.BadShutdown,
        StatusCodes.BadWaitingForResponse,
    }
)


@dataclass(frozen=True, slots=True)
class Ending:
    """How a write ended, so far as the samples prove it."""

    result: Result
    code: str
    sentence: str
    value: float | None


@dataclass(frozen=True, slots=True)
class Sent:
    """A write that went out, or may have."""

    value: float
    tolerance: float
    status: int | None
    """The controller's answer; None where none came."""
    before: Before


def refusal(status: int | None) -> Ending | None:
    """The ending where the controller's answer to the write is a clear no."""
    if status is None or status >> 31 == 0 or status & 0xFFFF0000 in AMBIGUOUS:
        return None
    name = status_name(status)
    return Ending(Result.REFUSED, name, f"The controller refused the value: {name}.", None)


def judge(sent: Sent, feedback: Sample, effect: Sample | None, setpoint: Sample, time_over: bool) -> Ending | None:
    """What these samples prove; None while more may come."""
    if not is_good(feedback.status) or (value := _number(feedback)) is None:
        text = f"The feedback is {status_name(feedback.status)}; what the controller does is unknown."
        return Ending(Result.UNKNOWN, "feedback-bad", text, None) if time_over else None
    before = _number(sent.before.feedback)
    newer = feedback.source_us > sent.before.feedback.source_us
    if abs(value - sent.value) <= sent.tolerance and (newer or _held_already(sent, before, setpoint)):
        return Ending(Result.CONFIRMED, "confirmed", f"The controller's feedback shows {value:g}.", value)
    moved = before is None or abs(value - before) > sent.tolerance
    if newer and (sent.status == StatusCodes.GoodClamped or (time_over and moved)):
        text = f"The controller accepted {value:g} instead of {sent.value:g}."
        return Ending(Result.CLAMPED, "clamped", text, value)
    if not time_over:
        return None
    if not moved and _is_answered(sent) and (newer or _is_newer(effect, sent.before.effect)):
        text = f"The controller did not take the value over; its feedback stays at {value:g}."
        return Ending(Result.REFUSED, "ignored", text, value)
    return Ending(Result.UNKNOWN, "no-feedback", "No feedback shows whether the controller took the value.", value)


def is_moving(sent: Sent, effect: Sample) -> bool:
    """True where the effect has come nearer to the value than it was, or is there."""
    now, before = _number(effect), _number(sent.before.effect) if sent.before.effect is not None else None
    if now is None or before is None or not is_good(effect.status):
        return False
    distance, distance_before = abs(now - sent.value), abs(before - sent.value)
    return distance <= sent.tolerance or distance < distance_before - sent.tolerance


def _held_already(sent: Sent, feedback_before: float | None, setpoint: Sample) -> bool:
    """An on-change feedback that showed the value before the write has nothing new to say; then storage must do."""
    held = _number(setpoint)
    return (
        sent.status is not None
        and feedback_before is not None
        and abs(feedback_before - sent.value) <= sent.tolerance
        and held is not None
        and abs(held - sent.value) <= sent.tolerance
    )


def _is_answered(sent: Sent) -> bool:
    """True where the controller has said that it is done with the write."""
    return sent.status is not None and is_good(sent.status) and sent.status != StatusCodes.GoodCompletesAsynchronously


def _is_newer(now: Sample | None, before: Sample | None) -> bool:
    """A cyclic effect that the same controller has renewed since proves that its program ran on after the write."""
    return now is not None and before is not None and is_good(now.status) and now.source_us > before.source_us


def _number(sample: Sample | None) -> float | None:
    value = sample.value if sample is not None else None
    return float(value) if isinstance(value, int | float) and not isinstance(value, bool) else None
