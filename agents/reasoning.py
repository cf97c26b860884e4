"""From a match to a proposal: the proof, what it stands on, what must still hold at commit, and words for people."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from rdflib import Literal, URIRef

from agents.prediction import Effect, Side, Situation, not_evaluated, predict
from agents.proposal import Input, Proposal
from agents.rules import AgentRule, fill
from agents.watch import Watch
from agents.words import local, plain, sign_of
from kg.bindings import DATA_TYPES, Binding
from kg.change import ChangeId, Expected, Match
from kg.errors import UnknownNode
from kg.names import GraphName
from kg.proof import Json
from kg.terms import double_literal
from kg.wire import text_to_term
from ontology import TW

_TOLERANCE = 0.15
"""Share of a property's EURange by which a number may move between proposal and request."""

_LARGEST_CODE = 100
"""Integers with a wider EURange are counts; narrower ones are state numbers and codes."""


def propose(
    match: Match, rule: AgentRule, watch: Watch, proof: Mapping[str, Json], at_us: int, ident: ChangeId
) -> Proposal:
    """The proposal of a match. Its inputs carry no sample times yet. Raises UnknownNode for an unbound target."""
    binding = watch.bindings.get(match.target)
    if binding is None:
        raise UnknownNode(f"{match.rule} wants to set {match.target}, which is not bound.", target=str(match.target))
    desired, prior = _in_type(match.value, binding), watch.value(match.target)
    effect, if_nothing = foresee(binding, prior, desired, watch)
    return Proposal(
        id=ident,
        agent=rule.agent,
        rule=rule.iri,
        target=match.target,
        equipment=binding.equipment,
        desired=desired,
        prior=prior,
        unit=binding.unit,
        goal=rule.goal,
        sentence=fill(rule.sentence, _words(proof, binding, prior, desired)),
        effect=effect,
        if_nothing=rule.if_nothing or if_nothing,
        inputs=tuple(inputs_of(proof, watch)),
        read_set=read_set_of(proof, match, rule, watch),
        proof=proof,
        made_us=at_us,
        plant_us=watch.plant_us,
        expires_us=at_us + round(rule.valid_for_s * 1e6),
        match=match,
    )


def leaf_facts(proof: Mapping[str, Any]) -> Iterator[tuple[URIRef, URIRef, Any, str]]:
    """Subject, predicate, object and graph of the asserted facts in which a proof ends, each once."""
    seen = set()
    for leaf in _leaves(proof):
        key = (*leaf["fact"], leaf.get("graph") or "")
        if key not in seen:
            seen.add(key)
            s, p, o = map(text_to_term, leaf["fact"])
            yield URIRef(s), URIRef(p), o, key[3]


def inputs_of(proof: Mapping[str, Any], watch: Watch) -> Iterator[Input]:
    """The live values on which a proof stands, as inputs with the status that the graph knows."""
    for s, p, o, _ in leaf_facts(proof):
        prop = watch.by_value.get((s, p))
        if prop is not None and isinstance(o, Literal):
            status = watch.number(prop, TW.statusCode)
            yield Input(prop, o, None if status is None else int(status))


def read_set_of(proof: Mapping[str, Any], match: Match, rule: AgentRule, watch: Watch) -> tuple[Expected, ...]:
    """What must still hold when the request is judged.

    The match itself, which stands for everything that the rule found absent or counted (the rule may meanwhile want
    a neighbouring value, no other); each live value, numbers within a tolerance; each fact of policy and desired. The
    rule may say tolerances of its own: a value that moves while a person thinks needs a wide one.
    Model and rules are held by the release; features such as the time a machine has stood move by themselves, and
    only the match speaks for them.
    """
    lines = [Expected(match.target, match.rule, match.value, tolerance=_match_tolerance(match, rule, watch))]
    for s, p, o, graph in leaf_facts(proof):
        prop = watch.by_value.get((s, p))
        if prop is not None and isinstance(o, Literal):
            tolerance = rule.input_tolerances.get(prop)
            lines.append(
                Expected(s, p, o, tolerance=_tolerance(watch.bindings[prop]) if tolerance is None else tolerance)
            )
        elif _short(graph) in (GraphName.STATE.value, GraphName.POLICY.value, GraphName.DESIRED.value):
            lines.append(Expected(s, p, o))
    return tuple(lines)


def _match_tolerance(match: Match, rule: AgentRule, watch: Watch) -> float | None:
    """The rule's own; else half of what the target's range gives."""
    binding = watch.bindings.get(match.target)
    near = None if binding is None else _tolerance(binding)
    if rule.tolerance is not None and _number(match.value) is not None:
        return rule.tolerance
    return None if near is None else near / 2


