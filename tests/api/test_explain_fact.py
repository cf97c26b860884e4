"""`twinwright explain --fact`: why a fact holds, in every form, against a core that answers what a test says."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest
from rdflib import PROV, RDF, Graph, URIRef

from api.cli import run
from kg.proof import Proof
from ontology import TW

BOT = "https://w3id.org/twinwright/plants/bottling#"
FACT = (URIRef(BOT + "Filler"), RDF.type, TW.Request)
FEEDS = Proof((FACT[0], TW.target, URIRef(BOT + "Capper")), "plant")
ABSENT = "NOT EXISTS { ?x <urn:alarm> ?a . }"
ONE = Proof(FACT, None, "owl2rl:prp-dom", (("x", FACT[0]),), (FEEDS,), (ABSENT,), 41)
TWO = Proof(FACT, None, BOT + "Rule", (("x", FACT[0]),), (FEEDS, ONE))
ASK = "bot:Filler a tw:Request"
Ask = Callable[..., tuple[int, str, str]]


@pytest.fixture
def ask(fake: Any, capsys: pytest.CaptureFixture[str]) -> Ask:
    """ask(proofs, option, ...): what `explain` says where the core has these proofs and perhaps more."""
    answer: dict[str, Any] = {}
    fake.serve("core", proof=lambda source, body: answer)

    def say(proofs: tuple[Proof, ...], *options: str) -> tuple[int, str, str]:
        answer.update(proofs=[proof.to_json() for proof in proofs], more=len(proofs) > 1)
        code = run(["explain", "--fact", ASK, *options, "--data", str(fake.data)])
        told = capsys.readouterr()
        return int(code), told.out, told.err

    return say


def test_the_tree_is_written_with_short_names(ask: Ask, fake: Any) -> None:
    """Prefixes of the plant, the moment of an absence, and the rule; the core is asked in N-Triples form."""
    code, out, _ = ask((ONE,))

    assert code == 0
    assert out.splitlines() == [
        "bot:Filler is a tw:Request  by owl2rl:prp-dom",
        "  NOT EXISTS { ?x <urn:alarm> ?a . }  (as of seq 41)",
        "  bot:Filler tw:target bot:Capper  [plant]",
    ]
    body = fake.calls[-1][3]
    assert body == {"s": f"<{FACT[0]}>", "p": f"<{RDF.type}>", "o": f"<{TW.Request}>", "alternatives": 1}


def test_alternatives_stand_one_after_the_other(ask: Ask, fake: Any) -> None:
    """It is said where there may be more than were asked for."""
    code, out, _ = ask((ONE, TWO), "--alternatives", "2")

    assert code == 0
    assert out.count("bot:Filler is a tw:Request  by") == 3
    assert "There may be more." in out
    assert fake.calls[-1][3]["alternatives"] == 2


def test_every_form_can_be_read(ask: Ask) -> None:
    """JSON as the core gave it, PROV-O as one document with two inferences, DOT, and a picture of one proof."""
    told = {form: ask((ONE, TWO), "--format", form)[1] for form in ("json", "turtle", "dot")}
    code, svg, _ = ask((ONE,), "--format", "svg")

    assert [Proof.from_json(proof) for proof in json.loads(told["json"])["proofs"]] == [ONE, TWO]
    document = Graph().parse(data=told["turtle"], format="turtle")
    assert len(set(document.subjects(RDF.type, PROV.Activity))) == 3
    assert told["dot"].count("digraph") == 2
    assert (code, svg[:4]) == (0, "<svg")
    assert "@context" in json.loads(ask((ONE,), "--format", "jsonld")[1])


def test_what_does_not_hold_is_told(ask: Ask) -> None:
    """With exit code 1, in words and as JSON."""
    code, out, _ = ask(())

    assert (code, out) == (1, "It does not hold: bot:Filler rdf:type tw:Request\n")
    code, out, _ = ask((), "--json")
    assert (code, json.loads(out)) == (1, {"proofs": [], "more": False})


@pytest.mark.parametrize(
    "options", [["--format", "song"], ["--format", "svg"], ["--alternatives", "0"], ["--alternatives", "many"]]
)
def test_bad_options_are_refused(ask: Ask, options: list[str]) -> None:
    """A form that there is not, two proofs in one picture, and a number that is none."""
    assert ask((ONE, TWO), *options)[0] == 2


def test_either_a_decision_or_a_fact(fake: Any, capsys: pytest.CaptureFixture[str]) -> None:
    """Not both, not neither; and a triple must be one."""
    for arguments in ([], ["a", "--fact", ASK], ["--fact", "bot:Filler"], ["--fact", "nowhere:a a nowhere:b"]):
        assert run(["explain", *arguments, "--data", str(fake.data)]) == 2
