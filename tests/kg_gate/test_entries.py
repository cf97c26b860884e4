"""To which decision a Change belongs, in the record and in what is published."""

from __future__ import annotations

import pytest
from rdflib import URIRef

from kg.change import Change, Kind, Role, Source
from kg.gate.entries import decision_of

OTHERS = "urn:uuid:another"
PEOPLE = (Role.OPERATOR, Role.SUPERVISOR, Role.ENGINEER)
TELLING = {(Role.AGENT, Kind.PROPOSAL), (Role.AGENT, Kind.REQUEST), (Role.GATEWAY, Kind.OUTCOME)} | {
    (role, Kind.APPROVAL) for role in PEOPLE
}


def change_of(role: Role, kind: Kind, decision: object = OTHERS) -> Change:
    return Change(kind, Source(URIRef("urn:test:x"), role), detail={"decision": decision, "stage": "committed"})


@pytest.mark.parametrize("kind", Kind)
@pytest.mark.parametrize("role", Role)
def test_only_those_who_tell_of_a_decision_name_one(role, kind):
    """Agents' proposals and requests, the gateway's outcomes and people's approvals; nobody else's claim counts."""
    change = change_of(role, kind)

    assert decision_of(change) == (OTHERS if (role, kind) in TELLING else change.id)


@pytest.mark.parametrize("decision", [None, "", 5, ["urn:x"]])
def test_what_is_no_id_names_nothing(decision):
    """A Change whose detail names no decision in words is one of its own."""
    change = change_of(Role.AGENT, Kind.PROPOSAL, decision)

    assert decision_of(change) == change.id


@pytest.mark.parametrize("kind", [Kind.MANUAL, Kind.REQUEST, Kind.PROPOSAL, Kind.OUTCOME])
def test_an_operator_does_not_write_into_a_decision(bench, kind):
    """Admitted or refused, it stands under its own id, and subscribers are told of no other decision either."""
    change = change_of(Role.OPERATOR, kind)

    bench.one(change)

    assert bench.recorder.entries[-1].subject == change.id
    assert bench.recorder.entries[-1].body["detail"]["decision"] == OTHERS
    assert dict(bench.events[-1].detail) == {"stage": "committed"}


def test_a_decision_of_its_own_is_published(bench):
    """A person's request may name itself."""
    change = change_of(Role.OPERATOR, Kind.REQUEST)
    own = Change(change.kind, change.source, id=change.id, detail={"decision": change.id})

    bench.one(own)

    assert bench.events[-1].detail == {"decision": change.id}
