"""Stops over HTTP: the gateway first, then the record, each whether or not the other answers."""

from __future__ import annotations

from urllib.parse import quote

from rdflib import Namespace

from ontology import TW

BOT = Namespace("https://w3id.org/twinwright/plants/bottling#")
S = 1_000_000


def in_graph(bench, scope) -> str | None:
    held = bench.model.get(scope, TW.stopped)
    return None if held is None else held.rpartition("#")[2]


def test_stop_reaches_the_gateway_first_and_goes_on_record(bench, ask):
    """Set in both, with person, reason and end; shown with both."""
    answer = ask("sam", "PUT", "/stops/Filler", json={"mode": "propose-only", "for_s": 600, "reason": "trial"})

    told = answer.json()
    (item,) = ask("vera", "GET", "/stops").json()["items"]
    assert answer.status_code == 200
    assert [call[:2] for call in bench.calls[:2]] == [("gateway", "stop"), ("core", "submit")]
    assert (told["scope"]["label"], told["mode"], told["warnings"]) == ("Filler", "propose-only", [])
    assert told["heard"] == {"gateway": True, "core": True}
    assert told["seq"] == bench.parts.gate.seq
    assert in_graph(bench, BOT.Filler) == "ProposeOnly"
    assert bench.gateway.stops[str(BOT.Filler)]["until_us"] == bench.now_us() + 600 * S
    assert (item["by"]["label"], item["reason"], item["until_at"]) == ("Sam", "trial", told["until_at"])
    assert item["heard"] == {"gateway": True, "core": True}


def test_stop_by_any_name(bench, ask):
    """The plant, an area, an agent, a rule, and an IRI percent-encoded."""
    scopes = {"plant": TW.Plant, "Line": BOT.Line, "LineAgent": BOT.LineAgent, "CatchUp": BOT.CatchUp}
    scopes |= {quote(str(BOT.Packer), safe=""): BOT.Packer, "bot:Labeller": BOT.Labeller}

    for name, iri in scopes.items():
        answer = ask("olga", "PUT", f"/stops/{name}", json={"mode": "no-writes"})

        assert (answer.status_code, answer.json()["scope"]["iri"]) == (200, str(iri))
        assert in_graph(bench, iri) == "NoWrites"
    assert len(ask("olga", "GET", "/stops").json()["items"]) == len(scopes)


def test_stop_sent_twice_is_set_once_and_a_mode_replaces_another(bench, ask):
    """Idempotent: the second answer is like the first."""
    answers = [ask("olga", "PUT", "/stops/plant", json={"mode": "no-writes"}) for _ in range(2)]
    ask("olga", "PUT", "/stops/plant", json={"mode": "read-only"})

    (item,) = ask("olga", "GET", "/stops").json()["items"]

    assert [a.status_code for a in answers] == [200, 200]
    assert {key: answers[0].json()[key] for key in ("scope", "mode", "heard", "warnings")} == {
        key: answers[1].json()[key] for key in ("scope", "mode", "heard", "warnings")
    }
    assert item["mode"] == "read-only"
    assert item["heard"] == {"gateway": True, "core": True}


def test_release_takes_every_mode_away(bench, ask):
    """In both places; a release of what is not set is fine."""
    ask("olga", "PUT", "/stops/Filler", json={"mode": "read-only"})

    answers = [ask("sam", "DELETE", "/stops/Filler", params={"reason": "done"}) for _ in range(2)]

    assert [(a.status_code, a.json()["mode"]) for a in answers] == [(200, None)] * 2
    assert in_graph(bench, BOT.Filler) is None
    assert ask("olga", "GET", "/stops").json()["items"] == []


def test_stop_holds_with_half_a_twin(bench, ask):
    """Without the core, and without the gateway: 202, with the reason in words, and the list says who was not asked."""
    told = {}
    for part in ("core", "gateway"):
        bench.down = {part}
        bench.hub.connected = part != "core"
        told[part] = ask("olga", "PUT", "/stops/plant", json={})
        listed = ask("olga", "GET", "/stops").json()

        assert told[part].status_code == 202
        assert f"The {part} does not answer" in told[part].json()["warnings"][0]
        assert listed["heard"] == {"gateway": part != "gateway", "core": part != "core"}
        assert [item["mode"] for item in listed["items"]] == ["no-writes"]

    assert told["core"].json()["heard"] == {"gateway": True, "core": False}
    assert told["core"].json()["seq"] is None
    assert told["gateway"].json()["heard"] == {"gateway": False, "core": True}


def test_stop_that_nobody_heard_is_no_success(bench, ask):
    """503: the person must not walk away believing in it."""
    bench.down = {"core", "gateway"}

    answer = ask("olga", "PUT", "/stops/plant", json={})

    assert (answer.status_code, answer.json()["code"]) == (503, "service-down")
    assert "Nothing has been done" in answer.json()["detail"]


def test_mistyped_scope_says_that_nothing_stopped(bench, ask):
    """404 with the name that was meant; no part has been told."""
    answer = ask("olga", "PUT", "/stops/filler", json={})

    assert (answer.status_code, answer.json()["code"]) == (404, "unknown-node")
    assert "nothing has been stopped. Did you mean Filler?" in answer.json()["detail"]
    assert bench.calls == []


def test_bad_order_is_a_problem(bench, ask):
    """Unknown modes, ends in the past or both kinds of end; nothing has been told to anybody."""
    for body in (
        {"mode": "gently"},
        {"for_s": 0},
        {"for_s": -1},
        {"for_s": 1e12},
        {"until": "2026-11-22T10:00:00"},
        {"until": "2001-01-01T00:00:00Z"},
        {"until": "9999-12-31T23:59:59Z"},
        {"for_s": 5, "until": "2026-11-22T10:00:00Z"},
        {"forever": True},
    ):
        answer = ask("olga", "PUT", "/stops/plant", json=body)

        assert answer.status_code == 422, body
    assert bench.calls == []


def test_stop_until_a_moment(bench, ask):
    """The moment as given, whatever its zone."""
    answer = ask("olga", "PUT", "/stops/plant", json={"until": "2026-10-01T12:00:00.5+02:00"})

    assert answer.json()["until_at"] == "2026-10-01T10:00:00.500000+00:00"


def test_who_may_not_stop(bench, ask):
    """Viewers and auditors see what is stopped."""
    for login in ("vera", "ada"):
        assert ask(login, "PUT", "/stops/plant", json={}).status_code == 403
        assert ask(login, "DELETE", "/stops/plant").status_code == 403
        assert ask(login, "GET", "/stops").status_code == 200
    assert {method for _, method, _ in bench.calls} == {"stops"}
