"""The gateway's durable memory: intents before writes, outcomes, stop switches, fencing tokens, frozen properties.

Synchronous, needs no network and no event loop; every method that returns has synced what it recorded (SQLite, WAL,
synchronous=FULL). A write is allowed only after `intend` has returned, and a request has at most one intent for
ever, so a controller sees at most one write per request whatever crashes. An intent without an outcome when the log
is opened means: nobody knows. `recover` says so and freezes the property.
"""

from __future__ import annotations

import threading
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import asdict
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, Engine, func, insert, select, update

from kg.database import disk_errors_as_record_failed, reading, writing_engine
from kg.errors import BadChange, JournalBroken, NotAuthorised, UnknownNode, WritesFrozen
from kg.opcua.gateway.records import Freeze, Intent, Outcome, Result, Stop, StopMode
from kg.opcua.gateway.schema import freezes, intents, metadata, outcomes, stops, tokens

_WHAT = "The gateway's log"


class GatewayLog:
    """gateway.sqlite. One process writes it; its methods may be called from any thread."""

    def __init__(self, path: Path | str) -> None:
        """Opens or makes the file. Raises RecordFailed where that is impossible, JournalBroken for a damaged one."""
        self._lock = threading.Lock()
        self._engine: Engine = writing_engine(path)
        with disk_errors_as_record_failed(_WHAT), _sound_rows():
            metadata.create_all(self._engine)
            with self._engine.connect() as connection:
                self._highest = connection.scalar(select(func.max(tokens.c.token))) or 0
                self._frozen = {f.target: f for f in _open_freezes(connection)}
                self._stops = _set_stops(connection)

    def close(self) -> None:
        """Idempotent."""
        self._engine.dispose()

    # requests

    def intend(self, intent: Intent) -> None:
        """Record that this is about to be written. Only after this returns may it be.

        Raises BadChange for a request that has an intent or an outcome already, WritesFrozen for a frozen property,
        RecordFailed.
        """
        with self._lock, disk_errors_as_record_failed(_WHAT), self._engine.begin() as connection:
            self._refuse_frozen(intent.target)
            for table in (intents, outcomes):
                if connection.scalar(select(table.c.request).where(table.c.request == intent.request)):
                    raise BadChange(f"The request {intent.request} has been dealt with before.", request=intent.request)
            connection.execute(insert(intents).values(asdict(intent)))

    def conclude(self, outcome: Outcome) -> None:
        """Record how a request ended; an unknown end freezes the property in the same transaction.

        Raises BadChange for a request that has ended before, RecordFailed.
        """
        with self._lock:
            if outcome.result is Result.UNKNOWN:
                freeze = Freeze(outcome.target, outcome.request, outcome.at_us)
                self._frozen.setdefault(outcome.target, freeze)  # even where the disk then fails
            with disk_errors_as_record_failed(_WHAT), self._engine.begin() as connection:
                if connection.scalar(select(outcomes.c.request).where(outcomes.c.request == outcome.request)):
                    raise BadChange(f"The request {outcome.request} has ended before.", request=outcome.request)
                _insert_outcome(connection, outcome)

    def recover(self, at_us: int) -> tuple[Outcome, ...]:
        """Call once after opening: each intent without an outcome ends as unknown, its property frozen."""
        with self._lock, disk_errors_as_record_failed(_WHAT), self._engine.begin() as connection:
            ended = tuple(_lost(intent, at_us) for intent in _open_intents(connection))
            for outcome in ended:
                _insert_outcome(connection, outcome)
        for outcome in ended:
            self._frozen.setdefault(outcome.target, Freeze(outcome.target, outcome.request, at_us))
        return ended

    def intent(self, request: str) -> Intent | None:
        with self._reading() as connection:
            row = connection.execute(select(intents).where(intents.c.request == request)).mappings().first()
        return None if row is None else Intent(**row)

    def open_intents(self) -> tuple[Intent, ...]:
        """Intents whose outcome is not recorded, oldest first."""
        with self._reading() as connection:
            return tuple(_open_intents(connection))

    def outcomes(self, requests: Iterable[str]) -> dict[str, Outcome]:
        """The recorded ends of these requests; what has none is left out."""
        query = select(outcomes).where(outcomes.c.request.in_(list(requests)))
        with self._reading() as connection:
            return {row["request"]: _outcome(dict(row)) for row in connection.execute(query).mappings()}

    def outcome(self, request: str) -> Outcome | None:
        return self.outcomes([request]).get(request)

    def written_at(self, target: str, since_us: int) -> list[int]:
        """Wall times of the property's intents since then, oldest first."""
        query = select(intents.c.at_us).where(intents.c.target == target, intents.c.at_us > since_us).order_by("at_us")
        with self._reading() as connection:
            return list(connection.scalars(query))

    # frozen properties

    def frozen(self) -> tuple[Freeze, ...]:
        with self._lock:
            return tuple(self._frozen.values())

    def unfreeze(self, target: str, by: str, reason: str, at_us: int) -> Freeze:
        """A person has looked and gives the property free. Raises UnknownNode where it is not frozen."""
        lift = (
            update(freezes)
            .where(freezes.c.target == target, freezes.c.lifted_us.is_(None))
            .values(lifted_us=at_us, lifted_by=by, lifted_reason=reason)
        )
        with self._lock:
            if target not in self._frozen:
                raise UnknownNode(f"{target} is not frozen.", target=target)
            with disk_errors_as_record_failed(_WHAT), self._engine.begin() as connection:
                connection.execute(lift)
            return self._frozen.pop(target)

    # fencing

    @property
    def highest_token(self) -> int:
        return self._highest

    def fence(self, token: int, at_us: int) -> None:
        """Accept this token and refuse all lower ones from now on. Raises NotAuthorised for a lower one."""
        with self._lock:
            if token < self._highest:
                raise NotAuthorised(
                    f"The fencing token {token} is out of date; a core with {self._highest} has taken over.",
                    token=token,
                    highest=self._highest,
                )
            if token == self._highest:
                return
            with disk_errors_as_record_failed(_WHAT), self._engine.begin() as connection:
                connection.execute(insert(tokens).values(token=token, at_us=at_us))
            self._highest = token

    # stop switches

    def set_stop(self, stop: Stop) -> None:
        """Set a switch; one that is set for the same scope is replaced."""
        values = {**asdict(stop), "mode": stop.mode.value}
        with self._lock:
            self._stops[stop.scope] = stop  # in force even where it can't be made durable
            with disk_errors_as_record_failed(_WHAT), self._engine.begin() as connection:
                connection.execute(insert(stops).values(values))

    def release_stop(self, scope: str, by: str, reason: str, at_us: int) -> Stop:
        """Raises UnknownNode where none is set for this scope."""
        row = {"scope": scope, "mode": None, "until_us": None, "reason": reason, "by": by, "at_us": at_us}
        with self._lock:
            if scope not in self._stops:
                raise UnknownNode(f"No stop is set for {scope}.", scope=scope)
            with disk_errors_as_record_failed(_WHAT), self._engine.begin() as connection:
                connection.execute(insert(stops).values(row))
            return self._stops.pop(scope)

    def stops(self, now_us: int) -> tuple[Stop, ...]:
        """The switches that are set and have not ended by themselves."""
        with self._lock:
            return tuple(s for s in self._stops.values() if s.until_us is None or now_us < s.until_us)

    @contextmanager
    def _reading(self) -> Iterator[Connection]:
        with reading(self._engine, _WHAT) as connection, _sound_rows():
            yield connection

    def _refuse_frozen(self, target: str) -> None:
        held = self._frozen.get(target)
        if held is not None:
            raise WritesFrozen(f"{target} is frozen: nobody knows how {held.request} ended.", target=target)


