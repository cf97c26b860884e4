"""`twinwright rules`: rules as text on the terminal, to text and back through files."""

from __future__ import annotations

import re
from importlib.resources import files
from pathlib import Path

import pytest
from rdflib import Graph
from rdflib.compare import isomorphic
from rdflib.namespace import SH

from api.cli import run
from api.cli.exits import ExitCode
from reasoner.rules import from_text, load, read_rules, to_text

DOCS = Path(__file__).parents[2] / "docs"
TEXT = """# Ours.

prefix : <http://example.org/>

rule :Overspeed "Too fast":
  if ?m :speed ?v
     and ?v > 400
  then ?m :over true
"""


@pytest.fixture
def text(tmp_path: Path) -> Path:
    path = tmp_path / "mine.rules"
    path.write_text(TEXT, encoding="utf-8")
    return path


def test_show_prints_the_shipped_rules(capsys: pytest.CaptureFixture[str]) -> None:
    """Without a file the domain rules; a plant by name; one rule by name."""
    assert run(["rules", "show"]) == ExitCode.OK
    assert "rule twr:Running" in capsys.readouterr().out

    assert run(["rules", "show", "bottling", "--rule", "bot:CatchUp"]) == ExitCode.OK
    out = capsys.readouterr().out
    assert "  then bot:Filler.SetMachSpeed bot:CatchUp ?value\n" in out
    assert "EaseOff" not in out


