"""Approvals across a restart: what was not used lives on, what was used never comes back."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from rdflib import Literal, URIRef

from kg.change import Change, Expected, Kind, Quad, Role, Source
from kg.gate import Approvals, binding_hash
from kg.names import GraphName
from kg.record import EntryKind, JournalEntry, Recorded
from kg.terms import double_literal, term_text
from kg.wire import quad_line
from ontology import PACK, TW

EX = "https://example.org/"
SET, FILLER = URIRef(EX + "Filler.SetMachSpeed"), URIRef(EX + "Filler")
NOW_US = 1_800_000_000_000_000
SAM, VERA = (Source(URIRef(f"urn:test:{name}"), Role.SUPERVISOR) for name in ("sam", "vera"))
AUTHOR = "urn:test:olga"


def binds_of(value: float = 400.0, read_set: Sequence[Expected] = ()) -> str:
    return binding_hash(SET, term_text(double_literal(value)), read_set, "r1")


def word(person: Source = SAM, meaning: str = "approve", binds: str | None = None, **detail: Any) -> Change:
    said = {"meaning": meaning, "binds": binds or binds_of(), "expires_us": NOW_US + 10**7, **detail}
    return Change(Kind.APPROVAL, person, detail=said, at_us=NOW_US)


def on_record(entries: Sequence[JournalEntry]) -> list[Recorded]:
    """The CHANGE entries, as recovery hands them over."""
    changes = [entry for entry in entries if entry.kind is EntryKind.CHANGE]
    return [Recorded(index, entry, b"") for index, entry in enumerate(changes, 1)]


@pytest.fixture
def left(bench: Any) -> Callable[..., tuple[str, ...]]:
    """Who has approved after a restart, by the entries that the Gate has made so far."""

    def ask(binds: str | None = None, release: str = "r1", now_us: int = NOW_US) -> tuple[str, ...]:
        approvals = Approvals.left(on_record(bench.recorder.entries), release, now_us)
        return approvals.valid(binds or binds_of(), AUTHOR, now_us)

    return ask


def test_unused_and_unexpired_approvals_are_taken_up(bench, left):
    """A restart between two persons' words loses neither; one that has expired meanwhile counts for nothing."""
    bench.one(word(SAM))
    bench.one(word(VERA))

    assert left() == (str(SAM.author), str(VERA.author))
    assert left(now_us=NOW_US + 10**7) == ()


def test_used_approval_never_revives(bench, left, observe, request_of):
    """An admitted request has used what was bound to it, whatever form the value was sent in, read set included."""
    read_set = (Expected(FILLER, PACK.machSpeed, double_literal(400.0), tolerance=12.5),)
    bench.one(word(binds=binds_of(400.0, read_set)))
    bench.one(word(VERA, binds=binds_of(390.0)))

    refused = bench.one(request_of(400.0, read_set=read_set))
    before = left(binds_of(400.0, read_set))
    bench.one(observe(2, 401.0))
    admitted = bench.one(request_of(Literal(400), read_set=read_set))

    assert (refused.admitted, admitted.admitted) == (False, True)
    assert before == (str(SAM.author),)
    assert left(binds_of(400.0, read_set)) == ()
    assert left(binds_of(390.0)) == (str(VERA.author),)


def test_approval_of_the_same_decision_goes_with_its_request(bench, left, request_of):
    """A word given for a decision ends with the decision's request, even if it was bound to something else."""
    bench.one(word(decision="urn:uuid:d", binds=binds_of(401.0)))
    request = request_of(400.0, role=Role.AGENT)
    bench.one(replace(request, detail={"decision": "urn:uuid:d"}))

    assert left(binds_of(401.0)) == ()


def test_rejection_takes_an_approval_back_across_a_restart(bench, left):
    """The last word of a person is the one that counts; another person's stays."""
    bench.one(word(SAM))
    bench.one(word(VERA))
    bench.one(word(SAM, meaning="reject"))

    assert left() == (str(VERA.author),)


def test_nothing_is_taken_up_under_another_release(bench, left, request_of):
    """An approval is bound to the release under which it was given."""
    bench.one(word(SAM))
    other = binding_hash(SET, term_text(double_literal(400.0)), (), "r2")

    assert left(other, release="r2") == ()


def test_request_that_cannot_be_read_drops_all(bench, left, request_of):
    """Where it is in doubt what a request has used, nothing is left."""
    bench.one(word(SAM))
    bench.one(request_of(390.0))
    entry = bench.recorder.entries[-1]
    bench.recorder.entries[-1] = replace(entry, body={**entry.body, "adds": ["nonsense"]})

    assert left() == ()


def test_odd_expiry_does_not_keep_the_core_from_starting(bench, left):
    """An expiry with a fraction, which the Gate takes, is no approval after a restart and no error."""
    admitted = bench.one(word(SAM, expires_us=float(NOW_US + 10**7)))

    assert admitted.admitted
    assert left() == ()


PEOPLE = (SAM, VERA)
VALUES = (400.0, 410.0)
acts = st.lists(
    st.one_of(
        st.tuples(st.just("approve"), st.sampled_from(PEOPLE), st.sampled_from(VALUES)),
        st.tuples(st.just("reject"), st.sampled_from(PEOPLE), st.sampled_from(VALUES)),
        st.tuples(st.just("request"), st.none(), st.sampled_from(VALUES)),
    ),
    max_size=12,
)


@given(acts)
def test_restart_holds_what_the_running_gate_holds(done):
    """After any words and uses, what the entries give back is what the approvals in memory are."""
    running, entries = Approvals(), []
    for meaning, person, value in done:
        binds = binds_of(value)
        if person is None:
            running.use(binds, NOW_US)
            entries.append(request_entry(value))
        else:
            change = word(person, meaning, binds)
            running.give(change)
            body = {"kind": "approval", "author": str(person.author), "detail": dict(change.detail)}
            entries.append(JournalEntry(0, EntryKind.CHANGE, NOW_US, change.id, body))

    again = Approvals.left(on_record(entries), "r1", NOW_US)

    for value in VALUES:
        assert again.valid(binds_of(value), AUTHOR, NOW_US) == running.valid(binds_of(value), AUTHOR, NOW_US)


def request_entry(value: float) -> JournalEntry:
    node = URIRef("urn:uuid:r")
    facts = ((TW.target, SET), (TW.desiredValue, double_literal(value)))
    lines = [quad_line(Quad(node, p, o, GraphName.DESIRED)) for p, o in facts]
    body = {"kind": "request", "id": str(node), "adds": lines, "read_set": []}
    return JournalEntry(0, EntryKind.CHANGE, NOW_US, str(node), body)