@contextmanager
def _sound_rows() -> Iterator[None]:
    """Raises JournalBroken where a row holds what was never written."""
    try:
        yield
    except (ValueError, TypeError) as error:
        raise JournalBroken(f"{_WHAT} holds what was never written: {error}.", what=_WHAT) from error


def _outcome(row: dict[str, Any]) -> Outcome:
    return Outcome(**{**row, "result": Result(row["result"])})


def _open_intents(connection: Connection) -> Iterable[Intent]:
    query = (
        select(intents)
        .outerjoin(outcomes, outcomes.c.request == intents.c.request)
        .where(outcomes.c.request.is_(None))
        .order_by(intents.c.at_us)
    )
    return [Intent(**row) for row in connection.execute(query).mappings()]


def _open_freezes(connection: Connection) -> Iterable[Freeze]:
    query = select(freezes.c.target, freezes.c.request, freezes.c.at_us).where(freezes.c.lifted_us.is_(None))
    return [Freeze(**row) for row in connection.execute(query).mappings()]


def _set_stops(connection: Connection) -> dict[str, Stop]:
    held: dict[str, Stop] = {}
    for row in connection.execute(select(stops).order_by(stops.c.number)).mappings():
        held.pop(row["scope"], None)
        if row["mode"] is not None:
            values = {key: row[key] for key in ("scope", "until_us", "reason", "by", "at_us")}
            held[row["scope"]] = Stop(mode=StopMode(row["mode"]), **values)
    return held


def _insert_outcome(connection: Connection, outcome: Outcome) -> None:
    connection.execute(insert(outcomes).values({**asdict(outcome), "result": outcome.result.value}))
    if outcome.result is Result.UNKNOWN:
        row = {"target": outcome.target, "request": outcome.request, "at_us": outcome.at_us}
        connection.execute(insert(freezes).values(row))


def _lost(intent: Intent, at_us: int) -> Outcome:
    return Outcome(
        request=intent.request,
        decision=intent.decision,
        target=intent.target,
        result=Result.UNKNOWN,
        code="interrupted",
        sentence="The gateway ended between the intent and the outcome; whether the value was written is unknown.",
        value=None,
        status=None,
        written=True,
        at_us=at_us,
    )
