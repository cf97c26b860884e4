"""What can be stopped, how, and for how long, in people's words; and what became of it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from rdflib import RDF, RDFS, URIRef

from api.console.operate.figures import duration, name_of
from api.live import LineModel
from api.web.access import ALLOWED, Action, may
from api.web.identity import Person
from api.web.routes.stops import Mode, StopOutcome, StopView
from kg.tokens import local_name
from ontology import TW

#: Mode -> what it does, to be read after the mode's own words.
MODES: Final[dict[Mode, str]] = {
    "no-writes": "No writes: neither agents nor people write.",
    "propose-only": "Propose only: agents propose, people may write.",
    "read-only": "Read only: nothing is written or proposed.",
}
#: Seconds -> words; 0 stands for no end.
SPANS: Final[dict[int, str]] = {600: "10 minutes", 3600: "1 hour", 0: "until released"}
NOTE: Final = (
    "This stops what the twin writes. It is no emergency stop: the line runs on by its own control, "
    "and machines are stopped at the machines."
)
_WORDS: Final = {"no-writes": "no writes", "propose-only": "propose only", "read-only": "read only"}


@dataclass(frozen=True, slots=True)
class StopRow:
    """A switch that is set, in one line, with the scope to release."""

    scope: str
    name: str
    sentence: str


def machines_of(model: LineModel) -> dict[str, str]:
    """The machines in order of flow, with their names."""
    machines = model.layout.machines if model.layout else ()
    return {str(machine): name_of(model, machine) for machine in machines}


def agents_of(model: LineModel) -> dict[str, str]:
    """The agents that the model knows, with their names."""
    nodes = sorted(s for s, o in model.facts.of(RDF.type).items() if o == str(TW.Agent))
    return {node: str(model.get(URIRef(node), RDFS.label) or local_name(node)) for node in nodes}


def why_not(person: Person) -> str:
    """Why this person can't stop; empty where they can."""
    if may(person, Action.STOP):
        return ""
    roles = ", ".join(sorted(ALLOWED[Action.STOP]))
    return f"{person.label} is signed in as {person.role}. To stop the twin is for: {roles}."


def button_words(stops: Sequence[object]) -> str:
    """What the button says; it is the way to release, too."""
    return "Stopped · release" if stops else "Stop"


def row_of(view: StopView, now_us: int) -> StopRow:
    """A switch as the list shows it."""
    name = "Whole plant" if view.scope.iri == str(TW.Plant) else view.scope.label
    end = "until it is released" if view.until_at is None else f"{_left(view.until_at, now_us)} more"
    by = "" if view.by is None else f", by {view.by.label}"
    why = f": {view.reason}" if view.reason else ""
    heard = "" if view.heard.gateway else " (the write gateway has not confirmed it)"
    return StopRow(view.scope.iri, name, f"{_WORDS[view.mode]}, {end}{by}{why}{heard}")


def outcome_words(outcome: StopOutcome) -> str:
    """What holds now, and who has not heard."""
    name = "Whole plant" if outcome.scope.iri == str(TW.Plant) else outcome.scope.label
    return " ".join((f"{name}: {outcome.sentence}", *outcome.warnings))


def _left(until_at: str, now_us: int) -> str:
    return duration(datetime.fromisoformat(until_at).timestamp() - now_us / 1e6)
