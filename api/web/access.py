"""Who may do what over HTTP: a table of action x role. The Gate's own table (kg.gate.authority) has the last word.

Every route of the API and every button of the console names one Action; a test holds the table against all routes.
"""

from __future__ import annotations

from collections.abc import Callable
from enum import StrEnum
from typing import Final

from fastapi import Request

from api.web.errors import NotSignedIn
from api.web.identity import Person
from kg.change import Role
from kg.errors import NotAuthorised


class Action(StrEnum):
    """What somebody wants of the twin."""

    READ = "read"
    """Look at the plant, decisions, explanations, history."""
    QUERY = "query"
    """Run SPARQL."""
    CHANGE = "change"
    """Send a Change to the Gate."""
    APPROVE = "approve"
    """Approve or reject a proposal."""
    STOP = "stop"
    """Set and release stop switches, lift a freeze."""
    AUTONOMY = "autonomy"
    """Raise or lower what agents may do."""
    DEMO = "demo"
    """Play the person at the machine of a simulated plant."""


_READERS: Final = frozenset({Role.VIEWER, Role.AUDITOR, Role.OPERATOR, Role.SUPERVISOR, Role.ENGINEER})
_OPERATORS: Final = frozenset({Role.OPERATOR, Role.SUPERVISOR, Role.ENGINEER})

ALLOWED: Final[dict[Action, frozenset[Role]]] = {
    Action.READ: _READERS,
    Action.QUERY: _READERS,
    Action.CHANGE: _OPERATORS,
    Action.APPROVE: _OPERATORS,
    Action.STOP: _OPERATORS,
    Action.AUTONOMY: frozenset({Role.SUPERVISOR, Role.ENGINEER}),
    Action.DEMO: _OPERATORS,
}


def may(person: Person, action: Action) -> bool:
    """Whether the person's role allows an action."""
    return person.role in ALLOWED[action]


def decide(person: Person, action: Action) -> None:
    """Nothing where the person may. Raises NotAuthorised naming the roles that may."""
    if not may(person, action):
        roles = ", ".join(sorted(ALLOWED[action]))
        raise NotAuthorised(
            f"{person.label} is {person.role}; {action} is for: {roles}.", action=str(action), role=str(person.role)
        )


def allowed(action: Action) -> Callable[[Request], Person]:
    """A dependency for routes: the person who asks. Raises NotSignedIn or NotAuthorised."""

    def person(request: Request) -> Person:
        found = request.app.state.twin.people.of_headers(request.headers.raw)
        if found is None:
            raise NotSignedIn("Nobody is signed in, or the token is not of this run of the twin.")
        decide(found, action)
        return found  # type: ignore[no-any-return]

    person.action = action  # type: ignore[attr-defined]
    return person
