"""The gateway's durable memory, without a network."""

from __future__ import annotations

import os
import signal
import sqlite3
import subprocess
import sys
from contextlib import closing
from dataclasses import replace

import pytest

from kg.errors import BadChange, DataDirectoryLocked, JournalBroken, NotAuthorised, UnknownNode, WritesFrozen
from kg.opcua.gateway import GatewayLog, Intent, Outcome, Result, Stop, StopMode
from kg.opcua.gateway.lock import GatewayLock

INTENT = Intent("urn:r1", "urn:d1", "urn:speed", 410.0, 400.0, 7, "urn:agent", 1_000)
ENDED = Outcome("urn:r1", "urn:d1", "urn:speed", Result.CONFIRMED, "confirmed", "Shown.", 410.0, 0, True, 2_000)
STOP = Stop("urn:line", StopMode.NO_WRITES, 5_000, "leak", "urn:olga", 1_000)


@pytest.fixture
def path(tmp_path):
    return tmp_path / "gateway.sqlite"


@pytest.fixture
def log(path):
    made = GatewayLog(path)
    yield made
    made.close()


def test_an_intent_survives_and_can_be_had_once_only(log, path):
    """A request has one intent for ever, also after reopening."""
    log.intend(INTENT)
    log.close()

    again = GatewayLog(path)
    assert again.intent("urn:r1") == INTENT
    assert again.open_intents() == (INTENT,)
    with pytest.raises(BadChange):
        again.intend(replace(INTENT, value=420.0))
    again.close()


def test_a_request_that_ended_without_a_write_is_not_written_later(log):
    """A blocked request's id cannot be used for an intent."""
    log.conclude(replace(ENDED, result=Result.BLOCKED, written=False))

    with pytest.raises(BadChange):
        log.intend(INTENT)


def test_an_outcome_is_recorded_once(log):
    """The first outcome stays."""
    log.intend(INTENT)
    log.conclude(ENDED)

    with pytest.raises(BadChange):
        log.conclude(replace(ENDED, result=Result.REFUSED))
    assert log.outcome("urn:r1") == ENDED
    assert log.open_intents() == ()


def test_an_intent_without_an_outcome_is_unknown_and_freezes_its_property(log, path):
    """Recovery ends it, freezes the property durably, and finds nothing more the second time."""
    log.intend(INTENT)
    log.close()

    again = GatewayLog(path)
    (lost,) = again.recover(3_000)
    assert (lost.result, lost.written) == (Result.UNKNOWN, True)
    with pytest.raises(WritesFrozen):
        again.intend(replace(INTENT, request="urn:r2"))
    again.close()
    third = GatewayLog(path)
    assert third.recover(4_000) == ()
    assert [freeze.target for freeze in third.frozen()] == ["urn:speed"]
    third.close()


def test_a_person_lifts_a_freeze_for_good(log, path):
    """After unfreezing, the property may be written again, also after reopening."""
    log.intend(INTENT)
    log.conclude(replace(ENDED, result=Result.UNKNOWN))
    log.unfreeze("urn:speed", "urn:olga", "looked at it", 3_000)
    with pytest.raises(UnknownNode):
        log.unfreeze("urn:speed", "urn:olga", "again", 3_000)
    log.close()

    again = GatewayLog(path)
    again.intend(replace(INTENT, request="urn:r2"))
    assert again.frozen() == ()
    again.close()


def test_a_lower_fencing_token_is_refused_for_ever(log, path):
    """The highest token ever seen is durable."""
    log.fence(7, 1)
    log.fence(7, 2)
    log.fence(9, 3)
    log.close()

    again = GatewayLog(path)
    assert again.highest_token == 9
    with pytest.raises(NotAuthorised):
        again.fence(8, 4)
    again.close()


