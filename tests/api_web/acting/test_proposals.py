"""Proposals over HTTP: what is shown, and a word that is bound, single, expiring and another person's."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

from rdflib import Literal, Namespace, URIRef

from agents.proposal import request_change
from kg.change import Change, Kind, Quad, Role, Source, new_id
from kg.names import GraphName
from kg.terms import double_literal
from ontology import TW

BOT = Namespace("https://w3id.org/twinwright/plants/bottling#")
S = 1_000_000


def path(proposal: Any, act: str = "") -> str:
    return f"/proposals/{proposal.id.removeprefix('urn:uuid:')}{act}"


def lacks_approval(bench: Any, proposal: Any) -> bool:
    """Whether the Gate would miss an approval if the agent asked now."""
    change = request_change(replace(proposal, read_set=()), Source(proposal.agent, Role.AGENT), bench.now_us())
    verdict = bench.parts.gate.dry_run(change)
    return "PERM-AUTONOMY-APPROVAL" in {reason.code for reason in verdict.reasons}


def test_open_proposal_says_everything_that_a_person_needs(bench, ask):
    """What, why, what it brings, what happens otherwise, who, how long, and whether a word counts."""
    bench.level("approve")
    proposal = bench.propose()

    told = ask("olga", "GET", "/proposals").json()

    (item,) = told["items"]
    assert told["next"] is None
    assert item["id"] == proposal.id
    assert item["state"] == "open"
    assert item["machine"]["label"] == "Filler"
    assert item["desired"] == {"value": 300.0, "unit": "/min"}
    assert item["prior"] == {"value": 400.0, "unit": "/min"}
    assert item["current"] is None  # no controller has told
    assert item["sentence"] == "Run the filler at 300 per minute."
    assert item["prediction"] == {"evaluated": True, "units": 70, "low": 40, "high": 90, "sentence": "About +70 units."}
    assert item["if_nothing"] == "The filler stops in 2 min."
    assert item["level"] == "approve"
    assert item["approvals"] == {"needed": 1, "given": []}
    assert item["word"]["counts"] is True
    assert item["made_at"].endswith("+00:00")
    assert ask("olga", "GET", path(proposal)).json() == item


def test_approval_is_on_record_bound_and_counted_by_the_gate(bench, ask):
    """After a yes the Gate misses no approval any more, and the page shows who has given it."""
    bench.level("approve")
    proposal = bench.propose(read_set=())
    before = lacks_approval(bench, proposal)
    binds = ask("sam", "GET", path(proposal)).json()["binds"]

    answer = ask("sam", "POST", path(proposal, "/approve"), json={"reason": "go", "valid_s": 60, "expect": binds})

    said = answer.json()
    assert (answer.status_code, said["meaning"], said["binds"]) == (200, "approve", binds)
    assert [person["label"] for person in said["approvals"]["given"]] == ["Sam"]
    assert before
    assert not lacks_approval(bench, proposal)
    assert [p["label"] for p in ask("olga", "GET", path(proposal)).json()["approvals"]["given"]] == ["Sam"]


def test_approval_expires(bench, ask):
    """At its end it counts for nothing, at the Gate and on the page."""
    bench.level("approve")
    proposal = bench.propose(read_set=())
    ask("sam", "POST", path(proposal, "/approve"), json={"valid_s": 60})

    bench.clock[0] += 60 * S

    assert lacks_approval(bench, proposal)
    assert ask("sam", "GET", path(proposal)).json()["approvals"]["given"] == []


def test_approval_without_a_body_is_as_it_stands(bench, ask):
    """Ten minutes, no reason."""
    bench.level("approve")

    answer = ask("sam", "POST", path(bench.propose(), "/approve"))

    assert answer.status_code == 200


def test_word_on_an_old_page_is_refused(bench, ask):
    """What the person saw is not what stands: nothing is said, and nothing is on record."""
    bench.level("approve")
    proposal = bench.propose(read_set=())

    answer = ask("sam", "POST", path(proposal, "/approve"), json={"expect": "0" * 64})

    assert answer.status_code == 409
    assert (answer.json()["code"], answer.json()["why"]) == ("approval-invalid", "changed")
    assert lacks_approval(bench, proposal)


def test_approval_of_one_proposal_is_none_of_another(bench, ask):
    """Bound to the value."""
    bench.level("approve")
    first, second = bench.propose(300.0, read_set=()), bench.propose(310.0, read_set=())

    ask("sam", "POST", path(first, "/approve"))

    assert not lacks_approval(bench, first)
    assert lacks_approval(bench, second)


def test_rejection_needs_a_reason_and_takes_an_approval_back(bench, ask):
    """A no without a reason is no answer; with one, the same person's yes is gone."""
    bench.level("approve")
    proposal = bench.propose(read_set=())
    ask("sam", "POST", path(proposal, "/approve"))

    without = [
        ask("sam", "POST", path(proposal, "/reject"), json=body).status_code for body in ({}, {"reason": "  "}, None)
    ]
    answer = ask("sam", "POST", path(proposal, "/reject"), json={"reason": "The packer is next."})

    assert without == [422, 422, 422]
    assert (answer.status_code, answer.json()["approvals"]["given"]) == (200, [])
    assert lacks_approval(bench, proposal)


