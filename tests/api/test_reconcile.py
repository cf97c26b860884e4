"""The record against the controllers' own log."""

from __future__ import annotations

import json
from pathlib import Path

from rdflib import URIRef

from api.reconcile import ControllerWrite, Request, read_write_log, reconcile
from kg.bindings import Binding

PROP = "urn:Filler.SetMachSpeed"
NODE = "Filler.Command.SetMachSpeed"
BINDINGS = [
    Binding(URIRef(PROP), URIRef("urn:Filler"), URIRef("urn:p"), URIRef("urn:s"), f"nsu=urn:ua;s={NODE}", "Float")
]


def wrote(value: float, result: str = "accepted") -> ControllerWrite:
    return ControllerWrite(NODE, value, result, "2026-01-01T00:00:00Z")


def asked(name: str, value: float, outcome: str | None = "confirmed", written: bool = True) -> Request:
    return Request(name, f"decision of {name}", PROP, value, outcome, written)


def test_one_write_a_request() -> None:
    """The same value written twice needs two requests; order decides which is whose."""
    found = reconcile(
        [wrote(240), wrote(400), wrote(240)], [asked("a", 240), asked("b", 400), asked("c", 240)], BINDINGS
    )

    assert found.ok
    assert [request.id for request, _ in found.matched] == ["a", "b", "c"]


def test_a_write_that_nobody_claims() -> None:
    """A value that no request asked for, and a second write for one request, are found."""
    found = reconcile([wrote(240), wrote(240), wrote(999)], [asked("a", 240)], BINDINGS)

    assert not found.ok
    assert [write.value for write in found.unclaimed] == [240, 999]


def test_a_write_that_the_record_made_up() -> None:
    """Confirmed without a write is found; blocked or expired without one is as it should be."""
    requests = [
        asked("a", 1),
        asked("b", 2, "blocked", False),
        asked("c", 3, "unknown", True),
        asked("d", 4, "refused", False),
    ]

    found = reconcile([], requests, BINDINGS)

    assert [request.id for request in found.missing] == ["a", "c"]


def test_a_write_without_an_outcome() -> None:
    """A write whose end is not on record is found."""
    found = reconcile([wrote(1)], [asked("a", 1, None)], BINDINGS)

    assert not found.ok
    assert [request.id for request in found.without_outcome] == ["a"]


def test_reading_the_controllers_log(tmp_path: Path) -> None:
    """Only the gateway's user counts, and the heartbeat is left out; no file means no writes."""
    lines = [
        {"wall": "w", "plant": "p", "node": node, "value": value, "user": user, "result": "accepted", "status": "Good"}
        for node, value, user in [(NODE, 240.0, "gateway"), ("Line.Heartbeat", 7, "gateway"), (NODE, 1.0, "other")]
    ]
    path = tmp_path / "writes.jsonl"
    path.write_text("".join(json.dumps(line) + "\n" for line in lines))

    assert read_write_log(path, "gateway", ["Line.Heartbeat"]) == [ControllerWrite(NODE, 240.0, "accepted", "w")]
    assert read_write_log(tmp_path / "absent", "gateway") == []
