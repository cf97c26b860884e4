"""Rules that want to set the same property, and the rests between decisions."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st
from rdflib import Literal, URIRef

from agents.contest import settle
from agents.levels import Level
from agents.pipeline import End
from agents.rests import Rests
from agents.rules import AgentRule
from kg.change import Match

AGENT = URIRef("urn:agent")
RULES = {
    URIRef(f"urn:rule{n}"): AgentRule(URIRef(f"urn:rule{n}"), AGENT, f"rule {n}", "{value}", priority=n // 2)
    for n in range(6)
}


def match(rule: int, target: str = "filler", value: float = 300.0) -> Match:
    return Match(URIRef(f"urn:rule{rule}"), URIRef(f"urn:{target}"), Literal(value))


def test_priority_then_iri() -> None:
    """The higher priority wins; of equals the smaller IRI."""
    contest = settle([match(3), match(4), match(5), match(0)], RULES, lambda m: Level.AUTONOMOUS)

    assert contest.winners == (match(4),)
    assert set(contest.outranked) == {match(3), match(5), match(0)}


def test_a_rule_in_shadow_does_not_stand_in_the_way() -> None:
    """A rule that only watches never keeps one that may act from acting; both are heard in their own class."""
    contest = settle(
        [match(5), match(0)], RULES, lambda m: Level.SHADOW if m.rule == URIRef("urn:rule5") else Level.AUTONOMOUS
    )

    assert set(contest.winners) == {match(5), match(0)}
    assert contest.outranked == {}


def test_the_more_careful_of_two_values_is_taken() -> None:
    """A rule that wants two values at once gets the smaller; that is no contest with another rule."""
    contest = settle([match(1, value=400.0), match(1, value=300.0)], RULES, lambda m: Level.ADVISE)

    assert contest.winners == (match(1, value=300.0),)
    assert contest.outranked == {}


@given(st.permutations([match(n, target) for n in range(6) for target in ("filler", "labeller")]))
def test_the_order_of_matches_plays_no_part(matches: list[Match]) -> None:
    """One winner for each target, the same for every order."""
    contest = settle(matches, RULES, lambda m: Level.AUTONOMOUS)

    assert set(contest.winners) == {match(4, "filler"), match(4, "labeller")}
    assert len(contest.outranked) == 10


def test_off_takes_no_part() -> None:
    """A rule at level off neither wins nor loses."""
    contest = settle([match(5), match(0)], RULES, lambda m: Level.OFF)

    assert contest.winners == ()
    assert contest.outranked == {}


def test_rests_double_with_each_refusal_and_end_with_success() -> None:
    """1 s, 2 s, 4 s after refusals; a commit makes the next refusal the first again."""
    rests, now = Rests(), 0

    for seconds in (1, 2, 4):
        rests.after(match(1), End.REFUSED, now)
        assert rests.is_resting(match(1), now + seconds * 1_000_000 - 1)
        assert not rests.is_resting(match(1), now + seconds * 1_000_000)
    rests.after(match(1), End.COMMITTED, now)
    rests.after(match(1), End.REFUSED, now)
    assert rests.next_us(now) == 1_000_000


def test_a_shown_match_is_new_when_it_begins_again() -> None:
    """Shown once while it holds; forgotten when it ceases."""
    rests = Rests()
    rests.after(match(1), End.SHADOW, 0)
    rests.keep([match(1)])
    assert rests.is_resting(match(1), 10**12)

    rests.keep([])

    assert not rests.is_resting(match(1), 10**12)
