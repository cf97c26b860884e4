"""What the gateway reports of a request, as Changes: pure functions from events to quads."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from rdflib import PROV, RDF, Literal, URIRef

from kg.change import Change, Kind, Quad, Role, Source
from kg.names import GraphName
from kg.opcua.facts import instant
from kg.tokens import GATEWAY as _PART
from kg.tokens import part_iri
from ontology import TW

GATEWAY = Source(part_iri(_PART), Role.GATEWAY)
_TRUE = Literal(True)


@dataclass(frozen=True, slots=True)
class OpenRequest:
    """An admitted request whose outcome is not yet known, as it stands in the graph `desired`."""

    node: URIRef
    target: URIRef
    value: Literal
    prior: Literal | None
    author: URIRef
    agent: URIRef | None
    rule: URIRef | None
    proposal: URIRef | None
    expires_us: int
    quads: tuple[Quad, ...]

    @property
    def decision(self) -> str:
        """The proposal where an agent asks, the request itself where a person does."""
        return str(self.proposal or self.node)

    def order(self, token: int, release: str) -> dict[str, Any] | None:
        """The body of `execute`; None where no prior value was ever reported, so that nothing can be compared."""
        if self.prior is None:
            return None
        return {
            "request": str(self.node),
            "decision": self.decision,
            "target": str(self.target),
            "value": float(self.value),
            "prior": float(self.prior),
            "author": str(self.author),
            "agent": None if self.agent is None else str(self.agent),
            "rule": None if self.rule is None else str(self.rule),
            "token": token,
            "expires_us": self.expires_us,
            "release": release,
        }


def open_requests(quads: Iterable[Quad]) -> list[OpenRequest]:
    """The admitted requests among quads, in the order of their IRIs."""
    nodes: dict[URIRef, list[Quad]] = {}
    admitted: set[URIRef] = set()
    for quad in quads:
        if quad.g is GraphName.DESIRED and isinstance(quad.s, URIRef):
            nodes.setdefault(quad.s, []).append(quad)
            if quad.p == RDF.type and quad.o == TW.AdmittedRequest:
                admitted.add(quad.s)
    return [_request(node, nodes[node]) for node in sorted(admitted)]


def stage_change(request: OpenRequest, event: Mapping[str, Any], at_us: int) -> Change:
    """A stage as a prov:Activity in `decisions`, with all that the gateway told in `detail`."""
    stage, ok = str(event["stage"]), bool(event.get("ok"))
    node = URIRef(f"{request.node}#{stage}")
    facts = [*_activity(request, at_us), (TW.stage, Literal(stage)), (TW.stageOk, Literal(ok))]
    if event.get("sentence"):
        facts.append((TW.sentence, Literal(str(event["sentence"]))))
    return Change(
        Kind.OUTCOME,
        GATEWAY,
        adds=tuple(Quad(node, p, o, GraphName.DECISIONS) for p, o in facts),
        cause=str(request.node),
        at_us=at_us,
        detail={**_about(request), **event},
    )


def outcome_change(
    request: OpenRequest, outcome: Mapping[str, Any], at_us: int, desired: Iterable[Quad] = ()
) -> Change:
    """The end of a request: its node and `tw:pending` leave the graph, and what is now true enters it.

    `desired` are the quads in which the target's desired value stands until now. Confirmed: the value becomes the
    desired one, and a foreign write is overcome. Clamped: nothing is desired any more that the controller holds.
    Unknown: the property is frozen.
    """
    prop, result = request.target, str(outcome["outcome"])
    removes = [*request.quads, Quad(prop, TW.pending, _TRUE, GraphName.DESIRED)]
    adds = [
        Quad(URIRef(f"{request.node}#outcome"), p, o, GraphName.DECISIONS) for p, o in _end(request, outcome, at_us)
    ]
    if result in ("confirmed", "clamped"):
        removes += desired
    if result == "confirmed":
        adds.append(Quad(prop, TW.desired, request.value, GraphName.DESIRED))
        adds.append(Quad(prop, TW.desiredBy, request.node, GraphName.DESIRED))
        removes.append(Quad(prop, TW.foreignWrite, _TRUE, GraphName.STATE))
    if result == "unknown":
        adds.append(Quad(prop, TW.frozen, _TRUE, GraphName.DESIRED))
    return Change(
        Kind.OUTCOME,
        GATEWAY,
        adds=tuple(adds),
        removes=tuple(quad for quad in removes if quad not in adds),
        cause=str(request.node),
        reason=str(outcome.get("sentence") or "") or None,
        at_us=at_us,
        detail={**_about(request), **outcome},
    )


def unwritten(result: str, code: str, sentence: str) -> dict[str, Any]:
    """An outcome that the core finds itself: the gateway was not reached, or would not listen."""
    return {"outcome": result, "code": code, "sentence": sentence, "value": None, "status": None, "written": False}


def _request(node: URIRef, quads: list[Quad]) -> OpenRequest:
    stated = {quad.p: quad.o for quad in quads}

    def iri(predicate: URIRef) -> URIRef | None:
        found = stated.get(predicate)
        return found if isinstance(found, URIRef) else None

    prior = stated.get(TW.priorValue)
    return OpenRequest(
        node=node,
        target=URIRef(str(stated[TW.target])),
        value=_literal(stated[TW.desiredValue]),
        prior=None if prior is None else _literal(prior),
        author=URIRef(str(stated[TW.author])),
        agent=iri(TW.agent),
        rule=iri(TW.rule),
        proposal=iri(TW.proposal),
        expires_us=_micros(str(stated[TW.expiresAt])),
        quads=tuple(quads),
    )


def _end(request: OpenRequest, outcome: Mapping[str, Any], at_us: int) -> list[tuple[URIRef, Any]]:
    facts = _activity(request, at_us)
    facts += [(TW.stage, Literal(str(outcome["outcome"]))), (TW.stageOk, Literal(outcome["outcome"] == "confirmed"))]
    facts += [(TW.target, request.target), (TW.desiredValue, request.value)]
    if outcome.get("sentence"):
        facts.append((TW.sentence, Literal(str(outcome["sentence"]))))
    return facts


def _activity(request: OpenRequest, at_us: int) -> list[tuple[URIRef, Any]]:
    """Source: PROV-O, 3.1."""
    facts: list[tuple[URIRef, Any]] = [
        (RDF.type, PROV.Activity),
        (PROV.used, request.node),
        (PROV.wasAssociatedWith, GATEWAY.author),
        (PROV.endedAtTime, instant(at_us)),
    ]
    if request.proposal is not None:
        facts.append((TW.proposal, request.proposal))
    return facts


def _about(request: OpenRequest) -> dict[str, Any]:
    return {"decision": request.decision, "request": str(request.node), "target": str(request.target)}


def _literal(term: object) -> Literal:
    return term if isinstance(term, Literal) else Literal(str(term))


def _micros(moment: str) -> int:
    return round(datetime.fromisoformat(moment.replace("Z", "+00:00")).timestamp() * 1_000_000)
