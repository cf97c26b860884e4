"""A twin that is not there: what the frame of the API needs, without processes."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from rdflib import RDFS, Graph, Literal, Namespace

from api.settings import Settings
from api.web.hub import Hub
from api.web.identity import People, Person
from api.web.strikes import Strikes
from kg.change import Role, Source
from kg.errors import ServiceDown

BOT = Namespace("https://w3id.org/twinwright/plants/bottling#")
LOGINS = {
    "vera": Role.VIEWER,
    "ada": Role.AUDITOR,
    "olga": Role.OPERATOR,
    "sam": Role.SUPERVISOR,
    "emil": Role.ENGINEER,
}


def people() -> People:
    """One person of each role; the token is the login and some more."""
    policy = Graph()
    for login in LOGINS:
        policy.add((BOT[login], RDFS.label, Literal(login.capitalize())))
    persons = {login: Source(BOT[login], role) for login, role in LOGINS.items()}
    return People(persons, policy, {login: f"token-of-{login}" for login in LOGINS} | {"web": "token-of-web"})


def bearer(login: str) -> dict[str, str]:
    return {"Authorization": f"Bearer token-of-{login}"}


class SilentCore:
    """A core that gives the items it was made with and then ends."""

    def __init__(self, *items: Mapping[str, Any]) -> None:
        self.items = list(items)
        self.asked: list[Mapping[str, Any]] = []

    async def stream(self, name: str, body: Mapping[str, Any]) -> AsyncIterator[dict[str, Any]]:
        self.asked.append(body)
        while self.items:
            yield dict(self.items.pop(0))
        raise ServiceDown("The core does not answer.", part="core")


@dataclass
class StubTwin:
    """Answers from `answers`, by (part, method)."""

    settings: Settings = field(default_factory=Settings)
    people: People = field(default_factory=people)
    hub: Hub = field(default_factory=lambda: Hub(SilentCore()))
    strikes: Strikes = field(default_factory=Strikes)
    panel: Path | None = None
    answers: dict[tuple[str, str], Any] = field(default_factory=dict)

    async def call(
        self, person: Person | None, part: str, method: str, body: object = None, timeout_s: float = 10.0
    ) -> Any:
        try:
            return self.answers[part, method]
        except KeyError:
            raise ServiceDown(f"The {part} does not answer.", part=part) from None


def event(seq: int, kind: str = "edit", **parts: Any) -> dict[str, Any]:
    """A published Change as JSON."""
    body = {
        "seq": seq,
        "release": "r1",
        "kind": kind,
        "change": f"urn:uuid:{seq}",
        "author": str(BOT.emil),
        "cause": None,
        "at_us": seq * 1_000_000,
        "plant_us": 0,
        "added": "",
        "removed": "",
        "readings": [],
        "opened": [],
        "closed": [],
        "matches": [],
        "unmatched": [],
        "admitted": True,
        "reasons": [],
        "detail": {},
    }
    return body | parts


def snapshot(seq: int, quads: str = "") -> dict[str, Any]:
    return {"snapshot": {"seq": seq, "release": "r1", "plant_us": 0, "quads": quads}}