def test_show_leaves_shapes_out(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """A rule of a shape is written out; what the shape demands is not."""
    path = tmp_path / "shapes.ttl"
    path.write_text(
        """@prefix sh: <http://www.w3.org/ns/shacl#> . @prefix : <http://example.org/> .
        :S sh:targetClass :M ; sh:nodeKind sh:IRI ; sh:rule :R .
        :R a sh:TripleRule ; sh:subject sh:this ; sh:predicate :p ; sh:object [ sh:path :q ] ."""
    )

    assert run(["rules", "show", str(path)]) == ExitCode.OK
    assert "rule :R:\n  if ?this a :M\n     and ?this :q ?object\n" in capsys.readouterr().out
    assert run(["rules", "convert", str(path), "--to", "text"]) == ExitCode.BAD_INPUT
    assert "keep shapes in a file of their own" in capsys.readouterr().err


def test_convert_there_and_back(text: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Text -> Turtle -> text, with the remark at the head; canonical on standard output."""
    turtle, again = text.with_suffix(".ttl"), text.with_name("again.rules")

    assert run(["rules", "convert", str(text), "--to", "turtle", "--out", str(turtle)]) == ExitCode.OK
    assert run(["rules", "convert", str(turtle), "--to", "text", "--out", str(again)]) == ExitCode.OK
    assert run(["rules", "convert", str(text), "--to", "text"]) == ExitCode.OK

    assert again.read_text() == capsys.readouterr().out == TEXT
    assert turtle.read_text().startswith("# Ours.\n\n@prefix")
    assert [rule.name for rule in read_rules(Graph().parse(turtle))] == ["http://example.org/Overspeed"]


def test_the_shipped_rules_convert(tmp_path: Path) -> None:
    """Domain rules through text files: the same graph but for the layout of queries."""
    source, text, turtle = files("ontology").joinpath("rules.ttl"), tmp_path / "r.rules", tmp_path / "r.ttl"

    assert run(["rules", "convert", str(source), "--to", "text", "--out", str(text)]) == ExitCode.OK
    assert run(["rules", "convert", str(text), "--to", "turtle", "--out", str(turtle)]) == ExitCode.OK

    before, after = Graph().parse(str(source)), Graph().parse(turtle)
    assert read_rules(after) == read_rules(before)
    for graph in (before, after):
        graph.remove((None, SH.construct, None))
    assert isomorphic(before, after)


@pytest.mark.parametrize("page", ["how-to/write-rules-as-text.md", "reference/rules.md"])
def test_the_texts_of_the_pages_are_canonical_and_accepted(page: str) -> None:
    """What people copy from a page is what `convert` writes."""
    shown = re.findall(r"```rules\n(.*?)```", (DOCS / page).read_text(encoding="utf-8"), re.DOTALL)

    assert shown
    for text in shown:
        graph = from_text(text)
        assert to_text(graph) == text
        assert load(graph).rules


def test_the_page_s_rule_of_a_shape_is_accepted() -> None:
    """The Turtle of the reference page."""
    page = (DOCS / "reference" / "rules.md").read_text(encoding="utf-8")
    (shown,) = re.findall(r"```turtle\n(ex:MachineShape.*?)```", page, re.DOTALL)
    prefixes = "@prefix sh: <http://www.w3.org/ns/shacl#> . @prefix ex: <http://example.org/> .\n"

    rules = load(Graph().parse(data=prefixes + shown, format="turtle")).rules

    assert {rule.name for rule in rules} >= {"http://example.org/Starved"}


@pytest.mark.parametrize(
    ("content", "told"),
    [
        ("rule :x:\n  then ?a :p", "Line 1, column 6: nothing declares the prefix :"),
        ("rule tw:x: if ?a tw:p ?b then ?a tw:q ?c", "?c stands in the head, but the body does not bind it"),
        ("rule tw:x: if ?a tw:p ?b and not { ?a tw:q 1 } then ?a tw:q 1", "can't be stratified"),
        ("rule tw:x: if ?a tw:p ?b then ?a tw:approvedBy ?b", "which no rule may derive"),
    ],
)
def test_what_the_twin_would_refuse_is_not_converted(
    content: str, told: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """A sentence, exit code 2, and no file."""
    path, out = tmp_path / "bad.rules", tmp_path / "bad.ttl"
    path.write_text(content)

    assert run(["rules", "convert", str(path), "--to", "turtle", "--out", str(out)]) == ExitCode.BAD_INPUT

    assert told in capsys.readouterr().err
    assert not out.exists()


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (("show", "nowhere.rules"), "cannot be read"),
        (("show", "nowhere.ttl"), "nowhere.ttl"),
        (("show", "--rule", "Nothing"), "There is no rule Nothing in"),
        (("convert", "{text}", "--to", "turtle", "--out", "{text}/x.ttl"), "cannot be written"),
    ],
)
def test_files_that_fail_are_named(
    arguments: tuple[str, ...], told: str, text: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Absent, unreadable, without the rule that was asked for."""
    assert run(["rules", *(argument.format(text=text) for argument in arguments)]) == ExitCode.BAD_INPUT

    assert told in capsys.readouterr().err


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (("show", "bottlin"), "There is no file and no plant bottlin; the plants shipped are: "),
        (("show", "{text}", "--rule", "Overspeed", "--rule", "Nope"), "There is no rule Nope in"),
        (("show", "{data}"), "There is no rule in"),
        (("convert", "{data}", "--to", "text"), "There is no rule in"),
        (("convert", "{bad}", "--to", "turtle"), "bad.RULES: Line 1"),
        (("convert", "{text}", "--to", "turtle", "--out", "{text}/x.ttl"), "a folder that exists and that you may"),
    ],
)
def test_what_is_not_there_is_told(
    arguments: tuple[str, ...], told: str, text: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """With the file, and with what there is instead."""
    data, bad = text.with_name("data.ttl"), text.with_name("bad.RULES")
    data.write_text("<urn:a> <urn:b> <urn:c> .")
    bad.write_text("rul")

    code = run(["rules", *(argument.format(text=text, data=data, bad=bad) for argument in arguments)])

    assert (code, told in capsys.readouterr().err) == (ExitCode.BAD_INPUT, True)


def test_capitals_marks_and_whole_names_do_not_matter(text: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """A text is known by its name as everywhere; a rule's IRI may stand in angle brackets."""
    capital = text.with_name("R6.RULES")
    capital.write_bytes(b"\xef\xbb\xbf" + TEXT.encode())

    assert run(["rules", "show", str(capital), "--rule", "<http://example.org/Overspeed>"]) == ExitCode.OK
    assert run(["rules", "convert", str(capital), "--to", "text"]) == ExitCode.OK

    shown, _, converted = capsys.readouterr().out.partition("# Ours.")
    assert "rule :Overspeed" in shown
    assert f"# Ours.{converted}" == TEXT
