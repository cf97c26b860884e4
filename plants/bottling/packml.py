"""PackML: the states of a machine, the legal ways between them, and the reasons of a stop.

Source: ISA-TR88.00.02 and OPC 30050 (17 states, numbers of its table 6). Suspend has an external cause (starved or
blocked), Hold an internal one (a jam), Abort is a breakdown.
"""

from __future__ import annotations

from enum import IntEnum
from typing import Final


class State(IntEnum):
    """Status.StateCurrent."""

    CLEARING = 1
    STOPPED = 2
    STARTING = 3
    IDLE = 4
    SUSPENDED = 5
    EXECUTE = 6
    STOPPING = 7
    ABORTING = 8
    ABORTED = 9
    HOLDING = 10
    HELD = 11
    UNHOLDING = 12
    SUSPENDING = 13
    UNSUSPENDING = 14
    RESETTING = 15
    COMPLETING = 16
    COMPLETE = 17


class UnitMode(IntEnum):
    """Status.UnitModeCurrent."""

    PRODUCTION = 1
    MAINTENANCE = 2
    MANUAL = 3


class StopReason(IntEnum):
    """Admin.StopReason.ID, first-out. The numbers are the site's own list."""

    RUNNING = 0
    JAM = 1
    BREAKDOWN = 2
    STARVED = 3
    BLOCKED = 4
    CHANGEOVER = 5
    BREAK = 6
    OPERATOR = 7
    NO_ORDER = 8


_S = State

_ABORTABLE: Final = frozenset(State) - {_S.ABORTING, _S.ABORTED}
_STOPPABLE: Final = _ABORTABLE - {_S.CLEARING, _S.STOPPED, _S.STOPPING}

#: The transitions of the base state model, without Stop and Abort, which most states share.
_WAYS: Final[dict[State, frozenset[State]]] = {
    _S.CLEARING: frozenset({_S.STOPPED}),
    _S.STOPPED: frozenset({_S.RESETTING}),
    _S.RESETTING: frozenset({_S.IDLE}),
    _S.IDLE: frozenset({_S.STARTING}),
    _S.STARTING: frozenset({_S.EXECUTE}),
    _S.EXECUTE: frozenset({_S.HOLDING, _S.SUSPENDING, _S.COMPLETING}),
    _S.HOLDING: frozenset({_S.HELD}),
    _S.HELD: frozenset({_S.UNHOLDING, _S.COMPLETING}),
    _S.UNHOLDING: frozenset({_S.EXECUTE}),
    _S.SUSPENDING: frozenset({_S.SUSPENDED}),
    _S.SUSPENDED: frozenset({_S.UNSUSPENDING, _S.COMPLETING}),
    _S.UNSUSPENDING: frozenset({_S.EXECUTE}),
    _S.COMPLETING: frozenset({_S.COMPLETE}),
    _S.COMPLETE: frozenset({_S.RESETTING}),
    _S.STOPPING: frozenset({_S.STOPPED}),
    _S.ABORTING: frozenset({_S.ABORTED}),
    _S.ABORTED: frozenset({_S.CLEARING}),
}

#: All legal transitions: state -> the states that may follow.
LEGAL: Final[dict[State, frozenset[State]]] = {
    state: ways
    | ({_S.STOPPING} if state in _STOPPABLE else frozenset())
    | ({_S.ABORTING} if state in _ABORTABLE else frozenset())
    for state, ways in _WAYS.items()
}

#: States in which a machine is ready to run or running; the others are standing still for good.
PRODUCING: Final = frozenset(
    {_S.EXECUTE, _S.HOLDING, _S.HELD, _S.UNHOLDING, _S.SUSPENDING, _S.SUSPENDED, _S.UNSUSPENDING}
)
