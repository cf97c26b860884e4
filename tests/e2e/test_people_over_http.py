"""What people do over HTTP, against a real controller: a word that is used once, and a stop that holds."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import Any

import httpx
from rdflib import Namespace

from agents.pipeline import Stage
from agents.prediction import not_evaluated
from agents.proposal import Proposal, proposal_quads, proposal_to_json, request_change, stage_quads
from api.settings import Settings
from api.web.app import build_api
from api.web.twin import Twin as WebTwin
from kg.change import Change, Kind, Match, Role, Source, new_id
from kg.plantfolder import load
from kg.terms import double_literal
from kg.tokens import read_tokens
from ontology import TW

BOT = Namespace("https://w3id.org/twinwright/plants/bottling#")
SET, RULE = BOT["Labeller.SetMachSpeed"], BOT.CatchUp
AGENT = Source(BOT.LineAgent, Role.AGENT)
MISSING = "PERM-AUTONOMY-APPROVAL"


@asynccontextmanager
async def doors(twin: Any) -> AsyncIterator[Callable[..., Any]]:
    """The API on a running twin: `await ask("sam", "PUT", "/stops/plant", json={})`."""
    web = WebTwin(twin.data, load(twin.data / "plant", twin.plant.url), Settings.of({}, {}))
    following = asyncio.create_task(web.hub.run())
    tokens = read_tokens(twin.data)
    transport = httpx.ASGITransport(build_api(web))
    try:
        await twin.until(lambda: web.hub.connected and web.hub.release, "the hub")
        async with httpx.AsyncClient(transport=transport, base_url="http://localhost") as client:

            async def ask(login: str, method: str, path: str, **more: Any) -> httpx.Response:
                return await client.request(method, path, headers={"Authorization": f"Bearer {tokens[login]}"}, **more)

            yield ask
    finally:
        following.cancel()
        await asyncio.wait({following})
        await web.close()


def proposal_for(value: float, now_us: int) -> Proposal:
    """What an agent would propose for the labeller."""
    desired = double_literal(value)
    return Proposal(
        id=new_id(),
        agent=AGENT.author,
        rule=RULE,
        target=SET,
        equipment=BOT.Labeller,
        desired=desired,
        prior=None,
        unit="/min",
        goal=None,
        sentence=f"Run the labeller at {value:g} per minute.",
        effect=not_evaluated("this is a test"),
        if_nothing="Nothing.",
        inputs=(),
        read_set=(),
        proof={},
        made_us=now_us,
        plant_us=0,
        expires_us=now_us + 300_000_000,
        match=Match(RULE, SET, desired),
    )


async def put_on_record(twin: Any, proposal: Proposal) -> None:
    quads = (*proposal_quads(proposal), *stage_quads(proposal, Stage.REASONED, 1, True, proposal.made_us))
    facts = {"proposal": proposal_to_json(proposal)}
    detail = {"decision": proposal.id, "stage": str(Stage.REASONED), "ok": True, "facts": facts}
    verdict = await twin.submit(Change(Kind.PROPOSAL, AGENT, adds=quads, cause=proposal.id, detail=detail))
    assert verdict.admitted


def codes(verdict: Any) -> set[str]:
    return {reason.code for reason in verdict.reasons}


async def test_word_given_over_http_writes_once_also_across_a_restart(plant, start_twin):
    """A supervisor raises a rule and approves; the core restarts; the agent's request is written, the next is not."""
    async with start_twin(plant) as first, doors(first) as ask:
        proposal = proposal_for(440.0, first.core.status()["at_us"])
        raised = await ask("sam", "PUT", "/autonomy/CatchUp", json={"level": "approve", "reason": "a test"})
        assert raised.status_code == 200, raised.text
        await put_on_record(first, proposal)
        before = await first.core.runner.dry_run(request_change(proposal, AGENT, proposal.made_us))
        shown = (await ask("olga", "GET", "/proposals")).json()["items"][0]
        said = await ask("olga", "POST", f"/proposals/{proposal.id}/approve", json={"expect": shown["binds"]})
        assert said.status_code == 200, said.text
    async with start_twin(plant) as second:
        request = request_change(proposal, AGENT, proposal.made_us)
        verdict = await second.submit(request)
        assert verdict.admitted, verdict.reasons
        outcome = await second.outcome(request)
        again = request_change(proposal_for(440.0, proposal.made_us), AGENT, proposal.made_us)
        refused = await second.submit(again)
    async with start_twin(plant) as third:
        revived = await third.submit(request_change(proposal_for(440.0, proposal.made_us), AGENT, proposal.made_us))

    assert MISSING in codes(before)
    assert shown["word"]["counts"] is True
    assert shown["current"]["unit"] == "/min"
    assert outcome["outcome"] == "confirmed"
    assert MISSING in codes(refused)
    assert MISSING in codes(revived)
    assert [write.value for write in plant.write_log.writes() if "SetMachSpeed" in write.node] == [440.0]


async def test_stop_over_http_holds_at_gateway_and_gate(twin):
    """Set, shown, in force, released; a viewer sees it and may not."""
    async with doors(twin) as ask:
        stopped = await ask("olga", "PUT", "/stops/Labeller", json={"mode": "no-writes", "reason": "a test"})
        refused = await twin.core.runner.dry_run(twin.request(440.0, "Labeller"))
        await twin.until(lambda: twin.values(BOT.Labeller, TW.stopped), "the stop")
        listed = (await ask("vera", "GET", "/stops")).json()
        denied = await ask("vera", "DELETE", "/stops/Labeller")
        released = await ask("olga", "DELETE", "/stops/Labeller", params={"reason": "done"})
        admitted = await twin.core.runner.dry_run(twin.request(440.0, "Labeller"))

    assert (stopped.status_code, stopped.json()["heard"]) == (200, {"gateway": True, "core": True})
    assert any(code.startswith("PERM-STOP") for code in codes(refused))
    assert [(item["scope"]["label"], item["by"]["label"]) for item in listed["items"]] == [("Labeller", "Olga")]
    assert denied.status_code == 403
    assert (released.status_code, released.json()["mode"]) == (200, None)
    assert admitted.admitted
