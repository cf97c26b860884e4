"""A proposal in the words of its card."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Final

from api.console.operate.figures import NONE, countdown, quantity, unit_words
from api.web.moments import micros
from api.web.proposal_view import Prediction, ProposalView, Quantity

_WHY: Final[dict[str, str]] = {
    "withdrawn": "its condition has passed, or the agents' level was lowered",
    "superseded": "the rule now wants another value",
    "outranked": "another rule for the same target went first",
    "expired": "nobody approved it in time",
    "refused": "its reasons stand under the last decisions",
    "blocked": "the write gateway let nothing through",
    "compensated": "the controller took another value, and the old one was restored",
    "clamped": "it stands at the controller's value",
    "unknown": "look at the machine, then lift the freeze",
}
"""What is added to how a proposal ended, for a person who wonders."""


@dataclass(frozen=True, slots=True)
class CardView:
    """What stands on a card. `offers` is True where a word of the person who looks would count."""

    id: str
    what: str
    change: str
    why: str
    gain: str
    band: str
    if_nothing: str
    level: str
    state: str
    offers: bool
    is_mine: bool
    """True where this person has approved it already, and may only take that back."""
    binds: str
    expires_us: int | None
    ended: bool

    def left(self, now_us: int) -> str:
        """How long a word may still be said."""
        if self.ended or self.expires_us is None:
            return ""
        left_s = (self.expires_us - now_us) / 1e6
        return f"expires in {countdown(left_s)}" if left_s > 0 else "expired"


def card_of(view: ProposalView, allowed: bool, person: str) -> CardView:
    """The card of a proposal for a person (IRI) who may, or may not, approve."""
    machine = view.machine.label if view.machine is not None else view.target.label
    return CardView(
        id=view.id,
        what=view.rule.label if view.rule is not None else view.target.label,
        change=f"{machine}: {change_words(view.current or view.prior, view.desired)}",
        why=view.sentence,
        gain=gain_words(view.prediction),
        band=band_words(view.prediction),
        if_nothing=view.if_nothing or "",
        level=level_words(view.level),
        state=state_words(view),
        offers=allowed and view.word.counts and view.state == "open",
        is_mine=any(given.iri == person for given in view.approvals.given),
        binds=view.binds,
        expires_us=None if view.expires_at is None else micros(datetime.fromisoformat(view.expires_at)),
        ended=view.state != "open",
    )


def change_words(before: Quantity | None, after: Quantity) -> str:
    """From -> to with the unit once."""
    start = NONE if before is None else quantity(before.value, None)
    return f"{start} → {quantity(after.value, None)} {unit_words(after.unit)}".rstrip()


def gain_words(prediction: Prediction) -> str:
    """Units gained, with the sign."""
    return (
        f"{_signed(prediction.units)} units"
        if prediction.evaluated and prediction.units is not None
        else "not evaluated"
    )


def band_words(prediction: Prediction) -> str:
    """Between what the gain lies; the reason where it was not evaluated."""
    if not prediction.evaluated:
        return prediction.sentence
    if prediction.low is None or prediction.high is None:
        return ""
    return f"{_signed(prediction.low)} to {_signed(prediction.high)} units"


def level_words(level: str | None) -> str:
    """What becomes of it at the agent's level."""
    return {
        None: "",
        "off": "The agent is off.",
        "shadow": "Only recorded: the agent is in shadow.",
        "advise": "Advice: people act themselves.",
        "approve": "Is written after approval.",
        "veto-window": "Is written unless somebody objects.",
        "autonomous": "Is written at once.",
    }.get(level, str(level))


def state_words(view: ProposalView) -> str:
    """How it stands: approvals given, or how it ended."""
    if view.state != "open":
        why = _WHY.get(str(view.end))
        return f"Ended: {view.end_in_words}{f'; {why}' if why else ''}."
    given = ", ".join(person.label for person in view.approvals.given)
    if given:
        needed = view.approvals.needed - len(view.approvals.given)
        more = "" if needed <= 0 else f" {needed} more needed."
        return f"Approved by {given}.{more}"
    return "" if view.word.counts else view.word.sentence


def _signed(number: int) -> str:
    return f"{number:+,d}" if number else "0"
