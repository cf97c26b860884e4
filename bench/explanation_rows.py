"""Explaining one decision among many, from the journal and the history alone."""

from __future__ import annotations

import random
import tempfile
from collections.abc import Iterator
from importlib.resources import files
from pathlib import Path

from rdflib import RDF, Literal, URIRef

from agents.explanation import explain
from bench.harness import Met, Options, Row, span, time_each
from kg.change import Change, Kind, Quad, Reading, Role, Source, Verdict
from kg.gate.entries import change_entry
from kg.history import History
from kg.journal import Journal
from kg.names import GraphName
from kg.plantfolder import PlantFolder, load
from kg.record import EntryKind, JournalEntry
from kg.replay import packed_release
from kg.terms import double_literal
from kg.wire import quads_to_text
from ontology import TW

GATEWAY = Source(URIRef("urn:twinwright:gateway"), Role.GATEWAY)
START_US = 1_800_000_000_000_000
STEPS = 4
"""Entries of one decision: the request, written, feedback, outcome."""


def rows(options: Options) -> Iterator[Row]:
    """Persons' requests on the bottling plant, each with two inputs whose samples stand in history."""
    count = options.some(100_000, 2_000)
    plant = load(Path(str(files("plants.bottling"))))
    with tempfile.TemporaryDirectory(prefix="twinwright-bench-") as name:
        folder = Path(name)
        with Journal.open(folder / "journal.sqlite") as journal, History.open(folder / "history.sqlite") as history:
            ids = _record(plant, journal, history, count)
            rng = random.Random(3)
            asked = [rng.choice(ids) for _ in range(options.some(500, 50))]
            explain(journal, history, asked[0])  # reads the release, which is kept from then on
            timing = time_each([lambda ident=ident: explain(journal, history, ident) for ident in asked])  # type: ignore[misc]
            whole = explain(journal, history, asked[0])
    yield Row(
        f"explanation of a decision among {count:,}",
        "p99 <= 50 ms among 10^6",
        "<= 20 ms",
        f"p50 {span(timing.p50)}, p99 {span(timing.p99)}",
        Met.of(timing.p99, 50e-3, 20e-3) if count >= 1_000_000 else Met.INFO,
        f"sentence, tree and PROV-O ({len(whole.provenance)} triples) of a person's request with {STEPS} entries;"
        f" {count * STEPS:,} entries, found by an index",
    )


def _record(plant: PlantFolder, journal: Journal, history: History, count: int) -> list[str]:
    """Write so many decisions; returns their ids."""
    journal.append([_release(plant)])
    target = plant.grants[0].prop
    inputs = [binding for binding in plant.bindings if binding.is_volatile][:2]
    tags = history.register_all({str(binding.prop): binding.data_type for binding in inputs})
    person = next(iter(plant.persons.values()))
    ids: list[str] = []
    entries: list[JournalEntry] = []
    samples: list[tuple[int, Reading]] = []
    for number in range(count):
        at_us, seq = START_US + number * 1_000_000, 1 + number * STEPS
        samples += [(seq, Reading(tag, 300.0, 0, at_us, at_us, at_us)) for tag in tags.values()]
        changes = _decision(person, target, [binding.prop for binding in inputs], at_us)
        ids.append(changes[0].id)
        for step, change in enumerate(changes):
            verdict = Verdict(change.id, True, seq + step, plant.release)
            entries.append(change_entry(change, verdict, change.adds, (), (), (), ()))
        if number % 2000 == 1999 or number == count - 1:
            history.append(samples)
            journal.append(entries)
            samples, entries = [], []
    return ids


def _release(plant: PlantFolder) -> JournalEntry:
    body = packed_release(plant.release, quads_to_text(plant.quads()).splitlines())
    return JournalEntry(0, EntryKind.RELEASE, START_US, body=body)


def _decision(person: Source, target: URIRef, inputs: list[URIRef], at_us: int) -> tuple[Change, ...]:
    request = Change(Kind.REQUEST, person, reason="for the benchmark", at_us=at_us, plant_us=at_us)
    node = URIRef(request.id)
    facts: list[tuple[URIRef, URIRef | Literal]] = [
        (RDF.type, TW.Request),
        (TW.target, target),
        (TW.desiredValue, double_literal(380.0)),
        (TW.priorValue, double_literal(400.0)),
        *((TW.input, prop) for prop in inputs),
    ]
    adds = tuple(Quad(node, p, o, GraphName.DESIRED) for p, o in facts)
    request = Change(Kind.REQUEST, person, adds, reason=request.reason, at_us=at_us, plant_us=at_us, id=request.id)
    about = {"decision": request.id, "request": request.id, "target": str(target)}
    told = (
        {"stage": "written", "ok": True, "status": 0},
        {"stage": "feedback", "ok": True, "value": 380.0},
        {"outcome": "confirmed", "value": 380.0, "sentence": "The feedback shows 380."},
    )
    outcomes = (Change(Kind.OUTCOME, GATEWAY, cause=request.id, at_us=at_us, detail={**about, **step}) for step in told)
    return (request, *outcomes)
