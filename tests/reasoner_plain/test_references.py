"""The references beside plain graphs: what they count, and how they fail."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from rdflib import OWL, RDF, Graph, Namespace

from kg.errors import Undecided
from reasoner import Live
from reasoner.references import plain, pyshacl_reference

EX = Namespace("http://example.org/")


@pytest.mark.parametrize(
    "said",
    [
        "ex:a a owl:NamedIndividual .",
        "ex:a owl:sameAs ex:b .",
        "ex:a owl:differentFrom ex:c .",
        "ex:A owl:sameAs ex:C .",
    ],
)
def test_individuals_of_which_axioms_speak_are_compared(said: str, turtle: Callable[[str], Graph]) -> None:
    """They are no classes or properties; owlrl and the engine find the same of them, and it is told."""
    live = Live(turtle(f"ex:A rdfs:subClassOf ex:B . ex:a a ex:A ; ex:p ex:c . {said}"), owl=True)

    found = plain.infer(live, own_rules=False, owl=True)

    assert (EX.a, RDF.type, EX.B) in found.derived
    assert not found.only_reference
    assert not found.only_here
    assert not [fact for fact in found.derived if fact[1] == OWL.sameAs]


@pytest.mark.parametrize(
    "constraint",
    ['sh:path ex:v ; sh:pattern "("', "sh:path ex:v ; sh:minLength ex:Many"],
)
def test_whatever_pyshacl_stumbles_over_is_undecided(
    constraint: str,
    turtle: Callable[[str], Graph],
    capsys: pytest.CaptureFixture[str],
    caplog: pytest.LogCaptureFixture,
) -> None:
    """One line of its own says why, and nothing is logged or printed beside it."""
    shapes = turtle(f"ex:S a sh:NodeShape ; sh:targetSubjectsOf ex:v ; sh:property [ {constraint} ] .")

    with pytest.raises(Undecided, match=r"^pySHACL could not decide: \S[^\n]*$"):
        pyshacl_reference.validate(turtle('ex:a ex:v "x" .'), shapes)

    assert capsys.readouterr() == ("", "")
    assert not caplog.records
