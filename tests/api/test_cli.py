"""The command line against parts that answer what a test says."""

from __future__ import annotations

import io
import json
import os
import socket
import subprocess
import sys
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import pytest
from rdflib import Literal, URIRef

from api.cli import run
from kg.change import Finding, Kind, Reason, Severity, Source, Verdict, new_id
from kg.errors import QueryRefused
from kg.wire import finding_to_json, json_to_change, verdict_to_json
from ontology import TW

BOT = "https://w3id.org/twinwright/plants/bottling#"
FINDING = Finding(
    focus=URIRef(BOT + "Filler"),
    shape=URIRef("urn:shape"),
    component=URIRef("urn:component"),
    path=None,
    value=None,
    severity=Severity.VIOLATION,
    message="Too fast.",
    code="LIM-SPEED-MAX",
)
ROW = {"m": {"type": "uri", "value": BOT + "Filler"}, "v": {"type": "literal", "value": "4.0E2"}}
TABLE = {
    "form": "select",
    "results": {"head": {"vars": ["m", "v"]}, "results": {"bindings": [ROW]}},
    "graph": None,
    "rows": 1,
    "truncated": True,
    "row_limit": 1,
    "seconds": 0.01,
    "seq": 7,
}


def admits(seq: int = 7) -> Callable[[Source, Mapping[str, Any]], Mapping[str, Any]]:
    def submit(source: Source, body: Mapping[str, Any]) -> Mapping[str, Any]:
        change = json_to_change(body["change"], source)
        return verdict_to_json(Verdict(change.id, True, seq, "r", dry_run=body["dry_run"]))

    return submit


def refuses(source: Source, body: Mapping[str, Any]) -> Mapping[str, Any]:
    reasons = (Reason("LIM-SPEED-MAX", "Too fast.", FINDING),)
    return verdict_to_json(Verdict(new_id(), False, 7, "r", reasons))


class Shell:
    """Runs commands in this process and gives (exit code, standard output, standard error)."""

    def __init__(self, capsys: pytest.CaptureFixture[str], data: Path) -> None:
        self._capsys = capsys
        self._data = data

    def __call__(self, *arguments: str) -> tuple[int, str, str]:
        self._capsys.readouterr()
        code = run([*arguments, "--data", str(self._data)])
        told = self._capsys.readouterr()
        return int(code), told.out, told.err

    def json(self, *arguments: str) -> tuple[int, Any]:
        code, out, _ = self(*arguments, "--json")
        return code, json.loads(out)


@pytest.fixture
def shell(capsys: pytest.CaptureFixture[str], fake: Any, monkeypatch: pytest.MonkeyPatch) -> Shell:
    monkeypatch.setenv("COLUMNS", "200")
    monkeypatch.delenv("TWINWRIGHT_USER", raising=False)
    return Shell(capsys, fake.data)


# asking


def test_query_prints_a_table_or_json(shell: Shell, fake: Any) -> None:
    """IRIs are shortened for people; machines get the whole answer; a cut answer names the limit."""
    fake.serve("replica", query=lambda source, body: TABLE)

    code, out, err = shell("query", "SELECT * { ?m pack:curMachSpeed ?v }", "--limit", "1")
    _, document = shell.json("query", "ASK {}")

    assert code == 0
    assert out.split() == ["m", "v", "Filler", "4.0E2"]
    assert "row limit of 1" in err
    assert document == TABLE
    assert fake.calls[0][3]["limit"] == 1


def test_query_reads_files_and_standard_input(shell: Shell, fake: Any, tmp_path: Path, monkeypatch: Any) -> None:
    """The text comes from exactly one place."""
    fake.serve("replica", query=lambda source, body: TABLE)
    (tmp_path / "q.rq").write_text("ASK { 1 }")
    monkeypatch.setattr(sys, "stdin", io.StringIO("ASK { 2 }"))

    codes = [
        shell("query", "--file", str(tmp_path / "q.rq"))[0],
        shell("query", "-")[0],
        shell("query")[0],
        shell("query", "-", "--file", str(tmp_path / "q.rq"))[0],
        shell("query", "--file", str(tmp_path / "absent.rq"))[0],
    ]

    assert codes == [0, 0, 2, 2, 2]
    assert [call[3]["query"] for call in fake.calls] == ["ASK { 1 }", "ASK { 2 }"]


