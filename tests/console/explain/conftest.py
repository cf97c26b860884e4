"""Stories made by hand: steps as the journal would tell them."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from rdflib import Literal, Namespace, URIRef

from agents.explanation.story import Step, Story, Wish
from agents.prediction import Effect
from agents.proposal import Proposal
from kg.change import ChangeId, Kind, Match, Reason
from kg.plantfolder import PlantFolder, load
from kg.terms import double_literal

BOT = Namespace("https://w3id.org/twinwright/plants/bottling#")
TARGET = BOT["Filler.SetMachSpeed"]
AT_US = 1_795_377_000_000_000
PLANT_US = 1_767_589_200_000_000
PLANT = Path(__file__).resolve().parents[3] / "plants" / "bottling"


@pytest.fixture(scope="session")
def plant() -> PlantFolder:
    """The bottling line."""
    return load(PLANT)


@pytest.fixture
def step() -> Callable[..., Step]:
    """Makes steps, each a second after the one before."""
    number = [0]

    def make(kind: Kind, stage: str | None = None, author: URIRef = BOT.LineAgent, **given: Any) -> Step:
        number[0] += 1
        detail = dict(given.pop("detail", {})) | ({} if stage is None else {"stage": stage})
        told: dict[str, Any] = {
            "index": 100 + number[0],
            "hash": "ab" * 32,
            "seq": 500 + number[0],
            "kind": kind,
            "change": "urn:uuid:00000000-0000-0000-0000-000000000001",
            "author": author,
            "role": "agent",
            "at_us": AT_US + number[0] * 1_000_000,
            "plant_us": PLANT_US,
            "admitted": True,
            "reasons": (),
            "release": "r" * 64,
            "reason": None,
            "detail": detail,
            "stated": (),
        }
        return Step(**(told | given))

    return make


@pytest.fixture
def proposal() -> Proposal:
    """An agent's wish to slow the filler, with a proof of one absence."""
    desired = double_literal(160.0)
    pattern = f"NOT EXISTS {{ <{BOT.Labeller}> <https://w3id.org/twinwright/core#running> true . }}"
    return Proposal(
        id=ChangeId("urn:uuid:00000000-0000-0000-0000-000000000001"),
        agent=BOT.LineAgent,
        rule=BOT.SlowFillerBeforeBlock,
        target=TARGET,
        equipment=BOT.Filler,
        desired=desired,
        prior=double_literal(400.0),
        unit="/min",
        goal=BOT.SaleableOutput,
        sentence="Run the filler at 160 instead of 400 per minute.",
        effect=Effect(True, "About +72 units.", 72, 60, 127, horizon_min=0.5),
        if_nothing="The conveyor fills and the filler stops.",
        inputs=(),
        read_set=(),
        proof={"fact": [], "rule": str(BOT.SlowFillerBeforeBlock), "absent": [pattern], "seq": 77, "premises": []},
        made_us=AT_US,
        plant_us=PLANT_US,
        expires_us=AT_US + 60_000_000,
        match=Match(BOT.SlowFillerBeforeBlock, TARGET, desired),
    )


@pytest.fixture
def agents_story(proposal: Proposal) -> Callable[..., Story]:
    """The story of a proposal with some steps."""

    def make(*steps: Step) -> Story:
        wish = Wish(proposal.target, proposal.desired, proposal.prior, ())
        return Story(proposal.id, steps, PLANT_US, proposal, wish)

    return make


@pytest.fixture
def persons_story() -> Callable[..., Story]:
    """The story of a person's request with some steps."""

    def make(*steps: Step, refusals: tuple[Reason, ...] = ()) -> Story:
        wish = Wish(TARGET, Literal(600.0), double_literal(400.0), ())
        return Story(steps[0].change, steps, PLANT_US, None, wish, refusals)

    return make
