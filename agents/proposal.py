"""A proposal: what an agent would have done, why, what it expects of it, and until when it means it."""

from __future__ import annotations

import uuid
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from rdflib import PROV, RDF, XSD, Literal, URIRef

from agents.prediction import Effect, Side, Situation
from kg.change import Change, ChangeId, Expected, Kind, Match, Quad, Source
from kg.names import GraphName
from kg.proof import Json
from kg.terms import Term
from kg.wire import term_text, text_to_term
from ontology import TW


@dataclass(frozen=True, slots=True)
class Input:
    """A value that a proposal stands on, as the historian knows the sample it came from.

    `source_us` is plant time. Where history did not answer, status comes from the graph, and time and seq are None.
    """

    prop: URIRef
    value: Literal
    status: int | None = None
    source_us: int | None = None
    seq: int | None = None


@dataclass(frozen=True, slots=True)
class Proposal:
    """A desired change of one equipment property, with everything a person needs to judge it."""

    id: ChangeId
    agent: URIRef
    rule: URIRef
    target: URIRef
    equipment: URIRef
    desired: Literal
    prior: Literal | None
    """The value in force when the proposal was made; the rollback goes there."""
    unit: str | None
    goal: URIRef | None
    sentence: str
    effect: Effect
    if_nothing: str
    inputs: tuple[Input, ...]
    read_set: tuple[Expected, ...]
    proof: Mapping[str, Json]
    made_us: int
    """Wall time."""
    plant_us: int
    expires_us: int
    """Wall time; from here on the proposal can no longer become a request."""
    match: Match

    @property
    def request_id(self) -> ChangeId:
        """The id of the request that may follow. Derived, so that a restart cannot make a second one."""
        return _derived(self.id, "request")

    @property
    def compensation_id(self) -> ChangeId:
        """The id of the request that would take the write back."""
        return _derived(self.id, "compensation")


def proposal_to_json(proposal: Proposal) -> dict[str, Json]:
    """Plain JSON for the record: terms in N-Triples form, times as integers."""
    effect = proposal.effect
    return {
        "id": proposal.id,
        "agent": str(proposal.agent),
        "rule": str(proposal.rule),
        "target": str(proposal.target),
        "equipment": str(proposal.equipment),
        "desired": term_text(proposal.desired),
        "prior": None if proposal.prior is None else term_text(proposal.prior),
        "unit": proposal.unit,
        "goal": None if proposal.goal is None else str(proposal.goal),
        "sentence": proposal.sentence,
        "effect": _effect_to_json(effect),
        "if_nothing": proposal.if_nothing,
        "inputs": [_input_to_json(given) for given in proposal.inputs],
        "read_set": [_expected_to_json(expected) for expected in proposal.read_set],
        "proof": dict(proposal.proof),
        "made_us": proposal.made_us,
        "plant_us": proposal.plant_us,
        "expires_us": proposal.expires_us,
        "match_value": term_text(proposal.match.value),
    }


def json_to_proposal(body: Mapping[str, Any]) -> Proposal:
    """The proposal in a record. Raises KeyError or BadTerm for what is none."""
    rule, target = URIRef(body["rule"]), URIRef(body["target"])
    return Proposal(
        id=ChangeId(body["id"]),
        agent=URIRef(body["agent"]),
        rule=rule,
        target=target,
        equipment=URIRef(body["equipment"]),
        desired=_literal(body["desired"]),
        prior=None if body["prior"] is None else _literal(body["prior"]),
        unit=body["unit"],
        goal=None if body["goal"] is None else URIRef(body["goal"]),
        sentence=body["sentence"],
        effect=_json_to_effect(body["effect"]),
        if_nothing=body["if_nothing"],
        inputs=tuple(_json_to_input(item) for item in body["inputs"]),
        read_set=tuple(_json_to_expected(item) for item in body["read_set"]),
        proof=body["proof"],
        made_us=body["made_us"],
        plant_us=body["plant_us"],
        expires_us=body["expires_us"],
        match=Match(rule, target, _literal(body["match_value"])),
    )


def proposal_quads(proposal: Proposal) -> tuple[Quad, ...]:
    """The proposal as a node of the graph `decisions`, for SPARQL on replicas. Source: PROV-O."""
    node = URIRef(proposal.id)
    facts: list[tuple[URIRef, Term | None]] = [
        (RDF.type, TW.Proposal),
        (RDF.type, PROV.Entity),
        (PROV.wasAttributedTo, proposal.agent),
        (PROV.generatedAtTime, moment(proposal.made_us)),
        (TW.agent, proposal.agent),
        (TW.rule, proposal.rule),
        (TW.target, proposal.target),
        (TW.desiredValue, proposal.desired),
        (TW.priorValue, proposal.prior),
        (TW.goal, proposal.goal),
        (TW.sentence, Literal(proposal.sentence)),
        (TW.ifNothing, Literal(proposal.if_nothing)),
        (TW.expiresAt, moment(proposal.expires_us)),
        *((TW.input, given.prop) for given in proposal.inputs),
    ]
    return tuple(Quad(node, p, o, GraphName.DECISIONS) for p, o in facts if o is not None)


