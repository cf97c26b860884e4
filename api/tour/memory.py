"""What a tour has to remember between two looks: what was done, and how things stood just then."""

from __future__ import annotations

from dataclasses import dataclass, replace

from api.tour.facts import Approved, Asked, Deed, Facts, Jammed, Killed, Opened


@dataclass(frozen=True, slots=True)
class Memory:
    """The newest deed of each sort, with the figures of that moment. None and empty: not done yet."""

    first_actual: int | None = None
    """Of the order, when the tour began."""
    jammed: str | None = None
    jam_minutes: float = 0.0
    """Booked on that machine's jams before."""
    opened: str | None = None
    approved: str | None = None
    unsafe: Asked | None = None
    accepted: float | None = None
    """What the controller worked with when the unsafe value was asked for."""
    local: str | None = None
    """The machine that was taken to local."""
    blocked: Asked | None = None
    killed: tuple[str, ...] = ()
    killed_us: int = 0
    made: int | None = None
    """At the line's end when the twin was killed; None where the plant could not be asked."""

    def after(self, deed: Deed, facts: Facts) -> Memory:
        """With this deed remembered."""
        match deed:
            case Jammed(machine):
                return replace(self, jammed=machine, jam_minutes=facts.loss(machine, "jam"))
            case Opened(decision):
                return replace(self, opened=decision)
            case Approved(decision):
                return replace(self, approved=decision)
            case Asked() if deed.is_unsafe:
                return replace(self, unsafe=deed, accepted=_accepted(facts, deed.machine))
            case Asked():
                return replace(self, blocked=deed) if deed.machine == self.local else self
            case Killed(parts):
                made = None if facts.truth is None else facts.truth.made
                return replace(self, killed=parts, killed_us=facts.at_us, made=made)

    def without(self, step: str) -> Memory:
        """With the deeds of a step forgotten."""
        own = {
            "order": replace(self, first_actual=None),
            "jam": replace(self, jammed=None, jam_minutes=0.0),
            "read": replace(self, opened=None),
            "approve": replace(self, approved=None),
            "unsafe": replace(self, unsafe=None, accepted=None),
            "local": replace(self, local=None, blocked=None),
            "kill": replace(self, killed=(), killed_us=0, made=None),
        }
        return own[step]

    def looking(self, facts: Facts) -> Memory:
        """With what a look itself brings: the first count of the order, the machine that was taken to local."""
        memory = self
        if memory.first_actual is None and facts.answers and facts.actual is not None:
            memory = replace(memory, first_actual=facts.actual)
        if memory.local is None and facts.truth is not None:
            taken = next((machine.name for machine in facts.truth.machines if machine.local), None)
            memory = replace(memory, local=taken)
        return memory


def _accepted(facts: Facts, machine: str) -> float | None:
    found = None if facts.truth is None else facts.truth.machine(machine)
    return None if found is None else found.accepted