def test_stops_are_durable_replaced_released_and_end_by_themselves(log, path):
    """One switch a scope; the newest counts until its time is over or somebody releases it."""
    log.set_stop(STOP)
    log.set_stop(replace(STOP, mode=StopMode.READ_ONLY))
    log.set_stop(replace(STOP, scope="urn:filler", until_us=None))
    log.close()

    again = GatewayLog(path)
    assert {(s.scope, s.mode) for s in again.stops(4_999)} == {
        ("urn:line", StopMode.READ_ONLY),
        ("urn:filler", StopMode.NO_WRITES),
    }
    assert [s.scope for s in again.stops(5_000)] == ["urn:filler"]
    again.release_stop("urn:filler", "urn:olga", "dry", 4_000)
    again.close()
    third = GatewayLog(path)
    assert [s.scope for s in third.stops(4_999)] == ["urn:line"]
    third.close()


def test_writes_of_a_property_are_counted_by_their_intents(log):
    """Only intents of that property after the given time."""
    for number, at_us in enumerate((1_000, 2_000, 3_000)):
        log.intend(replace(INTENT, request=f"urn:a{number}", at_us=at_us))
    log.intend(replace(INTENT, request="urn:b", target="urn:other", at_us=2_500))

    assert log.written_at("urn:speed", 1_000) == [2_000, 3_000]


KILLED = """
import sys
from kg.opcua.gateway import GatewayLog, Intent
log = GatewayLog(sys.argv[1])
number = 0
while True:
    log.intend(Intent(f"urn:r{number}", "urn:d", f"urn:p{number}", 1.0, 0.0, 1, "urn:a", number))
    print(number, flush=True)
    number += 1
"""


def test_what_was_acknowledged_before_a_kill_is_there_after_it(path):
    """SIGKILL in the middle: every acknowledged intent is found, and recovery makes each unknown."""
    with subprocess.Popen([sys.executable, "-c", KILLED, str(path)], stdout=subprocess.PIPE, text=True) as child:
        assert child.stdout is not None
        acknowledged = [int(child.stdout.readline()) for _ in range(20)]
        os.kill(child.pid, signal.SIGKILL)

    log = GatewayLog(path)
    found = {intent.request for intent in log.open_intents()}
    assert {f"urn:r{number}" for number in acknowledged} <= found
    assert len(log.recover(1)) == len(found) == len(log.frozen())
    log.close()


def test_a_second_gateway_on_the_same_data_is_refused(tmp_path):
    """Until the first has ended."""
    first = GatewayLock(tmp_path)
    with pytest.raises(DataDirectoryLocked):
        GatewayLock(tmp_path)
    first.close()
    first.close()

    GatewayLock(tmp_path).close()


READS = {
    "intent": lambda log: log.intent("urn:r1"),
    "open_intents": lambda log: log.open_intents(),
    "outcome": lambda log: log.outcome("urn:r1"),
    "outcomes": lambda log: log.outcomes(["urn:r1"]),
    "written_at": lambda log: log.written_at("urn:speed", 0),
}


@pytest.mark.parametrize("read", READS.values(), ids=READS)
def test_reading_a_damaged_file_says_so(log, path, read):
    """Whoever asks is told that the log is damaged, in the twin's own terms."""
    log.intend(INTENT)
    log.conclude(ENDED)
    log.close()
    for beside in (path, path.with_name(path.name + "-wal")):
        if beside.exists():
            beside.write_bytes(beside.read_bytes()[:100] + b"\xff" * 40_000)

    with pytest.raises(JournalBroken, match="gateway's log"):
        read(log)


@pytest.mark.parametrize("read", ["outcome", "outcomes"])
def test_row_that_was_never_written_is_damage(log, path, read):
    """An outcome with a result that does not exist is no outcome."""
    log.conclude(ENDED)
    with closing(sqlite3.connect(path)) as connection, connection:
        connection.execute("UPDATE outcomes SET result = 'splendid'")

    with pytest.raises(JournalBroken, match="splendid"):
        READS[read](log)


def test_stop_that_was_never_set_keeps_the_log_from_opening(log, path):
    """A mode that does not exist must not be taken for no stop at all."""
    log.set_stop(STOP)
    log.close()
    with closing(sqlite3.connect(path)) as connection, connection:
        connection.execute("UPDATE stops SET mode = 'gently'")

    with pytest.raises(JournalBroken, match="gently"):
        GatewayLog(path)
