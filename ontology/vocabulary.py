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
    safetySystem: URIRef

    # requests
    Request: URIRef
    AdmittedRequest: URIRef
    target: URIRef
    desiredValue: URIRef
    priorValue: URIRef
    step: URIRef
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
    desired: URIRef
    desiredBy: URIRef
    frozen: URIRef
    coolingDown: URIRef
    pending: URIRef
    grantMin: URIRef
    grantMax: URIRef
    grantStep: URIRef
    autonomyInForce: URIRef

    # stops and governance
    stopped: URIRef
    stopInForce: URIRef
    StopMode: URIRef
    NoWrites: URIRef
    ProposeOnly: URIRef
    ReadOnly: URIRef
    Plant: URIRef
    evidence: URIRef
    standing: URIRef
    code: URIRef
    violates: URIRef
    DomainRule: URIRef

    # what follows of equality, and what can't be
    Inconsistency: URIRef
    inconsistentBy: URIRef
    equalTo: URIRef
    differentAmong: URIRef
    ComplementaryClasses: URIRef
    DeniedFact: URIRef
    DisjointClasses: URIRef
    DisjointProperties: URIRef
    EqualityNotInForce: URIRef
    ImpossibleMember: URIRef
    RelatedBothWays: URIRef
    RelatedToItself: URIRef
    SameAndDifferent: URIRef
    SharedKey: URIRef
    TooManyValues: URIRef

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
    InputTolerance: URIRef
    inputTolerance: URIRef
    validForS: URIRef
    rollback: URIRef
    sentence: URIRef
    ifNothing: URIRef
    priority: URIRef
    Proposal: URIRef
    Decision: URIRef
    Approval: URIRef
    stage: URIRef
    stageOk: URIRef
    SpeedStep: URIRef
    ofEquipment: URIRef
    fromSpeed: URIRef
    toSpeed: URIRef
    stepSpeed: URIRef

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
    Conveyor: URIRef
    feeds: URIRef
    constraint: URIRef
    siteRemote: URIRef
    twinEnable: URIRef
    maintenance: URIRef
    fillWeightInControl: URIRef
    productTemperatureC: URIRef
    productTemperatureMinC: URIRef
    productTemperatureMaxC: URIRef
    powerKw: URIRef
    fillCount: URIRef
    fillRatio: URIRef
    levelHigh: URIRef
    levelLow: URIRef
    capacity: URIRef
    ratedSpeed: URIRef
    maxSpeed: URIRef
    minSpeed: URIRef
    skuRatedSpeed: URIRef
    skuMaxSpeed: URIRef
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
    suspended: URIRef
    stoppedForS: URIRef
    expectedRemainingS: URIRef
    outOfControlAgoS: URIRef

    # indicators and losses, graph kpi
    availability: URIRef
    effectiveness: URIRef
    qualityRatio: URIRef
    oee: URIRef
    throughputPerH: URIRef
    goodCount: URIRef
    minorStops: URIRef
    firstOut: URIRef
    firstOutReason: URIRef
    Loss: URIRef
    lossMinutes: URIRef
    constraintMinutes: URIRef
    lossReason: URIRef

    # orders and products
    Sku: URIRef
    Order: URIRef
    sku: URIRef
    Changeover: URIRef
    fromSku: URIRef
    toSku: URIRef
    durationMin: URIRef


class ISA95(DefinedNamespace):
    """Terms after ISA-95 / IEC 62264 parts 1, 2 and 4."""

    _NS = Namespace("https://w3id.org/twinwright/isa95#")
    _fail = True

    # role-based equipment hierarchy
    Equipment: URIRef
    Enterprise: URIRef
    Site: URIRef
    Area: URIRef
    WorkCenter: URIRef
    ProcessCell: URIRef
    ProductionUnit: URIRef
    ProductionLine: URIRef
    StorageZone: URIRef
    WorkUnit: URIRef
    Unit: URIRef
    WorkCell: URIRef
    StorageUnit: URIRef
    isPartOf: URIRef
    hasPart: URIRef

    # equipment classes and properties
    EquipmentClass: URIRef
    equipmentClass: URIRef
    EquipmentProperty: URIRef
    isPropertyOf: URIRef
    hasProperty: URIRef
    EquipmentCapability: URIRef
    capabilityOf: URIRef

    # physical assets
    PhysicalAsset: URIRef
    PhysicalAssetClass: URIRef
    physicalAssetClass: URIRef
    EquipmentAssetMapping: URIRef
    mappedAsset: URIRef
    mappedEquipment: URIRef
    serialNumber: URIRef
    manufacturer: URIRef

    # persons
    Person: URIRef
    PersonnelClass: URIRef
    personnelClass: URIRef

    # material
    MaterialClass: URIRef
    MaterialDefinition: URIRef
    MaterialLot: URIRef
    MaterialSublot: URIRef
    materialClass: URIRef
    materialDefinition: URIRef
    sublotOf: URIRef
    storedIn: URIRef

    # process segments and operations
    ProcessSegment: URIRef
    OperationsDefinition: URIRef
    OperationsSegment: URIRef
    OperationsSchedule: URIRef
    OperationsRequest: URIRef
    SegmentRequirement: URIRef
    OperationsPerformance: URIRef
    OperationsResponse: URIRef
    SegmentResponse: URIRef
    JobOrder: URIRef
    JobResponse: URIRef
    OperationsCapability: URIRef
    OperationsEvent: URIRef
    WorkAlert: URIRef
    MaintenanceWindow: URIRef
    segmentOf: URIRef
    definedBy: URIRef
    requestedIn: URIRef
    respondsTo: URIRef
    needsEquipment: URIRef
    needsMaterial: URIRef
    needsPersonnel: URIRef

    # identity, amount and time
    id: URIRef
    hierarchyScope: URIRef
    quantity: URIRef
    quantityUnit: URIRef
    startTime: URIRef
    endTime: URIRef
    sequence: URIRef

    # work calendar
    WorkCalendar: URIRef
    WorkCalendarEntry: URIRef
    Shift: URIRef
    Break: URIRef
    calendarOf: URIRef
    entryOf: URIRef
    dailyStart: URIRef
    dailyEnd: URIRef


