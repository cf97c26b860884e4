"""The vocabularies as closed namespaces: a misspelt term raises. Compared with the Turtle by a test."""

from __future__ import annotations

from rdflib import URIRef
from rdflib.namespace import DefinedNamespace, Namespace


class TW(DefinedNamespace):
    """Twinwright core: bindings, quality, requests, governance, agents."""

    _NS = Namespace("https://w3id.org/twinwright/core#")
    _fail = True

    # binding and quality of a property
    predicate: URIRef
    unit: URIRef
    maxAgeS: URIRef
    feedback: URIRef
    effect: URIRef
    quality: URIRef
    statusCode: URIRef
    stale: URIRef
    implausible: URIRef
    foreignWrite: URIRef

    # write policy
    WriteGrant: URIRef
    writeGrant: URIRef
    minValue: URIRef
    maxValue: URIRef
    maxStep: URIRef
    minIntervalS: URIRef
    maxPerHour: URIRef
    tolerance: URIRef
    confirmWithinS: URIRef
    riskClass: URIRef
    neverWritten: URIRef

    # requests
    Request: URIRef
    AdmittedRequest: URIRef
    target: URIRef
    desiredValue: URIRef
    priorValue: URIRef
    author: URIRef
    agent: URIRef
    rule: URIRef
    goal: URIRef
    reason: URIRef
    proposal: URIRef
    expiresAt: URIRef
    approvedBy: URIRef
    approvals: URIRef
    remedial: URIRef
    step: URIRef
    desired: URIRef
    desiredBy: URIRef
    frozen: URIRef
    coolingDown: URIRef
    pending: URIRef

    # stops and governance
    stopped: URIRef
    stopInForce: URIRef
    NoWrites: URIRef
    ProposeOnly: URIRef
    ReadOnly: URIRef
    StopMode: URIRef
    Plant: URIRef
    evidence: URIRef
    standing: URIRef
    code: URIRef
    violates: URIRef

    # agents
    Agent: URIRef
    Goal: URIRef
    AgentRule: URIRef
    Autonomy: URIRef
    ofAgent: URIRef
    ofRule: URIRef
    hasScope: URIRef
    level: URIRef
    hasGoal: URIRef
    hasRule: URIRef
    input: URIRef
    validForS: URIRef
    rollback: URIRef
    sentence: URIRef
    ifNothing: URIRef
    priority: URIRef
    Proposal: URIRef
    stage: URIRef

    # persons
    Person: URIRef
    role: URIRef

    # link
    connected: URIRef
    Gap: URIRef
    ofServer: URIRef
    gapFrom: URIRef
    gapUntil: URIRef
    gapCause: URIRef

    # plant facts beside PackML
    feeds: URIRef
    siteRemote: URIRef
    twinEnable: URIRef
    maintenance: URIRef
    fillWeightInControl: URIRef
    productTemperatureC: URIRef
    powerKw: URIRef
    fillCount: URIRef
    fillRatio: URIRef
    levelHigh: URIRef
    levelLow: URIRef
    capacity: URIRef
    ratedSpeed: URIRef
    maxSpeed: URIRef
    minSpeed: URIRef
    speedFactor: URIRef
    powerLimitKw: URIRef
    currentOrder: URIRef
    currentSku: URIRef
    currentShift: URIRef
    orderTarget: URIRef
    orderActual: URIRef
    plannedBusy: URIRef
    heartbeat: URIRef
    heartbeatOk: URIRef
    running: URIRef
    held: URIRef
    stoppedForS: URIRef
    expectedRemainingS: URIRef


class ISA95(DefinedNamespace):
    """Terms after ISA-95 / IEC 62264 parts 1, 2 and 4."""

    _NS = Namespace("https://w3id.org/twinwright/isa95#")
    _fail = True

    Enterprise: URIRef
    Site: URIRef
    Area: URIRef
    ProductionLine: URIRef
    WorkCell: URIRef
    StorageUnit: URIRef
    Equipment: URIRef
    EquipmentClass: URIRef
    EquipmentProperty: URIRef
    isPartOf: URIRef
    hasPart: URIRef
    isPropertyOf: URIRef
    equipmentClass: URIRef


class UA(DefinedNamespace):
    """Binding to OPC UA."""

    _NS = Namespace("https://w3id.org/twinwright/opcua#")
    _fail = True

    Server: URIRef
    endpointUrl: URIRef
    server: URIRef
    nodeId: URIRef
    dataType: URIRef
    euLow: URIRef
    euHigh: URIRef
    accessLevel: URIRef


class PACK(DefinedNamespace):
    """PackML (ISA-TR88.00.02, OPC 30050): status, commands, administration."""

    _NS = Namespace("https://w3id.org/twinwright/packml#")
    _fail = True

    Machine: URIRef
    setMachSpeed: URIRef
    machSpeed: URIRef
    curMachSpeed: URIRef
    stateCurrent: URIRef
    unitModeCurrent: URIRef
    equipmentBlocked: URIRef
    equipmentStarved: URIRef
    prodConsumedCount: URIRef
    prodProcessedCount: URIRef
    prodDefectiveCount: URIRef
    stopReason: URIRef