def test_two_persons_where_the_risk_is_high(bench, ask):
    """From risk class 4 on the same person twice is one person; the Gate counts persons, too."""
    bench.level("approve")
    emil = bench.people.by_login["emil"]
    grant = BOT.FillerSpeedGrant
    edit = Change(
        Kind.EDIT,
        Source(emil.iri, emil.role),
        adds=(Quad(grant, TW.riskClass, Literal(4), GraphName.POLICY),),
        removes=(Quad(grant, TW.riskClass, Literal(2), GraphName.POLICY),),
    )
    assert bench.decide(edit, edit.source).admitted
    proposal = bench.propose(read_set=())

    told = [ask("sam", "POST", path(proposal, "/approve")).json()["approvals"] for _ in range(2)]
    change = request_change(proposal, Source(proposal.agent, Role.AGENT), bench.now_us())
    alone = {reason.code for reason in bench.parts.gate.dry_run(change).reasons}
    told.append(ask("emil", "POST", path(proposal, "/approve")).json()["approvals"])
    together = {reason.code for reason in bench.parts.gate.dry_run(change).reasons}

    assert [(t["needed"], len(t["given"])) for t in told] == [(2, 1), (2, 1), (2, 2)]
    assert "PERM-APPROVAL" in alone
    assert "PERM-APPROVAL" not in together


ENDS = {"withdrawn": "ended", "expired": "expired", "shadow": "shadow", "advised": "advise", "rejected": "ended"}


def test_what_has_ended_takes_no_word(bench, ask):
    """The page says why, and so does the refusal."""
    for end, why in ENDS.items():
        proposal = bench.propose()
        bench.step(proposal, 5, end)

        shown = ask("sam", "GET", path(proposal)).json()
        answers = [
            ask("sam", "POST", path(proposal, "/approve")),
            ask("sam", "POST", path(proposal, "/reject"), json={"reason": "no"}),
        ]

        assert (shown["state"], shown["end"], shown["word"]["code"]) == ("ended", end, why)
        assert shown["word"]["counts"] is False
        assert [a.status_code for a in answers] == [409, 409]
        assert {(a.json()["code"], a.json()["why"]) for a in answers} == {("approval-invalid", why)}
        assert {a.json()["end"] for a in answers} == {end}


def test_expired_proposal_whose_agent_is_gone(bench, ask):
    """Nobody has ended it, but its time is over."""
    bench.level("approve")
    proposal = bench.propose(life_s=30)
    bench.clock[0] += 30 * S

    shown = ask("sam", "GET", "/proposals").json()["items"][0]
    answer = ask("sam", "POST", path(proposal, "/approve"))

    assert shown["word"]["code"] == "expired"
    assert (answer.status_code, answer.json()["why"]) == (409, "expired")


def test_word_counts_for_nothing_while_the_level_is_shadow(bench, ask):
    """An open proposal of an agent that may not act says so."""
    proposal = bench.propose()

    answer = ask("sam", "POST", path(proposal, "/approve"))

    assert ask("sam", "GET", path(proposal)).json()["word"]["code"] == "shadow"
    assert (answer.status_code, answer.json()["why"]) == (409, "shadow")


def person_request(bench: Any, login: str, value: float = 900.0) -> Change:
    """A person's request that the Gate refuses."""
    person = bench.people.by_login[login]
    ident = new_id()
    facts = (
        (URIRef("http://www.w3.org/1999/02/22-rdf-syntax-ns#type"), TW.Request),
        (TW.target, BOT["Filler.SetMachSpeed"]),
        (TW.desiredValue, double_literal(value)),
    )
    adds = tuple(Quad(URIRef(ident), p, o, GraphName.DESIRED) for p, o in facts)
    change = Change(Kind.REQUEST, Source(person.iri, person.role), adds=adds, reason="faster", id=ident)
    assert not bench.decide(change, change.source).admitted
    return change


def test_level_is_that_of_the_innermost_place(bench, ask):
    """Whatever the machine: what inference knows of places does not hide the line."""
    bench.level("approve", BOT.CatchUp)
    for machine in ("Depalletiser", "Labeller", "Packer", "Palletiser"):
        target = BOT[f"{machine}.SetMachSpeed"]
        proposal = bench.propose(target=target, equipment=BOT[machine], rule=BOT.CatchUp)

        assert ask("vera", "GET", path(proposal)).json()["level"] == "approve", machine


