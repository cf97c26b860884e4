"""Who asks: a person of the policy, known by the token of this run or by the console's session cookie.

The token is the one that the request channel knows (`kg.tokens`), so the core authenticates the person again; what
this process holds gives it no more authority than the person has. The tokens of the twin's parts are not accepted.
"""

from __future__ import annotations

import hashlib
import hmac
import secrets
import time
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Final

from itsdangerous import BadSignature, URLSafeTimedSerializer
from rdflib import Graph, URIRef

from kg.change import Role, Source
from kg.tokens import person_label

COOKIE: Final = "twinwright_session"
SESSION_S: Final = 12 * 3600
"""A session lasts one long shift; a restart of the twin ends it, as tokens are drawn anew."""


@dataclass(frozen=True, slots=True)
class Person:
    """Somebody whom the policy names."""

    login: str
    label: str
    role: Role
    iri: URIRef
    token: str


class People:
    """The persons of a plant: by login, by token, by session cookie."""

    def __init__(self, persons: Mapping[str, Source], policy: Graph, tokens: Mapping[str, str]) -> None:
        self.by_login: dict[str, Person] = {
            login: Person(login, person_label(policy, source.author), source.role, source.author, tokens[login])
            for login, source in persons.items()
            if login in tokens
        }
        secret = "".join(person.token for person in self.by_login.values())
        self._sessions = URLSafeTimedSerializer(hashlib.sha256(secret.encode()).hexdigest(), salt="twinwright-session")
        self._ended: dict[str, float] = {}
        """Sessions that people have ended, and when; a restart of this process forgets them."""

    def of_token(self, token: str) -> Person | None:
        """The person with a token, compared in constant time; None where nobody has it."""
        given, found = token.encode(), None
        for person in self.by_login.values():
            if hmac.compare_digest(person.token.encode(), given):
                found = person
        return found

    def session(self, person: Person) -> str:
        """The value of a session cookie for a person who has signed in."""
        return self._sessions.dumps([person.login, secrets.token_urlsafe(9)])

    def of_session(self, cookie: str) -> Person | None:
        """The person of a session cookie; None for one that is forged, too old, or of an earlier run."""
        try:
            login, _ = self._sessions.loads(cookie, max_age=SESSION_S)
        except (BadSignature, ValueError):
            return None
        return None if cookie in self._ended else self.by_login.get(login)

    def end_session(self, header: str) -> None:
        """Whoever has a copy of the session in a Cookie header is nobody from now on."""
        cookie, now = _cookie(header), time.monotonic()
        if cookie is not None and self.of_session(cookie) is not None:
            self._ended = {held: since for held, since in self._ended.items() if now - since < SESSION_S}
            self._ended[cookie] = now

    def of_headers(self, headers: Iterable[tuple[bytes, bytes]]) -> Person | None:
        """The person that the headers of a request name: a bearer token goes before a cookie."""
        cookie = None
        for name, value in headers:
            if name == b"authorization":
                scheme, _, token = value.decode("latin-1").partition(" ")
                return self.of_token(token.strip()) if scheme.lower() == "bearer" else None
            if name == b"cookie":
                cookie = _cookie(value.decode("latin-1")) or cookie
        return None if cookie is None else self.of_session(cookie)


def _cookie(header: str) -> str | None:
    for part in header.split(";"):
        name, _, value = part.strip().partition("=")
        if name == COOKIE:
            return value
    return None
