"""Telling gateway and core of one act: the gateway hears first, and each whether or not the other answers."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any

from pydantic import BaseModel, Field

from api.acts import Told
from api.web.identity import Person
from api.web.seen import seen
from api.web.twin import Twin
from kg.change import Change
from kg.errors import ServiceDown, TwinError
from kg.tokens import CORE, GATEWAY

_GATEWAY_S = 4.0
"""A gateway that hangs must not keep the core from hearing."""


class Heard(BaseModel):
    """Which part has taken an act: the gateway, which holds it, and the core, which keeps the record."""

    gateway: bool
    core: bool


class Outcome(BaseModel):
    """What became of an act that gateway and core are both told of."""

    heard: Heard
    warnings: Annotated[list[str], Field(description="Why a part has not taken it; empty with status 200.")]
    change: Annotated[str, Field(examples=["urn:uuid:6f0d4b1e-4f7a-4a59-9d0e-3a1b7d6c2f10"])]
    seq: Annotated[int | None, Field(description="Of the Change on record; null where it is not on record.")]


async def tell_both(
    twin: Twin, person: Person, method: str, body: Mapping[str, Any], change: Change
) -> tuple[Told, Mapping[str, Any]]:
    """Who took it, and the gateway's answer. Raises the caller's errors, and ServiceDown where nobody took it."""
    told, answer = Told(), {}
    try:
        answer = await twin.call(person, GATEWAY, method, body, timeout_s=_GATEWAY_S)
    except TwinError as error:
        told.failed(GATEWAY, error)
    try:
        told.verdict = await twin.submit(person, change)
    except TwinError as error:
        told.failed(CORE, error)
    if told.is_lost:
        why = " ".join((*(error.message for error in told.problems.values()), *told.refusals))
        raise ServiceDown(f"Nothing has been done: {why}", heard="nobody")
    await seen(twin, told.seq)
    return told, answer


def outcome(told: Told, change: Change, twin: Twin) -> dict[str, Any]:
    """The fields of Outcome."""
    warnings = [f"{error.message} {error.remedy}" for error in told.problems.values()]
    warnings += [f"Not on record: {twin.info.in_words(sentence)}" for sentence in told.refusals]
    heard = Heard(gateway=GATEWAY not in told.problems, core=told.is_recorded)
    return {"heard": heard, "warnings": warnings, "change": change.id, "seq": told.seq}