def stage_quads(proposal: Proposal, stage: str, number: int, ok: bool, at_us: int) -> tuple[Quad, ...]:
    """One step of a proposal's life as a prov:Activity in the graph `decisions`; `number` counts the steps from 1."""
    node = URIRef(f"{proposal.id}#{number}-{stage}")
    facts: list[tuple[URIRef, Term]] = [
        (RDF.type, PROV.Activity),
        (PROV.used, URIRef(proposal.id)),
        (PROV.wasAssociatedWith, proposal.agent),
        (PROV.endedAtTime, moment(at_us)),
        (TW.stage, Literal(stage)),
        (TW.proposal, URIRef(proposal.id)),
        (TW.stageOk, Literal(ok)),
    ]
    return tuple(Quad(node, p, o, GraphName.DECISIONS) for p, o in facts)


def request_change(proposal: Proposal, source: Source, at_us: int, *, compensation: bool = False) -> Change:
    """The request to which the proposal leads; a compensation asks for the prior value without a read set."""
    ident = proposal.compensation_id if compensation else proposal.request_id
    value = proposal.prior if compensation and proposal.prior is not None else proposal.desired
    reason = f"Back to the value before: {proposal.sentence}" if compensation else proposal.sentence
    # a compensation is decided after the proposal's own time; the Gate's default life applies to it
    expiry = None if compensation else moment(proposal.expires_us)
    facts: list[tuple[URIRef, Term | None]] = [
        (RDF.type, TW.Request),
        (TW.target, proposal.target),
        (TW.desiredValue, value),
        (TW.rule, proposal.rule),
        (TW.goal, proposal.goal),
        (TW.reason, Literal(reason)),
        (TW.proposal, URIRef(proposal.id)),
        (TW.expiresAt, expiry),
        *((TW.input, given.prop) for given in proposal.inputs),
    ]
    return Change(
        kind=Kind.REQUEST,
        source=source,
        adds=tuple(Quad(URIRef(ident), p, o, GraphName.DESIRED) for p, o in facts if o is not None),
        read_set=() if compensation else proposal.read_set,
        cause=proposal.id,
        reason=reason,
        at_us=at_us,
        plant_us=proposal.plant_us,
        id=ident,
        detail={"decision": proposal.id},
    )


def moment(at_us: int) -> Literal:
    """An xsd:dateTime in UTC, with microseconds where there are any."""
    text = datetime.fromtimestamp(at_us / 1_000_000, UTC).isoformat().replace("+00:00", "Z")
    return Literal(text, datatype=XSD.dateTime, normalize=False)


def _derived(ident: ChangeId, what: str) -> ChangeId:
    return ChangeId(uuid.uuid5(uuid.UUID(ident), what).urn)


def _effect_to_json(effect: Effect) -> dict[str, Json]:
    # measures as text: the record holds no floats
    found = effect.situation
    situation: dict[str, Json] | None = None
    if found is not None:
        numbers = {name: getattr(found, name) for name in _MEASURES}
        situation = {name: None if number is None else repr(float(number)) for name, number in numbers.items()}
        situation |= {"side": found.side.value, "neighbour": found.neighbour}
    return {
        "evaluated": effect.evaluated,
        "sentence": effect.sentence,
        "units": effect.units,
        "low": effect.low,
        "high": effect.high,
        "horizon_min": None if effect.horizon_min is None else repr(effect.horizon_min),
        "situation": situation,
    }


def _json_to_effect(body: Mapping[str, Any]) -> Effect:
    horizon, given = body.get("horizon_min"), body.get("situation")
    situation = None
    if given is not None:
        back = given["back_in_min"]
        situation = Situation(
            prior=float(given["prior"]),
            desired=float(given["desired"]),
            room=float(given["room"]),
            flow=float(given["flow"]),
            back_in_min=None if back is None else float(back),
            side=Side(given["side"]),
            neighbour=given["neighbour"],
        )
    return Effect(
        evaluated=body["evaluated"],
        sentence=body["sentence"],
        units=body["units"],
        low=body["low"],
        high=body["high"],
        horizon_min=None if horizon is None else float(horizon),
        situation=situation,
    )


_MEASURES = ("prior", "desired", "room", "flow", "back_in_min")


def _input_to_json(given: Input) -> list[Json]:
    return [str(given.prop), term_text(given.value), given.status, given.source_us, given.seq]


def _json_to_input(body: list[Any]) -> Input:
    prop, value, status, source_us, seq = body
    return Input(URIRef(prop), _literal(value), status, source_us, seq)


def _expected_to_json(expected: Expected) -> list[Json]:
    # tolerances as text: the record holds no floats
    tolerance = None if expected.tolerance is None else repr(expected.tolerance)
    return [str(expected.s), str(expected.p), term_text(expected.o), expected.present, tolerance]


def _json_to_expected(body: list[Any]) -> Expected:
    s, p, o, present, tolerance = body
    return Expected(URIRef(s), URIRef(p), text_to_term(o), present, None if tolerance is None else float(tolerance))


def _literal(text: str) -> Literal:
    term = text_to_term(text)
    if not isinstance(term, Literal):
        raise KeyError(f"a literal is needed where {text} stands")
    return term