def foresee(binding: Binding, prior: Literal | None, desired: Literal, watch: Watch) -> tuple[Effect, str]:
    """The predicted effect, and what happens if nothing is done."""
    situation = _situation(binding, prior, desired, watch)
    if isinstance(situation, str):
        return not_evaluated(situation), "Not evaluated: things stay as they are."
    return predict(situation)


def _situation(binding: Binding, prior: Literal | None, desired: Literal, watch: Watch) -> Situation | str:
    before, after = _number(prior), _number(desired)
    if before is None or after is None:
        return "the value in force is not known"
    sides = [found for side in Side for found in _neighbours(binding.equipment, side, watch)]
    if not sides:
        return "there is no conveyor beside this machine whose filling is known"
    # the neighbour that stands and is waited for decides; where there is none, the one behind
    waits = {found.side: _back_in_s(found.machine, watch) for found in sides if found.flow < 1}
    found = next((found for found in sides if waits.get(found.side) is not None), sides[0])
    back_s = waits.get(found.side)
    if found.flow < 1 and back_s is None:
        return f"nobody knows when the machine {found.side} is back"
    back_min = None if back_s is None else back_s / 60
    return Situation(before, after, found.room, found.flow, back_min, found.side, str(found.machine))


@dataclass(frozen=True, slots=True)
class _Neighbour:
    """A machine beyond a conveyor, what it takes or brings a minute, and how far the conveyor reaches."""

    side: Side
    machine: URIRef
    flow: float
    room: float


def _neighbours(equipment: URIRef, side: Side, watch: Watch) -> Iterator[_Neighbour]:
    beyond = watch.neighbours if side is Side.BEHIND else watch.feeders
    for conveyor in beyond(equipment):
        capacity, ratio = watch.number(conveyor, TW.capacity), watch.number(conveyor, TW.fillRatio)
        if capacity is None or ratio is None:
            continue
        for machine in beyond(conveyor):
            flow = watch.number(machine, _speed_of(machine, watch))
            if flow is not None:
                room = capacity * (1 - ratio if side is Side.BEHIND else ratio)
                yield _Neighbour(side, machine, flow, room)


def _back_in_s(machine: URIRef, watch: Watch) -> float | None:
    """Expected seconds until a standing machine runs; of one that only waits, until that for which it waits runs."""
    own = watch.number(machine, TW.expectedRemainingS)
    origin = watch.link(machine, TW.firstOut)
    return own if own is not None or origin is None else watch.number(origin, TW.expectedRemainingS)


def _speed_of(machine: URIRef, watch: Watch) -> URIRef:
    """The predicate of a machine's actual speed: what the effect of its speed setpoint is seen in."""
    for binding in watch.bindings.values():
        if binding.equipment == machine and binding.effect is not None:
            seen = watch.bindings.get(binding.effect)
            if seen is not None:
                return seen.predicate
    return TW.maxSpeed


def _words(proof: Mapping[str, Any], binding: Binding, prior: Literal | None, desired: Literal) -> dict[str, str]:
    words = {name: plain(text_to_term(text)) for name, text in _mapping(proof.get("bindings")).items()}
    words |= {
        "value": plain(desired),
        "prior": "unknown" if prior is None else plain(prior),
        "unit": "per minute" if binding.unit == "/min" else sign_of(binding.unit),
        "target": local(binding.prop),
        "equipment": local(binding.equipment),
    }
    return words


def _tolerance(binding: Binding) -> float | None:
    """None (exactly equal) for what is no measure: states, modes, codes, switches, texts."""
    span = (binding.high or 0.0) - (binding.low or 0.0)
    kind = DATA_TYPES[binding.data_type]
    is_measure = kind is float or (kind is int and span > _LARGEST_CODE)
    return round(_TOLERANCE * span, 6) if is_measure and span > 0 else None


def _in_type(value: Literal, binding: Binding) -> Literal:
    number = _number(value)
    return double_literal(number) if DATA_TYPES[binding.data_type] is float and number is not None else value


def _number(literal: Literal | None) -> float | None:
    value = None if literal is None else literal.value
    return None if isinstance(value, bool) or not isinstance(value, int | float) else float(value)


def _leaves(proof: Mapping[str, Any]) -> Iterator[Mapping[str, Any]]:
    premises = proof.get("premises") or ()
    if not premises and "fact" in proof and "rule" not in proof:
        yield proof
    for premise in premises:
        yield from _leaves(premise)


def _mapping(found: object) -> Mapping[str, str]:
    return found if isinstance(found, Mapping) else {}


def _short(graph: str) -> str:
    return local(graph)