def test_a_refused_query_is_bad_input(shell: Shell, fake: Any) -> None:
    """Sentence, remedy and code for people; the same and the facts for machines."""

    def query(source: Source, body: Mapping[str, Any]) -> Mapping[str, Any]:
        raise QueryRefused("This is not a SPARQL 1.1 query (line 2, column 3).", line=2)

    fake.serve("replica", query=query)

    code, _, err = shell("query", "SELEKT")
    code_json, document = shell.json("query", "SELEKT")

    assert code == code_json == 2
    assert "line 2, column 3" in err
    assert "[query-refused]" in err
    assert document["error"]["code"] == "query-refused"
    assert document["error"]["facts"]["line"] == 2


def test_violations_and_link(shell: Shell, fake: Any) -> None:
    """Something found is exit code 1; a controller that cannot be reached is 3."""
    link = {BOT + "LineServer": {"connected": False, "items": 106, "received": 9, "gaps": [1]}}
    fake.serve(
        "core",
        violations=lambda source, body: {"findings": [finding_to_json(FINDING)]},
        status=lambda source, body: {"link": link, "seq": 1},
    )

    code, out, _ = shell("violations")
    link_code, link_out, _ = shell("link", "status")

    assert code == 1
    assert "LIM-SPEED-MAX" in out
    assert link_code == 3
    assert link_out.split()[-5:] == ["LineServer", "no", "106", "9", "1"]


def test_status_names_the_part_that_does_not_answer(shell: Shell, fake: Any) -> None:
    """The others are shown all the same."""
    fake.serve("core", status=lambda source, body: {"seq": 12})
    fake.serve("gateway", status=lambda source, body: {"targets": []})

    code, document = shell.json("status")

    assert code == 3
    assert document["core"] == {"seq": 12}
    assert "error" in document["replica"]


# acting


def test_a_stop_reaches_the_gateway_first(shell: Shell, fake: Any) -> None:
    """Then it goes on record: one mode set, the others taken away, with person, reason and end."""
    fake.serve("core", submit=admits())
    fake.serve("gateway", stop=lambda source, body: {})

    code, out, _ = shell("stop", "Filler", "--mode", "propose-only", "--for", "10m", "--reason", "trial", "--as", "sam")

    assert code == 0
    assert "agents may only propose for 10m" in out
    assert [call[:3] for call in fake.calls] == [("gateway", "stop", "sam"), ("core", "submit", "sam")]
    told = fake.calls[0][3]
    change = json_to_change(fake.calls[1][3]["change"], Source(URIRef("urn:x"), fake.plant.persons["sam"].role))
    assert (told["scope"], told["mode"], told["reason"]) == (BOT + "Filler", "propose-only", "trial")
    assert [quad.o for quad in change.adds] == [TW.ProposeOnly]
    assert {quad.o for quad in change.removes} == {TW.NoWrites, TW.ReadOnly}
    assert change.detail["until_us"] == told["until_us"]
    assert change.kind is Kind.STOP


def test_a_stop_holds_with_half_a_twin(shell: Shell, fake: Any) -> None:
    """Without the core the gateway is told, and the missing record is named; a release takes every mode away."""
    fake.serve("gateway", stop=lambda source, body: {})

    code, out, _ = shell("stop")
    release_code, document = shell.json("stop", "plant", "--release")

    assert code == release_code == 3
    assert "plant: nothing is written" in out
    assert "core does not answer" in out
    assert document["told"] == {"gateway": True, "core": False}
    assert [call[3]["mode"] for call in fake.calls] == ["no-writes", "release"]
    assert fake.calls[0][3]["scope"] == str(TW.Plant)


