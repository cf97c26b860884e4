"""Bad input of `twinwright validate` and `twinwright infer`: a sentence, a remedy, exit code 2, nothing else."""

from __future__ import annotations

import io
import json
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
from rdflib import RDF

from api.cli import run

CHECK = "validate --data line.ttl --shapes shapes.ttl"
SHACL = "@prefix sh: <http://www.w3.org/ns/shacl#> . @prefix xsd: <http://www.w3.org/2001/XMLSchema#> . "
BAD = {
    "cut.ttl": "@prefix ex: <http://example.org/> .\nex:a ex:b",
    "mistake.ttl": '@prefix ex: <http://example.org/> .\n\nex:a ex:b "x\n" .',
    "bytes.ttl": b'<urn:a> <urn:b> "\xff" .',
    "empty.ttl": "",
    "empty.rules": "# nothing\n",
    "empty.rdfp": "",
    "broken.hext": '["a","b"]',
    "no.foo": "<urn:a> <urn:b> <urn:c> .",
    "context.jsonld": '{"@context": "http://example.org/context", "@id": "urn:a"}',
    "formula.n3": "{ <urn:a> <urn:b> <urn:c> } => { <urn:d> <urn:e> <urn:f> } .",
    "circle.ttl": f"{SHACL}<urn:S> a sh:NodeShape ; sh:targetNode <urn:a> ; sh:node <urn:S> .",
    "wrong.ttl": f'{SHACL}<urn:S> sh:path <urn:p> ; sh:targetNode <urn:a> ; sh:minCount "x"^^xsd:integer .',
    "unsafe.ttl": f'{SHACL}<urn:R> a sh:SPARQLRule ; sh:construct "CONSTRUCT {{ ?x a ?y }} WHERE {{ ?x a <urn:C> }}" .',
    "absent.rdfp": "\nD <http://example.org/f1> <http://example.org/speed> <http://example.org/f2> .",
    "derived.rdfp": f"D <http://example.org/f1> <{RDF.type}> <http://example.org/Machine> .",
    "syntax.rdfp": "TX .\nA <urn:a> <urn:b> .\n",
    "open.rdfp": "TX .\nA <urn:a> <urn:b> <urn:c> .\n",
    "list.ttl": "@prefix owl: <http://www.w3.org/2002/07/owl#> . <urn:C> owl:unionOf _:x .",
}


@pytest.mark.parametrize(
    ("line", "code", "says"),
    [
        ("validate --data no-such.ttl --shapes shapes.ttl", "bad-file", "no-such.ttl cannot be read: there is no such"),
        ("validate --data . --shapes shapes.ttl", "bad-file", "cannot be told from its name"),
        ("validate --data no.foo --shapes shapes.ttl", "bad-file", "known are .hext, .json"),
        ("validate --data line.ttl cut.ttl --shapes shapes.ttl", "bad-term", "cut.ttl, line 2"),
        ("validate --data mistake.ttl --shapes shapes.ttl", "bad-term", "mistake.ttl, line 3, column 13: Line jumps"),
        ("validate --data bytes.ttl --shapes shapes.ttl", "bad-term", "bytes.ttl, line 1, column 18: Invalid UTF-8"),
        ("validate --data empty.ttl --shapes shapes.ttl", "bad-file", "There is no triple in empty.ttl"),
        ("validate --data line.ttl empty.ttl --shapes shapes.ttl", "bad-file", "There is no triple in empty.ttl"),
        ("validate --data line.ttl --shapes empty.ttl", "bad-file", "There is no triple in empty.ttl"),
        ("validate --data line.ttl --shapes shapes.ttl empty.ttl", "bad-file", "There is no triple in empty.ttl"),
        (f"{CHECK} --changes empty.rdfp", "bad-file", "There is no change in empty.rdfp"),
        (f"{CHECK} --rules empty.rules", "bad-file", "There is no rule in empty.rules"),
        ("infer --data line.ttl --rules rules.ttl line.ttl", "bad-file", "There is no rule in line.ttl"),
        ("validate --data broken.hext --shapes shapes.ttl", "bad-term", "broken.hext does not parse as hext"),
        ("validate --data context.jsonld --shapes shapes.ttl", "bad-term", "its context lies elsewhere"),
        ("validate --data formula.n3 --shapes shapes.ttl", "bad-term", "formula in braces"),
        ("validate --data line.ttl --shapes circle.ttl", "shape-refused", "<urn:S> -> <urn:S>"),
        ("validate --data line.ttl --shapes wrong.ttl", "shape-refused", "Shape <urn:S> cannot be used: sh:minCount"),
        ("validate --data line.ttl --shapes no-such.ttl", "bad-file", "no-such.ttl"),
        (f"{CHECK} --rules unsafe.ttl", "rule-refused", "urn:R"),
        (f"{CHECK} --format csv", "caller", "There is no format csv"),
        (f"{CHECK} --changes no.rdfp", "bad-file", "no.rdfp cannot be read"),
        (f"{CHECK} --changes absent.rdfp", "precondition-changed", "Line 2: ex:f1 ex:speed ex:f2 can't be removed"),
        (f"{CHECK} --changes derived.rdfp --owl", "precondition-changed", "because it follows from others"),
        (f"{CHECK} --changes syntax.rdfp", "bad-change", "syntax.rdfp: Line 2: A has 3 or 4"),
        (f"{CHECK} --changes open.rdfp", "bad-change", "began in line 1 has no end"),
        (f"{CHECK} --changes slower.rdfp slower.rdfp", "precondition-changed", "slower.rdfp"),
        (f"{CHECK} --changes slower.rdfp --budget 1", "undecided", "After slower.rdfp"),
        ("infer --data line.ttl", "caller", "give --rules, --owl or both"),
        ("infer --data line.ttl --rules unsafe.ttl", "rule-refused", "urn:R"),
        ("infer --data line.ttl list.ttl --owl", "bad-term", "broken or runs in a circle"),
        ("infer --data line.ttl --owl --format text", "caller", "There is no format text here; there are turtle"),
        ("infer --data line.ttl --owl --explain ex:a_ex:b --format turtle", "caller", "there are text, json"),
        ("infer --data line.ttl --owl --explain ex:a_ex:b", "bad-term", "This is no triple in Turtle: 'ex:a ex:b'"),
        ("infer --data line.ttl --owl --explain no:a_a_ex:b", "bad-term", "prefix no: has not been declared"),
        ("infer --data line.ttl --owl --explain ex:a_a_ex:b,ex:c", "bad-term", "not one triple but 2"),
    ],
)  # fmt: skip
def test_bad_input_is_a_sentence_with_a_remedy(line: str, code: str, says: str, shell: Any) -> None:
    """Exit code 2, nothing on standard output; for machines the same as JSON."""
    shell.write(BAD)

    exit_code, out, err = shell(line)
    json_code, document, _ = shell(f"{line} --json")

    assert (exit_code, out) == (2, "")
    assert says in err
    assert f"[{code}]" in err
    assert "Traceback" not in err
    assert json_code == 2
    assert json.loads(document)["error"]["code"] == code


