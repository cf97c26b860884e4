"""`twinwright infer`: its exits and formats, and the references beside it."""

from __future__ import annotations

import json
from typing import Any

import pytest
from rdflib import RDF, Namespace

from reasoner.references import plain

EX = Namespace("http://example.org/")


def test_infer_prints_what_does_not_stand_there(shell: Any) -> None:
    """In Turtle with the prefixes of the files; in N-Triples sorted; as JSON."""
    line = "infer --data line.ttl --owl --rules rules.ttl"
    facts = {(EX.f1, RDF.type, EX.Machine), (EX.f1, RDF.type, EX.FastMachine), (EX.f1, EX.feeds, EX.f3)}

    turtle, triples = shell(line), shell(f"{line} --format ntriples")
    document = json.loads(shell(f"{line} --json")[1])

    assert (turtle[0], triples[0]) == (0, 0)
    assert "ex:f1 ex:feeds ex:f3 ;\n\ta ex:FastMachine , ex:Machine ." in turtle[1]
    assert triples[1].splitlines() == sorted(triples[1].splitlines())
    assert set(shell.read(turtle[1], "ttl")) == set(shell.read(triples[1], "nt")) == facts
    assert len(document) == 3


def test_rules_may_be_text(shell: Any) -> None:
    """The same rule in the form for engineers; a mistake is named with its file and line."""
    rule = "rule ex:Fast:\n  if ?m a ex:Machine\n     and ?m ex:speed ?s\n     and ?s > 3\n  then ?m a ex:FastMachine\n"
    shell.write({"fast.rules": f"prefix ex: <{EX}>\n\n{rule}", "bad.rules": f"prefix ex: <{EX}>\n\nrule ex:Fast: if"})

    text, rdf = (shell(f"infer --data line.ttl --owl --rules {name}") for name in ("fast.rules", "rules.ttl"))
    code, _, err = shell("infer --data line.ttl --rules bad.rules")

    assert text == rdf
    assert code == 2
    assert "bad.rules: " in err
    assert "[rule-text]" in err


def test_contradictions_are_told(shell: Any) -> None:
    """On standard error beside what follows, with a proof for who asks; validation tells them too."""
    both = "ex:Filler owl:disjointWith ex:Cat . ex:Cat rdfs:subClassOf ex:Animal . ex:tom a ex:Filler , ex:Cat ."
    prefixes = "@prefix ex: <http://example.org/> . @prefix owl: <http://www.w3.org/2002/07/owl#> . "
    shell.write({"both.ttl": f"{prefixes} @prefix rdfs: <http://www.w3.org/2000/01/rdf-schema#> . {both}"})

    code, out, err = shell("infer --data both.ttl --owl")
    validated = shell("validate --data both.ttl --shapes shapes.ttl --owl")
    proved = shell("infer --data both.ttl --owl --explain ex:tom_tw:inconsistentBy_tw:DisjointClasses")

    assert code == proved[0] == 0
    assert "ex:tom a ex:Animal ;" in out
    assert "contradict the ontology: ex:tom tw:inconsistentBy tw:DisjointClasses" in err
    assert err == validated[2]
    assert "by owl2rl:cax-dw" in proved[1]


@pytest.mark.parametrize(("form", "extension"), [("json-ld", "jsonld"), ("xml", "rdf"), ("trig", "trig"), ("n3", "n3")])
def test_infer_in_every_format(form: str, extension: str, shell: Any) -> None:
    """Each parses back."""
    code, out, _ = shell(f"infer --data line.ttl --owl --format {form}")

    assert code == 0
    assert len(shell.read(out, extension)) == 2


def test_explain_prints_a_proof(shell: Any) -> None:
    """Down to what stands in the files; words that begin the triple may use the prefixes of any file."""
    code, out, _ = shell("infer --data line.ttl --owl --rules rules.ttl --explain r:f1_a_ex:FastMachine")

    assert code == 0
    assert out == (
        "ex:f1 is a ex:FastMachine  by ex:Fast\n"
        "  ex:f1 is a ex:Machine  by owl2rl:cax-sco\n"
        "    ex:f1 is a ex:Filler  [data]\n"
        "    ex:Filler rdfs:subClassOf ex:Machine  [data]\n"
        "  ex:f1 ex:speed 5.0  [data]\n"
    )


def test_explain_as_json_and_checked(shell: Any) -> None:
    """The proof as a tree; with --reference each step is fired again."""
    code, out, err = shell("infer --data line.ttl --owl --explain ex:f1_a_ex:Machine --format json --reference")

    proof = json.loads(out)

    assert code == 0
    assert proof["rule"] == "owl2rl:cax-sco"
    assert len(proof["premises"]) == 2
    assert "Every step of the proof fires again." in err


def test_what_does_not_hold_ends_with_1(shell: Any) -> None:
    """In words, or as null."""
    line = "infer --data line.ttl --owl --explain ex:f1_a_ex:Nothing"

    text, document = shell(line), shell(f"{line} --json")

    assert (text[0], text[1]) == (1, "It does not hold: ex:f1 a ex:Nothing\n")
    assert (document[0], json.loads(document[1])) == (1, None)


@pytest.mark.parametrize("rules", ["", "--rules rules.ttl"])
def test_a_reference_infers_the_same(shell: Any, rules: str) -> None:
    """owlrl for the ontology alone, naive evaluation with rules; blank nodes included."""
    line = f"infer --data line.ttl --owl {rules}"

    code, out, err = shell(f"{line} --reference")

    assert code == 0
    assert out == shell(line)[1]
    assert ("Inferred by naive evaluation." if rules else "Inferred by owlrl.") in err
    assert "Twinwright infers the same." in err


@pytest.mark.parametrize(("holds", "ends"), [(True, 0), (False, 1)])
def test_the_reference_decides_how_an_explanation_ends(
    holds: bool, ends: int, shell: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whatever Twinwright finds."""
    fact = (EX.f1, RDF.type, EX.Machine)
    derived = frozenset([fact] if holds else [])
    monkeypatch.setattr(plain, "infer", lambda *_, **__: plain.Facts("owlrl", derived, frozenset(), frozenset()))

    code, _, err = shell("infer --data line.ttl --owl --reference --explain ex:f1_a_ex:Machine")

    assert code == ends
    assert ("The reference says otherwise: it does not hold." in err) is not holds