@pytest.mark.parametrize(
    "arguments",
    [
        ("stop", "Filler", "--mode", "gently"),
        ("stop", "Filler", "--for", "soon"),
        ("stop", "Filler", "--for", "-1s"),
        ("stop", "nobody:Filler"),
        ("stop", "Fillr"),
        ("unfreeze", "Nope", "--reason", "x"),
        ("set", "Filler.SetMachSpeed", "NaN", "--reason", "x"),
        ("set", "Filler.SetMachSpeed", "380 km/h", "--reason", "x"),
        ("plant", "bottling", "--speed", "1000"),
        ("set", "Filler.SetMachSpeed", "fast", "--reason", "x"),
        ("set", "Filler.NoSuchThing", "1", "--reason", "x"),
        ("set", "Filler.SetMachSpeed", "1"),
        ("status", "--as", "nobody"),
        ("approve", "no-such-decision"),
        ("nonsense",),
        ("plant", "no-such-plant"),
        ("demo", "--for", "a while"),
        ("run", "no-such-folder"),
    ],
)
def test_bad_input_is_exit_code_2(shell: Shell, record: Callable[..., Path], fake: Any, arguments: list[str]) -> None:
    """Nothing has been asked of any part."""
    record(data=fake.data)

    code, out, err = shell(*arguments)

    assert code == 2, (out, err)
    assert not fake.calls


def test_a_refused_request_shows_its_reasons(shell: Shell, fake: Any) -> None:
    """A refusal is a result with exit code 1, not an error."""
    fake.serve("core", submit=refuses)

    code, out, _ = shell("set", "Filler.SetMachSpeed", "900", "--reason", "trial")

    assert code == 1
    assert "Too fast. [LIM-SPEED-MAX]" in out


def test_a_refusal_may_come_with_what_would_pass(shell: Shell, fake: Any) -> None:
    """With --why-not: each way in people's words, or that none was found; the exit code stays that of a refusal."""
    repair = {"kind": "ask-instead", "sentence": f"You could ask {BOT}Filler for at most 440 instead.", "edits": []}
    answers = iter([{"sentence": "1 way found.", "repairs": [repair]}, {"sentence": "None found.", "repairs": []}])
    fake.serve("core", submit=refuses, why_not=lambda source, body: next(answers))
    asked = ("set", "Filler.SetMachSpeed", "900", "--reason", "trial", "--dry-run", "--why-not")

    code, out, _ = shell(*asked)
    _, document = shell.json(*asked)

    assert (code, [call[:2] for call in fake.calls[:2]]) == (1, [("core", "submit"), ("core", "why_not")])
    assert fake.calls[0][3]["change"]["id"] == fake.calls[1][3]["change"]["id"]
    assert "You could ask Filler for at most 440 instead." in out
    assert document["why_not"] == {"sentence": "None found.", "repairs": []}


def test_a_mistyped_stop_says_that_nothing_stopped(shell: Shell, fake: Any) -> None:
    """Nobody may walk away believing that the filler is stopped; the name that was meant is shown."""
    code, out, err = shell("stop", "filler")

    assert (code, out) == (2, "")
    assert "nothing has been stopped. Did you mean Filler?" in err
    assert not fake.calls


def test_a_value_may_bear_its_unit(shell: Shell, fake: Any) -> None:
    """The property's own unit; another one is told, with the unit in which to ask."""
    fake.serve("core", submit=admits())

    code, _, _ = shell("set", "Filler.SetMachSpeed", "380 /min", "--reason", "trial", "--dry-run")
    _, _, err = shell("set", "Filler.SetMachSpeed", "380 km/h", "--reason", "trial", "--dry-run")

    assert code == 0
    assert "in the unit of Filler.SetMachSpeed, which is /min" in err


def test_a_refusal_has_words_and_a_remedy_but_no_iris(shell: Shell, fake: Any) -> None:
    """Names are shortened in what people read; a reason with an error's code has that error's remedy."""
    told = Reason("not-writable", f"{BOT}Filler.CurMachSpeed is not on the write allow-list.", None)
    verdict = verdict_to_json(Verdict(new_id(), False, 7, "r", (told,)))
    fake.serve("core", submit=lambda source, body: verdict)

    _, out, _ = shell("set", "Filler.SetMachSpeed", "380", "--reason", "trial")

    assert "  Filler.CurMachSpeed is not on the write allow-list. [not-writable]\n  Choose a property" in out