class UA(DefinedNamespace):
    """Binding to OPC UA."""

    _NS = Namespace("https://w3id.org/twinwright/opcua#")
    _fail = True

    # servers and nodes
    Server: URIRef
    endpointUrl: URIRef
    server: URIRef
    nodeId: URIRef
    dataType: URIRef
    euLow: URIRef
    euHigh: URIRef
    accessLevel: URIRef


class PACK(DefinedNamespace):
    """PackML (ISA-TR88.00.02, OPC 30050): status, administration, states, commands, modes."""

    _NS = Namespace("https://w3id.org/twinwright/packml#")
    _fail = True

    # machine and its values
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

    # states
    State: URIRef
    ActingState: URIRef
    WaitState: URIRef
    stateNumber: URIRef
    legalCommand: URIRef
    Command: URIRef
    commandNumber: URIRef
    UnitMode: URIRef
    modeNumber: URIRef
    Clearing: URIRef
    Stopped: URIRef
    Starting: URIRef
    Idle: URIRef
    Suspended: URIRef
    Execute: URIRef
    Stopping: URIRef
    Aborting: URIRef
    Aborted: URIRef
    Holding: URIRef
    Held: URIRef
    Unholding: URIRef
    Suspending: URIRef
    Unsuspending: URIRef
    Resetting: URIRef
    Completing: URIRef
    Complete: URIRef

    # commands
    ResetCommand: URIRef
    StartCommand: URIRef
    StopCommand: URIRef
    HoldCommand: URIRef
    UnholdCommand: URIRef
    SuspendCommand: URIRef
    UnsuspendCommand: URIRef
    AbortCommand: URIRef
    ClearCommand: URIRef
    ToCompleteCommand: URIRef

    # modes
    ProductionMode: URIRef
    MaintenanceMode: URIRef
    ManualMode: URIRef


class KPI(DefinedNamespace):
    """Indicators after ISO 22400-2 and the tree of stop reasons."""

    _NS = Namespace("https://w3id.org/twinwright/kpi#")
    _fail = True

    # indicators
    Indicator: URIRef
    Result: URIRef
    Profile: URIRef
    formula: URIRef
    valuePredicate: URIRef
    betterWhen: URIRef
    indicator: URIRef
    ofEquipment: URIRef
    value: URIRef
    windowStart: URIRef
    windowEnd: URIRef
    ofOrder: URIRef
    ofSku: URIRef
    ofShift: URIRef
    minorStopLimitS: URIRef

    # time elements, seconds of plant time
    apt: URIRef
    pbt: URIRef
    adet: URIRef
    adot: URIRef
    aust: URIRef
    aupt: URIRef
    aubt: URIRef
    aoet: URIRef
    pri: URIRef

    # amounts
    producedQuantity: URIRef
    goodQuantity: URIRef
    scrapQuantity: URIRef
    reworkQuantity: URIRef
    energyKwh: URIRef

    # definitions of indicators
    Availability: URIRef
    Effectiveness: URIRef
    QualityRatio: URIRef
    Oee: URIRef
    Nee: URIRef
    Teep: URIRef
    ThroughputRate: URIRef
    UtilizationEfficiency: URIRef
    TechnicalEfficiency: URIRef
    AllocationEfficiency: URIRef
    SetupRate: URIRef
    ScrapRatio: URIRef
    ReworkRatio: URIRef
    EnergyPerUnit: URIRef
    Mtbf: URIRef
    Mttr: URIRef
    LineEfficiency: URIRef
    TaktAdherence: URIRef
    WorkInProgress: URIRef

    # stop reasons
    StopReason: URIRef
    StopReasons: URIRef
    reasonNumber: URIRef
    countsAs: URIRef
    PlannedStop: URIRef
    TechnicalStop: URIRef
    FlowStop: URIRef
    OperationalStop: URIRef
    Unassigned: URIRef
    Jam: URIRef
    Breakdown: URIRef
    Starved: URIRef
    Blocked: URIRef
    ChangeoverStop: URIRef
    BreakStop: URIRef
    OperatorStop: URIRef
    NoOrder: URIRef
