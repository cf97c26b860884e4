"""Commands that read the record, with or without a twin."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from rdflib import Graph, URIRef

from api.cli import run
from api.decisions import newest
from kg.change import Source
from kg.gate import binding_hash
from kg.record import EntryKind, JournalEntry
from kg.store import DataPaths
from kg.wire import json_to_change
from ontology import TW

BOT = "https://w3id.org/twinwright/plants/bottling#"
DOUBLE = "http://www.w3.org/2001/XMLSchema#double"
Record = Callable[..., Path]


def entry(seq: int, kind: str, decision: str, entry_kind: EntryKind = EntryKind.CHANGE, **body: Any) -> JournalEntry:
    full = {"kind": kind, "author": BOT + "LineAgent", "role": "agent", "release": "R", "detail": {}, **body}
    full["id"] = f"urn:uuid:change-{seq}"
    return JournalEntry(seq, entry_kind, 1_000_000 * seq, decision, full)


def wish(decision: str, value: str = "2.4E2") -> dict[str, str]:
    lines = [
        f"<{decision}> <{TW.target}> <{BOT}Filler.SetMachSpeed> <https://w3id.org/twinwright/graph/desired> .",
        f'<{decision}> <{TW.desiredValue}> "{value}"^^<{DOUBLE}> <https://w3id.org/twinwright/graph/desired> .',
        f'<{decision}> <{TW.sentence}> "Slow down." <https://w3id.org/twinwright/graph/desired> .',
    ]
    return {"adds": "\n".join(lines) + "\n", "removes": ""}


def story(record: Record, data: Path | None = None) -> Path:
    a, b, c = "urn:uuid:a", "urn:uuid:b", "urn:uuid:c"
    refused = {"reasons": [{"code": "LIM", "sentence": "Too fast.", "finding": None}]}
    return record(
        entry(1, "proposal", a, stated=wish(a), detail={"decision": a, "stage": "reasoned", "facts": {}}),
        entry(2, "observation", "urn:uuid:x"),
        entry(3, "request", a, stated=wish(a)),
        entry(4, "request", b, EntryKind.REFUSAL, stated=wish(b, "9.0E2"), verdict=refused, read_set=[]),
        entry(5, "outcome", a, role="gateway", detail={"decision": a, "stage": "written", "ok": True}),
        entry(6, "outcome", a, role="gateway", detail={"decision": a, "outcome": "confirmed"}),
        entry(7, "proposal", c, stated=wish(c), detail={"decision": c, "stage": "shadow", "facts": {}}),
        data=data,
    )


def test_decisions_newest_first(record: Record, capsys: pytest.CaptureFixture[str]) -> None:
    """One line each with what became of it; the record alone is enough."""
    data = story(record)

    found = newest(data, 10)
    code = run(["decisions", "--data", str(data), "--limit", "2", "--json"])
    document = json.loads(capsys.readouterr().out)

    assert [(d.id[-1], d.end, d.requested) for d in found] == [
        ("c", "shadow", False),
        ("b", "refused", False),
        ("a", "committed", True),
    ]
    assert found[2].target == BOT + "Filler.SetMachSpeed"
    assert code == 0
    assert [row["id"] for row in document] == ["urn:uuid:c", "urn:uuid:b"]


def test_decisions_fit_a_narrow_terminal(
    record: Record, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """In 100 columns nothing but the reason is cut."""
    monkeypatch.setenv("COLUMNS", "100")

    run(["decisions", "--data", str(story(record))])
    out = capsys.readouterr().out

    assert "written and confirmed" in out
    assert "LineAgent" in out
    assert "Filler.SetMachSpeed = 240" in out
    assert max(map(len, out.splitlines())) <= 100


def test_explain_in_every_form(record: Record, capsys: pytest.CaptureFixture[str]) -> None:
    """Text, JSON, Turtle and JSON-LD of the same story; another form and an unknown id are bad input."""
    data = story(record)
    told = {}
    for form in ("text", "json", "turtle", "jsonld"):
        assert run(["explain", "a", "--format", form, "--data", str(data)]) == 0
        told[form] = capsys.readouterr().out

    assert "confirmed" in told["text"]
    assert json.loads(told["json"])["id"] == "urn:uuid:a"
    assert len(Graph().parse(data=told["turtle"], format="turtle")) > 5
    assert "@context" in json.loads(told["jsonld"])
    assert run(["explain", "a", "--format", "song", "--data", str(data)]) == 2
    assert run(["explain", "nobody", "--data", str(data)]) == 2


def test_no_decisions_yet(record: Record, capsys: pytest.CaptureFixture[str]) -> None:
    """An empty record is no error."""
    assert run(["decisions", "--data", str(record())]) == 0
    assert "Nothing has been decided" in capsys.readouterr().out


def test_audit_verify(record: Record, capsys: pytest.CaptureFixture[str]) -> None:
    """An edited record is found with its index; the verdict is the exit code."""
    data = story(record)

    whole = run(["audit", "verify", str(data)])
    told = capsys.readouterr().out
    with sqlite3.connect(DataPaths(data).journal) as database:
        database.execute("UPDATE entries SET body = replace(body, '2.4E2', '3.4E2') WHERE idx = 3")
    database.close()
    edited = run(["audit", "verify", str(DataPaths(data).journal), "--json"])
    document = json.loads(capsys.readouterr().out)

    assert (whole, edited) == (0, 1)
    assert "The record is what was written" in told
    assert [problem["index"] for problem in document["problems"]] == [3]
    assert document["ok"] is False


def test_an_approval_is_bound_to_the_exact_change(fake: Any, record: Record) -> None:
    """The hash is that of target, value, read set and release; a rejection needs a reason."""
    story(record, data=fake.data)
    verdict = {"change": "urn:uuid:z", "admitted": True, "seq": 9, "release": "R", "reasons": [], "dry_run": False}
    verdict["findings"] = {key: [] for key in ("introduced", "worsened", "fixed", "remaining", "undecided")}
    fake.serve("core", status=lambda source, body: {"release": "R"}, submit=lambda source, body: verdict)

    code = run(["approve", "b", "--as", "sam", "--for", "5m", "--data", str(fake.data)])
    rejected = run(["reject", "b", "--as", "sam", "--reason", "not now", "--data", str(fake.data)])
    without = run(["reject", "b", "--as", "sam", "--data", str(fake.data)])

    sam = Source(URIRef("urn:x"), fake.plant.persons["sam"].role)
    changes = [json_to_change(body["change"], sam) for _, method, _, body in fake.calls if method == "submit"]
    assert (code, rejected, without) == (0, 0, 2)
    assert [change.detail["meaning"] for change in changes] == ["approve", "reject"]
    value = f'"9.0E2"^^<{DOUBLE}>'
    assert changes[0].detail["binds"] == binding_hash(BOT + "Filler.SetMachSpeed", value, (), "R")
    assert changes[0].detail["decision"] == "urn:uuid:b"
    assert changes[0].detail["expires_us"] - changes[0].at_us == pytest.approx(300e6, rel=0.01)
    assert changes[1].reason == "not now"