@pytest.mark.parametrize("patch", ["absent.rdfp", "syntax.rdfp"])
def test_the_remedy_for_a_patch_speaks_of_the_patch(patch: str, shell: Any) -> None:
    """Not of a Change that somebody sends to a twin."""
    shell.write(BAD)

    _, _, err = shell(f"{CHECK} --changes {patch}")

    assert "Correct the patch" in err
    assert "Change" not in err


def test_an_empty_transaction_is_no_mistake(shell: Any) -> None:
    """A program may write one on purpose; a file without a row is cut."""
    shell.write({"none.rdfp": "TX .\nTC .\n"})

    assert shell(f"{CHECK} --changes none.rdfp")[0] == 1


def test_a_byte_order_mark_is_passed_over(shell: Any, files: Mapping[str, str]) -> None:
    """In data, shapes, rules and patches, as some editors write it."""
    mark = b"\xef\xbb\xbf"
    shell.write({f"m-{name}": mark + text.encode() for name, text in files.items()})
    shell.write({"m.rules": mark + b"rule tw:R:\n  if ?m a tw:M\n  then ?m a tw:N\n"})
    command = "validate --data {0}line.ttl --shapes {0}shapes.ttl --rules {0}rules.ttl --changes {0}slower.rdfp"

    plain, marked = shell(command.format("")), shell(command.format("m-"))

    assert marked == (plain[0], plain[1].replace("slower", "m-slower"), plain[2])
    assert shell("infer --data m-line.ttl --rules m.rules")[0] == 0


def test_output_is_utf8_whatever_the_locale(shell: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """RDF in a pipe is UTF-8 where the terminal's locale knows ASCII only."""
    shell.write({"sign.ttl": '<urn:a> <urn:b> "\u00e9" ; <urn:c> <urn:d> .'})
    shell.write({"copy.rules": "rule tw:R:\n  if ?a <urn:b> ?c\n  then ?a <urn:e> ?c\n"})
    held = io.BytesIO()
    monkeypatch.setattr(sys, "stdout", io.TextIOWrapper(held, encoding="ascii"))

    code = run(["infer", "--data", "sign.ttl", "--rules", "copy.rules"])

    assert code == 0
    assert "\u00e9" in held.getvalue().decode()


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="this system has no full device")
def test_a_full_disk_under_the_output_is_told(shell: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """A sentence and exit code 3: nobody is asked to report it."""
    with Path("/dev/full").open("w", encoding="utf-8") as full:
        monkeypatch.setattr(sys, "stdout", full)
        code, _, err = shell("infer --data line.ttl --owl")

    assert code == 3
    assert "The output cannot be written: No space left on device." in err
    assert "Report" not in err
