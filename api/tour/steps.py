"""The seven steps of the tour, as data: what to do, what to look at, and by which marks one sees that it was done."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum
from typing import Final, TypeAlias

from api.tour import marks
from api.tour.facts import Facts
from api.tour.memory import Memory

Look: TypeAlias = Callable[[Memory, Facts], str | None]


class StepId(StrEnum):
    """The steps in their order."""

    ORDER = "order"
    JAM = "jam"
    READ = "read"
    APPROVE = "approve"
    UNSAFE = "unsafe"
    LOCAL = "local"
    KILL = "kill"


@dataclass(frozen=True, slots=True)
class Mark:
    """Something that can be seen to have happened. `look` returns what was seen, or None."""

    id: str
    text: str
    look: Look


@dataclass(frozen=True, slots=True)
class Step:
    """One step. Done when its last mark is reached."""

    id: StepId
    title: str
    do: str
    """What the visitor does, in one sentence."""
    look: str
    """What to look at, and what it means."""
    marks: tuple[Mark, ...]


STEPS: Final = (
    Step(
        StepId.ORDER,
        "The order: target against actual",
        "Watch the order for a few seconds.",
        "The twin counts at the end of the line. The line itself says the same; the twin is a moment later.",
        (
            Mark("order-known", "The twin knows the order", marks.order_known),
            Mark("order-grows", "The count goes up", marks.order_grows),
        ),
    ),
    Step(
        StepId.JAM,
        "A jam, and what it costs",
        "Let the labeller jam, as if a bottle had fallen.",
        "First the machine stands, then the twin says so and counts the minutes. What they cost the filler, which sets "
        "the pace, comes later: when the conveyor between them is full.",
        (
            Mark("jam-made", "The labeller is jammed", marks.jam_made),
            Mark("jam-stands", "The machine stands", marks.jam_stands),
            Mark("jam-seen", "The twin sees it", marks.jam_seen),
            Mark("jam-lost", "It stands among the losses", marks.jam_lost),
        ),
    ),
    Step(
        StepId.READ,
        "A proposal, and its reasons",
        "Open what the agent would do about it, and read why.",
        "In shadow the agent judges and records, and touches nothing. It says what it expects to gain, how sure it is, "
        "and what happens if nobody does anything.",
        (
            Mark("proposal-made", "The agent has a proposal", marks.proposal_made),
            Mark("proposal-read", "You have read it", marks.proposal_read),
        ),
    ),
    Step(
        StepId.APPROVE,
        "A yes, and whether it was right",
        "As a supervisor let the agents ask for approval, let the labeller jam again, and approve what they propose.",
        "Your yes holds once, for this value and these conditions. Confirmed means that the controller's own feedback "
        "says so. When the time of the prediction is over, what came is held against what was promised.",
        (
            Mark("level-raised", "The agents may ask for approval", marks.level_raised),
            Mark("proposal-approved", "A proposal is approved", marks.proposal_approved),
            Mark("write-confirmed", "The controller confirms it", marks.write_confirmed),
            Mark("effect-compared", "The effect is held against the prediction", marks.effect_compared),
        ),
    ),
    Step(
        StepId.UNSAFE,
        "Something unsafe",
        "Ask for twice the highest speed that is allowed, in earnest.",
        "A setpoint is a change of the graph. It is checked on the graph as it would be, a shape says no, and nothing "
        "is sent to the controller.",
        (
            Mark("unsafe-asked", "You ask for it", marks.unsafe_asked),
            Mark("unsafe-refused", "A shape refuses it", marks.unsafe_refused),
            Mark("unsafe-unseen", "The controller goes on as before", marks.unsafe_unseen),
        ),
    ),
    Step(
        StepId.LOCAL,
        "The operator takes over",
        "Turn the key at the packer to local, ask the twin for an ordinary speed, then turn it back.",
        "Whoever stands at the machine has the last word. The controller would refuse, but it is not even asked: the "
        "twin knows, and blocks the request.",
        (
            Mark("local-taken", "A machine is local", marks.local_taken),
            Mark("local-seen", "The twin knows", marks.local_seen),
            Mark("local-blocks", "A request is blocked", marks.local_blocks),
            Mark("local-given-back", "The machine is remote again", marks.local_given_back),
        ),
    ),
    Step(
        StepId.KILL,
        "Kill the twin",
        "Kill core, gateway and agents, and watch the bottles.",
        "The line needs no twin. After ten seconds without its heartbeat the controllers go back to their own "
        "setpoints. The supervisor starts the twin again, and it goes on from its record.",
        (
            Mark("twin-killed", "The twin is killed", marks.twin_killed),
            Mark("twin-dead", "It does not answer", marks.twin_dead),
            Mark("line-goes-on", "The line goes on", marks.line_goes_on),
            Mark("twin-back", "The twin is back", marks.twin_back),
        ),
    ),
)
