"""From a plant folder and a data directory to a Gate that is ready to decide."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from importlib.metadata import version

from rdflib import URIRef

from api.core.engines import agent_rules, rule_engines
from kg.bindings import WriteGrant
from kg.change import TagId
from kg.gate import Approvals, Clock, Gate, Release, Tags
from kg.graph import Transaction, WorkingGraph
from kg.history import History
from kg.journal import Journal
from kg.names import WORKING, GraphName
from kg.plantfolder import PlantFolder
from kg.proof import Json
from kg.record import EntryKind, JournalEntry
from kg.recorder import DurableRecorder
from kg.recovery import Recovered, recover, replay_quads
from kg.replay import packed_release
from kg.store import DataDirectory
from kg.terms import Terms
from kg.wire import quads_to_text, text_to_quads
from ontology import TW
from reasoner.shacl import Suggester, Validator, compile_shapes


@dataclass(frozen=True, slots=True)
class Parts:
    """What a core is made of."""

    plant: PlantFolder
    gate: Gate
    clock: Clock
    tags: Tags
    numbers: dict[URIRef, TagId]
    grants: dict[URIRef, WriteGrant]
    journal: Journal
    history: History
    recovered: Recovered

    def close(self, at_us: int | None) -> None:
        """Close the files; with a time, say in the journal before that the twin ends in good order."""
        if at_us is not None:
            self.journal.append([JournalEntry(self.gate.seq, EntryKind.CLOSED, at_us)])
        self.journal.close()
        self.history.close()


def build(plant: PlantFolder, data: DataDirectory, now_us: Callable[[], int]) -> Parts:
    """A Gate on what the data directory holds. Raises JournalBroken, RuleRefused, ShapeRefused, PlantIncomplete."""
    recovered = recover(data, now_us())
    journal, history = Journal.open(data.paths.journal), History.open(data.paths.history)
    if _release_of(recovered) != plant.release:
        journal.append([_release_entry(plant, recovered, now_us())])
        recovered = recover(data, now_us())
    numbers = _register(history, plant)
    graph = WorkingGraph(Terms())
    tags = Tags(graph.terms, plant.bindings, numbers)
    _load(graph, tags, recovered, frozenset(numbers.values()))
    domain, conditions = rule_engines(graph, plant)
    shapes = compile_shapes(plant.graphs[GraphName.SHAPES])
    gate = Gate(
        graph,
        tags,
        Release(plant.release, agent_rules(plant), shapes.standing),
        rules=domain,
        shapes=Validator(graph, shapes),
        conditions=conditions,
        recorder=DurableRecorder(journal, history),
        now_us=now_us,
        seq=recovered.last_seq,
        approvals=Approvals.left(recovered.changes, plant.release, now_us()),
        advice=Suggester(graph, shapes),
    )
    gate.plant_us = max((reading.source_us for _, reading in recovered.readings), default=0)
    gate.start()
    journal.append([_opened_entry(plant, recovered, now_us())])
    grants = {grant.prop: grant for grant in plant.grants}
    return Parts(plant, gate, Clock(tags), tags, numbers, grants, journal, history, recovered)


def _register(history: History, plant: PlantFolder) -> dict[URIRef, TagId]:
    numbers = history.register_all({str(binding.prop): binding.data_type for binding in plant.bindings})
    return {URIRef(prop): number for prop, number in numbers.items()}


def _release_of(recovered: Recovered) -> str | None:
    return None if recovered.release is None else str(recovered.release.entry.body["release"])


def _release_entry(plant: PlantFolder, before: Recovered, at_us: int) -> JournalEntry:
    """The release, whole. A stop switch that somebody has set stays set, whatever the release says."""
    stops = [line for line in replay_quads(before).get(GraphName.POLICY, ()) if f" <{TW.stopped}> " in line]
    body = packed_release(plant.release, [*quads_to_text(plant.quads()).splitlines(), *sorted(stops)])
    return JournalEntry(before.last_seq, EntryKind.RELEASE, at_us, body=body)


def _opened_entry(plant: PlantFolder, recovered: Recovered, at_us: int) -> JournalEntry:
    body: dict[str, Json] = {
        "software": version("twinwright"),
        "release": plant.release,
        "plant": plant.name,
        "was_closed": recovered.was_closed,
        "discarded": recovered.discarded,
    }
    return JournalEntry(recovered.last_seq, EntryKind.OPENED, at_us, body=body)


def _load(graph: WorkingGraph, tags: Tags, recovered: Recovered, known: frozenset[TagId]) -> None:
    """The newest value of every tag that is still bound, then the asserted graphs as the journal tells them.

    In this order, because staging a reading makes it fresh: what the journal holds as stale stays stale.
    """
    load = Transaction(graph)
    node = graph.terms.node
    for _, reading in recovered.readings:
        if reading.tag in known:
            tags.stage(load, reading)
    for name, lines in replay_quads(recovered).items():
        if name in WORKING:
            for quad in text_to_quads("\n".join(lines)):
                load.add(node(quad.s), node(quad.p), node(quad.o), name)
