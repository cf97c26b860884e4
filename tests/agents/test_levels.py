"""Which level is in force."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st
from rdflib import URIRef

from agents.levels import SILENT, Autonomy, Level, granted
from ontology import TW

AGENT, RULE = URIRef("urn:agent"), URIRef("urn:rule")
SCOPES = (URIRef("urn:filler"), URIRef("urn:line"), URIRef("urn:hall"))


def grant(name: str, level: Level, **of: URIRef) -> Autonomy:
    return Autonomy(URIRef(f"urn:{name}"), level, **({"agent": AGENT} | of))


def test_the_innermost_scope_counts() -> None:
    """A grant for the filler wins over one for the line, and that over the hall."""
    grants = [
        grant("hall", Level.AUTONOMOUS, scope=SCOPES[2]),
        grant("filler", Level.SHADOW, scope=SCOPES[0]),
        grant("line", Level.ADVISE, scope=SCOPES[1]),
    ]

    assert granted(grants, AGENT, RULE, SCOPES).level is Level.SHADOW


def test_a_grant_for_the_rule_counts_before_any_scope() -> None:
    """What is said of this very rule wins over what is said of the place."""
    grants = [grant("rule", Level.OFF, rule=RULE), grant("filler", Level.AUTONOMOUS, scope=SCOPES[0])]

    assert granted(grants, AGENT, RULE, SCOPES).by == URIRef("urn:rule")


def test_other_agents_rules_and_places_do_not_count() -> None:
    """Grants that speak of somebody or something else leave the policy silent: shadow."""
    grants = [
        grant("a", Level.AUTONOMOUS, agent=URIRef("urn:other")),
        grant("b", Level.AUTONOMOUS, rule=URIRef("urn:other")),
        grant("c", Level.AUTONOMOUS, scope=URIRef("urn:elsewhere")),
    ]

    assert granted(grants, AGENT, RULE, SCOPES) == SILENT
    assert SILENT.level is Level.SHADOW


def test_a_grant_without_an_agent_gives_nothing() -> None:
    """A level on a bare node is no grant for everybody; agents leave it aside."""
    bare = Autonomy(URIRef("urn:bare"), Level.AUTONOMOUS)
    local = Autonomy(URIRef("urn:local"), Level.AUTONOMOUS, rule=RULE, scope=SCOPES[0])

    assert granted([bare, local], AGENT, RULE, SCOPES) == SILENT
    assert granted([bare, local, grant("line", Level.ADVISE)], AGENT, RULE, SCOPES).level is Level.ADVISE


def test_of_two_alike_the_lower_level_counts() -> None:
    """A contradiction in the policy never sets an agent free."""
    grants = [grant("a", Level.AUTONOMOUS, scope=SCOPES[1]), grant("b", Level.APPROVE, scope=SCOPES[1])]

    assert granted(grants, AGENT, RULE, SCOPES).level is Level.APPROVE


def test_the_whole_plant_is_the_outermost_scope() -> None:
    """tw:Plant covers everything and yields to everything."""
    plant = grant("plant", Level.AUTONOMOUS, scope=TW.Plant)

    assert granted([plant], AGENT, RULE, SCOPES).level is Level.AUTONOMOUS
    assert granted([plant, grant("hall", Level.OFF, scope=SCOPES[2])], AGENT, RULE, SCOPES).level is Level.OFF


def test_a_misspelt_level_is_off() -> None:
    """Words come back as levels; what is not understood gives no freedom."""
    assert all(Level.of_word(level.word) is level for level in Level)
    assert Level.of_word("autonomus") is Level.OFF


@given(st.permutations(["hall", "line", "filler", "rule"]))
def test_the_order_of_grants_plays_no_part(order: list[str]) -> None:
    """The same grants in any order give the same level."""
    known = {
        "hall": grant("hall", Level.AUTONOMOUS, scope=SCOPES[2]),
        "line": grant("line", Level.ADVISE, scope=SCOPES[1]),
        "filler": grant("filler", Level.SHADOW, scope=SCOPES[0]),
        "rule": grant("rule", Level.APPROVE, rule=RULE, scope=SCOPES[2]),
    }

    assert granted([known[name] for name in order], AGENT, RULE, SCOPES).by == URIRef("urn:rule")
