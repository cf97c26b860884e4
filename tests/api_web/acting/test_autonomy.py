"""Levels of autonomy over HTTP."""

from __future__ import annotations

from urllib.parse import quote

from rdflib import Namespace

from api.live.facts import Facts
from ontology import TW

BOT = Namespace("https://w3id.org/twinwright/plants/bottling#")
ORDER = {"level": "approve", "reason": "A week without a wrong proposal."}


def level(bench, rule) -> str:
    return bench.model.get(f"{rule}.Autonomy", TW.level)


def test_levels_in_force(bench, ask):
    """Each grant with agent, rule and scope by name."""
    items = ask("vera", "GET", "/autonomy").json()["items"]

    assert {item["level"] for item in items} == {"shadow"}
    assert {item["agent"]["iri"] for item in items} == {str(BOT.LineAgent)}
    assert {item["scope"]["iri"] for item in items} == {str(BOT.Line)}
    assert str(BOT.CatchUp) in {item["rule"]["iri"] for item in items}


def test_one_rule_is_raised(bench, ask):
    """Only that one; asked again nothing has to change."""
    first = ask("sam", "PUT", "/autonomy/CatchUp", json=ORDER)
    again = ask("sam", "PUT", f"/autonomy/{quote(str(BOT.CatchUp), safe='')}", json=ORDER)

    assert (first.status_code, first.json()["moved"], first.json()["seq"]) == (200, 1, bench.parts.gate.seq)
    assert (again.status_code, again.json()["moved"], again.json()["seq"]) == (200, 0, None)
    assert [item["level"] for item in again.json()["items"]] == ["approve"]
    assert (level(bench, BOT.CatchUp), level(bench, BOT.EaseOff)) == ("approve", "shadow")


def test_an_agent_is_raised_and_lowered_with_all_its_rules(bench, ask):
    """One Change for all of them; a scope narrows it."""
    raised = ask("emil", "PUT", "/autonomy/LineAgent", json=ORDER)
    elsewhere = ask("emil", "PUT", "/autonomy/LineAgent", json={**ORDER, "scope": "Packaging"})
    lowered = ask("emil", "PUT", "/autonomy/LineAgent", json={**ORDER, "level": "off", "scope": "Line"})

    assert raised.json()["moved"] == lowered.json()["moved"] == len(raised.json()["items"]) > 3
    assert elsewhere.status_code == 404
    assert level(bench, BOT.CatchUp) == "off"


def test_whoever_moves_a_level_meanwhile_is_not_overwritten(bench, ask):
    """The page was old: 409 with the verdict, and the level stays."""
    held = Facts(bench.model.facts)
    bench.level("advise", BOT.CatchUp)
    bench.model.facts = held

    answer = ask("sam", "PUT", "/autonomy/CatchUp", json=ORDER)

    assert (answer.status_code, answer.json()["code"]) == (409, "change-refused")
    assert [reason["code"] for reason in answer.json()["verdict"]["reasons"]] == ["precondition-changed"]


def test_bad_orders(bench, ask):
    """Unknown levels and rules, no reason, a role that may not."""
    assert ask("sam", "PUT", "/autonomy/CatchUp", json={**ORDER, "level": "wild"}).status_code == 422
    assert ask("sam", "PUT", "/autonomy/CatchUp", json={"level": "off"}).status_code == 422
    assert ask("sam", "PUT", "/autonomy/Nobody", json=ORDER).status_code == 404
    assert ask("sam", "PUT", "/autonomy/x:Nobody", json=ORDER).status_code == 404
    assert [ask(login, "PUT", "/autonomy/CatchUp", json=ORDER).status_code for login in ("olga", "vera", "ada")] == [
        403
    ] * 3
    assert level(bench, BOT.CatchUp) == "shadow"


def test_without_a_core_no_level_is_known(bench, ask):
    """503, rather than an old picture shown as new."""
    bench.hub.connected = False

    assert ask("vera", "GET", "/autonomy").status_code == 503
    assert ask("sam", "PUT", "/autonomy/CatchUp", json=ORDER).status_code == 503
