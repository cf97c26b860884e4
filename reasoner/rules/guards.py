"""Terms that no user rule may derive: approvals, bindings, policy, requests, quality, telemetry's own, equality."""

from __future__ import annotations

from rdflib import Graph, URIRef
from rdflib.namespace import OWL

from ontology import TW, UA

_BINDING = {TW.predicate, TW.unit, TW.maxAgeS, TW.feedback, TW.effect} | {
    *(UA.Server, UA.endpointUrl, UA.server, UA.nodeId, UA.dataType, UA.euLow, UA.euHigh, UA.accessLevel)
}
_QUALITY = {TW.quality, TW.statusCode, TW.stale, TW.implausible, TW.foreignWrite}
_POLICY = {
    *(TW.WriteGrant, TW.writeGrant, TW.minValue, TW.maxValue, TW.maxStep, TW.minIntervalS, TW.maxPerHour),
    *(TW.tolerance, TW.confirmWithinS, TW.riskClass, TW.neverWritten, TW.stopped, TW.evidence, TW.standing),
    *(TW.code, TW.Autonomy, TW.ofAgent, TW.ofRule, TW.hasScope, TW.level, TW.AgentRule, TW.Agent),
}
_REQUESTS = {
    *(TW.Request, TW.target, TW.desiredValue, TW.priorValue, TW.author, TW.agent, TW.rule, TW.goal, TW.reason),
    *(TW.proposal, TW.Proposal, TW.stage, TW.expiresAt, TW.approvedBy, TW.approvals, TW.remedial, TW.step),
    *(TW.desired, TW.desiredBy, TW.frozen, TW.coolingDown, TW.pending),
}
_REPORTED = {
    *(TW.connected, TW.Gap, TW.ofServer, TW.gapFrom, TW.gapUntil, TW.gapCause, TW.violates),
    *(TW.siteRemote, TW.twinEnable, TW.maintenance, TW.heartbeat, TW.heartbeatOk),
}
_EQUALITY = {OWL.sameAs, TW.equalTo, TW.differentAmong, TW.inconsistentBy}

GUARDED: frozenset[URIRef] = frozenset(_BINDING | _QUALITY | _POLICY | _REQUESTS | _REPORTED | _EQUALITY)


def guarded_by(model: Graph) -> frozenset[URIRef]:
    """GUARDED and every predicate that the plant model binds to a controller's node."""
    bound = {predicate for predicate in model.objects(None, TW.predicate) if isinstance(predicate, URIRef)}
    return GUARDED | bound
