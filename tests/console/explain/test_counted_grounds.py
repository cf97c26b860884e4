"""What a decision's rule counted is shown with the facts behind the members that its proof names."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

from rdflib import Literal, URIRef

from agents.explanation.model import Model
from agents.explanation.samples import Samples
from agents.explanation.story import Story
from agents.explanation.tree import Branch, Sort, grow
from agents.proposal import Proposal
from kg.change import Kind
from kg.proof import Contribution, Group, Proof
from ontology import TW
from tests.console.explain.conftest import BOT


def grown(story: Story) -> Branch:
    return grow(story, Model(), Samples(story, None), "Slow down.")


def proof_of(proposal: Proposal, group: Group) -> dict[str, Any]:
    fact = (URIRef(proposal.target), proposal.rule, proposal.desired)
    return dict(Proof(fact, None, str(proposal.rule), groups=(group,)).to_json())


def test_members_stand_below_what_they_gave(
    proposal: Proposal, step: Callable[..., Any], agents_story: Callable[..., Story]
) -> None:
    """A branch of its own for each group: result, key, size, and the facts of the members shown."""
    leaf = Proof((BOT.Filler, TW.capacity, Literal(12)), "state")
    absent = f"NOT EXISTS {{ <{BOT.Filler}> <{TW.maintenance}> true . }}"
    shown = Contribution((("m", BOT.Filler),), (leaf,), (absent,))
    group = Group((("line", BOT.Line),), (("SUM(?v)", Literal(40)), ("MIN(?w)", None)), 3, (shown,))
    story = agents_story(step(Kind.PROPOSAL, "reasoned"))
    story = replace(story, proposal=replace(proposal, proof=proof_of(proposal, group)))

    (counted,) = (b for b in grown(story).walk() if b.text.startswith("SUM"))

    assert counted.text == "SUM(?v) is 40 and MIN(?w) is an error for line Line, from 3, 1 of them below"
    assert [branch.sort for branch in counted.branches] == [Sort.FACT, Sort.ABSENCE]
    assert counted.branches[0].text == "Filler capacity: 12 bottles"


def test_a_group_without_members_is_an_absence(
    proposal: Proposal, step: Callable[..., Any], agents_story: Callable[..., Story]
) -> None:
    """A count of nothing ends in a leaf, so that the explanation is complete."""
    group = Group((), (("COUNT(*)", Literal(0)),), 0, ())
    story = agents_story(step(Kind.PROPOSAL, "reasoned"))
    story = replace(story, proposal=replace(proposal, proof=proof_of(proposal, group)))

    (counted,) = (branch for branch in grown(story).walk() if branch.text.startswith("COUNT"))

    assert (counted.text, counted.sort) == ("COUNT(*) is 0, from 0", Sort.ABSENCE)