def test_refused_request_of_a_person_can_be_approved_by_another(bench, ask):
    """It waits for another person's word; its author's own is refused."""
    change = person_request(bench, "olga")

    own = ask("olga", "POST", path(change, "/approve"))
    other = ask("sam", "POST", path(change, "/approve"))

    assert (own.status_code, own.json()["why"]) == (409, "own")
    assert other.status_code == 200
    assert ask("vera", "GET", path(change)).json()["prediction"]["evaluated"] is False


def test_who_may_not_approve_is_refused(bench, ask):
    """Viewers and auditors see proposals and say nothing."""
    proposal = bench.propose()

    seen = [ask(login, "GET", path(proposal)).status_code for login in ("vera", "ada")]
    said = [ask(login, "POST", path(proposal, "/approve")) for login in ("vera", "ada")]

    assert seen == [200, 200]
    assert [(a.status_code, a.json()["code"]) for a in said] == [(403, "not-authorised")] * 2
    assert ask("nobody", "GET", path(proposal)).status_code == 401


def test_unknown_id_is_404(bench, ask):
    """Whole ids only: nobody reads through the journal for a few characters."""
    bench.propose()

    for ident in ("6f0d4b1e-4f7a-4a59-9d0e-3a1b7d6c2f10", "abc", "urn:uuid:x", "%00", "6f0d"):
        answers = [ask("sam", "GET", f"/proposals/{ident}"), ask("sam", "POST", f"/proposals/{ident}/approve")]

        assert [(a.status_code, a.json()["code"]) for a in answers] == [(404, "unknown-node")] * 2


def test_bad_body_is_a_problem(bench, ask):
    """Out of bounds, misspelt, or no text at all."""
    proposal = bench.propose()

    for body in (
        {"valid_s": 0},
        {"valid_s": 3601},
        {"valid_s": float("nan")},
        {"expect": "x"},
        {"reason": "x" * 1001},
        {"raeson": "a misprint"},
        {"reason": "\ud800"},
        [],
    ):
        answer = ask("sam", "POST", path(proposal, "/approve"), content=json.dumps(body))

        assert (answer.status_code, answer.json()["code"]) == (422, "bad-request"), body


def test_pages_follow_each_other_without_holes(bench, ask):
    """Newest first, each once, whatever is made meanwhile; states are told apart."""
    made = [bench.propose(300.0 + n) for n in range(5)]
    for proposal in made[:3]:
        bench.step(proposal, 5, "shadow")

    seen, cursor = [], None
    while True:
        given = {"state": "all", "limit": 2} | ({} if cursor is None else {"cursor": cursor})
        page = ask("vera", "GET", "/proposals", params=given).json()
        seen += [item["id"] for item in page["items"]]
        if cursor is None:
            bench.propose(390.0)
        cursor = page["next"]
        if cursor is None:
            break
    ended = ask("vera", "GET", "/proposals", params={"state": "ended"}).json()["items"]
    still_open = ask("vera", "GET", "/proposals").json()["items"]

    assert seen == [proposal.id for proposal in reversed(made)]
    assert [item["id"] for item in ended] == [proposal.id for proposal in reversed(made[:3])]
    assert len(still_open) == 3


def test_older_pages_are_read_when_they_are_asked_for(bench, ask, monkeypatch):
    """What lies before the newest entries is found by who goes on."""
    made = [bench.propose(300.0 + n) for n in range(6)]
    for proposal in made:
        bench.step(proposal, 5, "shadow")
    monkeypatch.setattr("api.web.proposals.RECENT", 7)

    told = ask("vera", "GET", "/proposals", params={"state": "ended"}).json()["items"]

    assert [item["id"] for item in told] == [proposal.id for proposal in reversed(made)]


def test_bad_query_is_a_problem(ask):
    """Nothing is guessed."""
    for query in ({"limit": 0}, {"limit": 101}, {"cursor": "x"}, {"cursor": "-1"}, {"state": "old"}):
        assert ask("vera", "GET", "/proposals", params=query).status_code == 422


def test_without_a_core_nothing_is_said(bench, ask):
    """Pages still show what is on record, without values of now; a word has to wait."""
    bench.level("approve")
    proposal = bench.propose()
    bench.down.add("core")
    bench.hub.connected = False

    shown = ask("sam", "GET", path(proposal)).json()
    answer = ask("sam", "POST", path(proposal, "/approve"))

    assert (shown["current"], shown["level"]) == (None, None)
    assert (answer.status_code, answer.json()["code"]) == (503, "service-down")


def test_unused_approval_survives_a_restart_of_the_core(bench, ask):
    """Two persons approve, with a restart between them: the Gate knows both."""
    bench.level("approve")
    proposal = bench.propose(read_set=())
    ask("sam", "POST", path(proposal, "/approve"))

    bench.close()
    bench.start()

    assert not lacks_approval(bench, proposal)
