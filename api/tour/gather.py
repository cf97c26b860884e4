"""Facts for a tour, from the twin's picture and the plant's own word."""

from __future__ import annotations

from collections.abc import Collection, Mapping

from rdflib import URIRef

from agents.explanation.story import Story
from agents.pipeline import Stage
from agents.reasons import reason_of
from api.acts import grants_in
from api.live import LineModel
from api.live.model import Shown
from api.panel import PlantTruth
from api.tour.facts import Facts, Loss, Seen
from kg.tokens import local_name
from ontology import PACK, TW


def gather(
    model: LineModel,
    *,
    answers: bool,
    at_us: int,
    agents: Collection[URIRef],
    truth: PlantTruth | None,
    effects: Mapping[str, str],
) -> Facts:
    """One look. Call it on the event loop that feeds the model; `agents` are those of the plant."""
    layout = model.layout
    names = {local_name(agent) for agent in agents}
    target = None if layout is None else model.number(layout.line, TW.orderTarget)
    actual = None if layout is None else model.number(layout.line, TW.orderActual)
    return Facts(
        at_us=at_us,
        answers=answers and layout is not None,
        order=None if layout is None else model.get(layout.line, TW.currentOrder),
        target=None if target is None else int(target),
        actual=None if actual is None else int(actual),
        losses=tuple(Loss(local_name(machine), reason, minutes) for minutes, machine, reason in model.losses()),
        decisions=tuple(_seen(shown, names) for shown in model.decisions.values()),
        levels=tuple(grant.level.word for grant in grants_in(model)),
        reasons=_reasons(model),
        local=frozenset(local_name(m) for m in _machines(model) if model.get(m, TW.siteRemote) is False),
        effects=effects,
        truth=truth,
    )


def effect_of(story: Story) -> str | None:
    """The sentence that holds a decision's effect against its prediction; None while nobody has said so."""
    for step in reversed(story.steps):
        if step.stage == Stage.EFFECT and isinstance(sentence := step.facts.get("sentence"), str):
            return sentence
    return None


def _machines(model: LineModel) -> tuple[URIRef, ...]:
    return () if model.layout is None else tuple(model.layout.machines)


def _reasons(model: LineModel) -> dict[str, str]:
    found = ((machine, model.number(machine, PACK.stopReason)) for machine in _machines(model))
    return {local_name(machine): reason_of(reason).word for machine, reason in found if reason}


def _seen(shown: Shown, agents: Collection[str]) -> Seen:
    return Seen(shown.id, shown.target, shown.value, shown.stage, shown.sentence, shown.who in agents)
