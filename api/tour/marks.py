"""By what one sees that a step has come further: each mark looks at memory and facts and says what it saw, or nothing.

A mark is reached once and stays so, with the sentence of that moment. Marks of one step are reached in order.
"""

from __future__ import annotations

from api.tour.facts import Facts, Seen
from api.tour.memory import Memory

_HELD = frozenset({10, 11})
_JAM = 1
_ASKED = frozenset({"approved", "requested", "leased", "prechecked", "intent", "written", "feedback", "effect"})
_CONFIRMED = frozenset({"confirmed", "committed"})


def order_known(memory: Memory, facts: Facts) -> str | None:
    if not facts.answers or not facts.target or facts.actual is None:
        return None
    return f"Order {facts.order}: {facts.actual:,} of {facts.target:,} made."


def order_grows(memory: Memory, facts: Facts) -> str | None:
    first, now = memory.first_actual, facts.actual
    if not facts.answers or first is None or now is None or now <= first:
        return None
    own = "" if facts.truth is None else f" The line's own counter says {facts.truth.order_actual:,}."
    return f"{now - first:,} more since you came.{own}"


def jam_made(memory: Memory, facts: Facts) -> str | None:
    return None if memory.jammed is None else f"You let the {memory.jammed.lower()} jam."


def jam_stands(memory: Memory, facts: Facts) -> str | None:
    machine = None if facts.truth is None or memory.jammed is None else facts.truth.machine(memory.jammed)
    if machine is None or machine.state not in _HELD or machine.reason != _JAM:
        return None
    return f"The {machine.name.lower()} stands; so says the machine itself."


def jam_seen(memory: Memory, facts: Facts) -> str | None:
    if not facts.answers or memory.jammed is None or facts.reasons.get(memory.jammed) != "jam":
        return None
    return f"The twin says: {memory.jammed.lower()}, jam."


def jam_lost(memory: Memory, facts: Facts) -> str | None:
    if not facts.answers or memory.jammed is None:
        return None
    lost = facts.loss(memory.jammed, "jam")
    if lost <= memory.jam_minutes:
        return None
    return f"Top losses: {memory.jammed.lower()} jam, {lost:.1f} min ({memory.jam_minutes:.1f} min before)."


def proposal_made(memory: Memory, facts: Facts) -> str | None:
    found = next((seen for seen in reversed(facts.decisions) if seen.is_proposal), None)
    return None if found is None else f"The agent proposes {_wish(found)}."


def proposal_read(memory: Memory, facts: Facts) -> str | None:
    found = facts.proposal(memory.opened)
    return None if found is None else f"You have read why it proposes {_wish(found)}."


def level_raised(memory: Memory, facts: Facts) -> str | None:
    if not facts.answers or not facts.levels or set(facts.levels) != {"approve"}:
        return None
    return "The agents may act, each time with a person's yes."


def proposal_approved(memory: Memory, facts: Facts) -> str | None:
    found = _chosen(memory, facts)
    return None if found is None else f"Approved: {_wish(found)}."


def write_confirmed(memory: Memory, facts: Facts) -> str | None:
    found = _chosen(memory, facts)
    if found is None or found.stage not in _CONFIRMED:
        return None
    return f"The controller's own feedback says {_wish(found)}."


def effect_compared(memory: Memory, facts: Facts) -> str | None:
    found = _chosen(memory, facts)
    return None if found is None else facts.effects.get(found.id)


def unsafe_asked(memory: Memory, facts: Facts) -> str | None:
    asked = memory.unsafe
    return None if asked is None else f"You asked for {asked.value:g} {asked.unit} at the {asked.machine.lower()}."


def unsafe_refused(memory: Memory, facts: Facts) -> str | None:
    asked = memory.unsafe
    if asked is None or asked.admitted or asked.shape is None:
        return None
    return f"Refused by the shape {asked.shape}: {asked.sentence}"


def unsafe_unseen(memory: Memory, facts: Facts) -> str | None:
    """The controller was never told: it works with what it worked with."""
    asked = memory.unsafe
    machine = None if facts.truth is None or asked is None else facts.truth.machine(asked.machine)
    if asked is None or machine is None or machine.accepted == asked.value or asked.admitted:
        return None
    return f"The {machine.name.lower()}'s controller works with {machine.accepted:g} {asked.unit}."


def local_taken(memory: Memory, facts: Facts) -> str | None:
    return None if memory.local is None else f"The key at the {memory.local.lower()} stands on local."


def local_seen(memory: Memory, facts: Facts) -> str | None:
    if not facts.answers or memory.local not in facts.local:
        return None
    return "The twin knows it, too."


def local_blocks(memory: Memory, facts: Facts) -> str | None:
    asked = memory.blocked
    if asked is None or asked.admitted:
        return None
    by = "" if asked.shape is None else f" by {asked.shape}"
    return f"{asked.value:g} {asked.unit}, an ordinary value, was refused{by}: {asked.sentence}"


def local_given_back(memory: Memory, facts: Facts) -> str | None:
    machine = None if facts.truth is None or memory.local is None else facts.truth.machine(memory.local)
    if machine is None or machine.local or not facts.answers or machine.name in facts.local:
        return None
    return f"The {machine.name.lower()} is remote again."


def twin_killed(memory: Memory, facts: Facts) -> str | None:
    return f"You killed {_listed(memory.killed)}." if memory.killed else None


def twin_dead(memory: Memory, facts: Facts) -> str | None:
    return "The twin does not answer any more." if memory.killed and not facts.answers else None


def line_goes_on(memory: Memory, facts: Facts) -> str | None:
    if facts.truth is None or memory.made is None or facts.truth.made <= memory.made:
        return None
    still = "" if facts.answers else ", and the twin still does not answer"
    return f"The line has made {facts.truth.made - memory.made:,} bottles since the kill{still}."


def twin_back(memory: Memory, facts: Facts) -> str | None:
    if not facts.answers:
        return None
    return f"It answers again, {(facts.at_us - memory.killed_us) / 1e6:.0f} s after it was killed."


def _chosen(memory: Memory, facts: Facts) -> Seen | None:
    """The proposal that was approved: by the visitor here, or by anybody elsewhere."""
    own = facts.proposal(memory.approved)
    if own is not None or memory.approved is not None:
        return own
    return next((s for s in reversed(facts.decisions) if s.is_proposal and s.stage in _ASKED | _CONFIRMED), None)


def _wish(seen: Seen) -> str:
    return f"{seen.target} = {seen.value}"


def _listed(names: tuple[str, ...]) -> str:
    *first, last = names
    return f"{', '.join(first)} and {last}" if first else last