def test_a_request_is_followed_to_the_controllers_answer(shell: Shell, fake: Any) -> None:
    """The node carries target, canonical value, reason and expiry; the gateway's outcome decides the exit code."""
    outcomes = iter([None, {"outcome": "confirmed", "sentence": "The filler runs at 380."}])
    fake.serve("core", submit=admits())
    fake.serve("gateway", outcomes=lambda source, body: {"outcomes": {body["requests"][0]: next(outcomes)}})

    code, document = shell.json("set", "Filler.SetMachSpeed", "380", "--reason", "trial")
    _, _, person, body = fake.calls[0]
    change = json_to_change(body["change"], Source(URIRef("urn:x"), fake.plant.persons["olga"].role))
    stated = {quad.p: quad.o for quad in change.adds}

    assert code == 0
    assert document["outcome"]["outcome"] == "confirmed"
    assert person == "olga"
    assert stated[TW.target] == URIRef(BOT + "Filler.SetMachSpeed")
    assert str(stated[TW.desiredValue]) == "3.8E2"
    assert {quad.s for quad in change.adds} == {URIRef(change.id)}
    assert change.detail["decision"] == change.id


def test_unfreeze_takes_the_mark_away(shell: Shell, fake: Any) -> None:
    """Gateway and record, with the reason."""
    fake.serve("core", submit=admits())
    fake.serve("gateway", unfreeze=lambda source, body: {})

    code, _, _ = shell("unfreeze", "Filler.SetMachSpeed", "--reason", "seen running")

    change = json_to_change(fake.calls[1][3]["change"], Source(URIRef("urn:x"), fake.plant.persons["olga"].role))
    assert code == 0
    assert [(quad.p, quad.o) for quad in change.removes] == [(TW.frozen, Literal(True))]
    assert change.reason == "seen running"


# ends


def test_without_a_twin(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    """What needs a running twin says how to start one, with exit code 3."""
    code = run(["status", "--data", str(tmp_path)])

    assert code == 3
    assert "twinwright run" in capsys.readouterr().err


def test_our_bug_is_a_sentence_and_exit_code_4(shell: Shell, monkeypatch: pytest.MonkeyPatch) -> None:
    """No traceback for people; with --debug there is one."""

    def broken(data: Path) -> None:
        raise ZeroDivisionError("oops")

    monkeypatch.setattr("api.cli.twin.RunInfo.read", broken)

    code, _, err = shell("status")

    assert code == 4
    assert "ZeroDivisionError: oops" in err
    assert "Traceback" not in err
    with pytest.raises(ZeroDivisionError):
        shell("--debug", "status")


def test_exit_codes_leave_the_process(tmp_path: Path) -> None:
    """The console script's own exit code is the command's."""
    script = [sys.executable, "-c", "from api.cli import main; main()"]

    absent = subprocess.run([*script, "audit", "verify", str(tmp_path / "absent"), "--json"], capture_output=True)
    usage = subprocess.run([*script, "nonsense"], capture_output=True)

    assert (absent.returncode, usage.returncode) == (1, 2)
    assert json.loads(absent.stdout)["error"]["code"] == "journal-broken"


def test_a_port_in_use_is_told(capsys: pytest.CaptureFixture[str]) -> None:
    """The plant does not start half."""
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]

        code = run(["plant", "bottling", "--port", str(port)])

    assert code == 3
    assert "[port-in-use]" in capsys.readouterr().err


def test_a_second_twin_on_the_same_data_is_refused(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Before anything of the first one is touched."""
    from api.supervisor import SupervisorLock

    lock = SupervisorLock(tmp_path)
    try:
        code = run(["run", "bottling", "--data", str(tmp_path)])
    finally:
        lock.close()

    assert code == 3
    assert str(os.getpid()) in capsys.readouterr().err
    assert not (tmp_path / "run").exists()
