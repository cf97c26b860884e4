"""The generator says what its specification says."""

from __future__ import annotations

import gc

from rdflib import RDF, SH

from bench.loaded import counted_work, loaded
from bench.names import SENSORS
from bench.plant import TRIPLES_PER_LINE, generate
from bench.plant_rules import rules
from bench.plant_shapes import shapes
from kg.change import Change, Kind, Published
from reasoner.rules import load
from reasoner.shacl import compile_shapes


class Told:
    """Subscriber that keeps what it is told."""

    def __init__(self) -> None:
        self.events: list[Published] = []

    def published(self, event: Published) -> None:
        self.events.append(event)


def consequences(event: Published) -> int:
    """What followed from a reading beside its own value."""
    return len(event.added) + len(event.removed) - 2 + len(event.opened) + len(event.closed)


def test_there_are_as_many_rules_and_shapes_as_required() -> None:
    """At least 40 rules that the reasoner takes, and at least 60 shapes with targets."""
    document, compiled = rules(), compile_shapes(shapes())

    assert len(load(document).rules) == len(set(document.subjects(RDF.type, SH.SPARQLRule))) == 47
    assert len(compiled.roots) == 63


def test_the_shapes_hold_what_the_specification_names() -> None:
    """Closed, class targets, an inverse path, a star path, a sequence and a qualified count."""
    document = shapes()
    predicates = set(document.predicates())

    assert {SH.closed, SH.targetClass, SH.inversePath, SH.zeroOrMorePath, SH.qualifiedMaxCount} <= predicates
    assert any(document.value(path, RDF.first) for path in document.objects(None, SH.path))


def test_a_size_is_met_and_the_seed_decides() -> None:
    """The number of triples is close to what was asked for; the same seed gives the same graph."""
    one, other = generate(5_000), generate(5_000)

    assert abs(len(one.graph) - 5_000) <= TRIPLES_PER_LINE
    assert set(one.graph.triples()) == set(other.graph.triples())
    assert one.sensors == one.machines * len(SENSORS)


def test_nothing_is_found_at_the_start() -> None:
    """No result of any shape holds on a fresh plant."""
    assert loaded(2_000).findings == 0


def test_a_calm_reading_changes_nothing_but_its_value() -> None:
    """No fact is derived or withdrawn and no result opens or closes."""
    here, told = loaded(2_000), Told()
    here.gate.subscribe(told)

    assert all(here.decide(here.plant.calm()) for _ in range(50))
    assert [consequences(event) for event in told.events] == [0] * 50


def test_a_crossing_reading_has_about_ten_consequences_and_the_next_takes_them_back() -> None:
    """Facts and results follow, and the reading that comes back leaves the graph as it was."""
    here, told = loaded(2_000), Told()
    here.gate.subscribe(told)
    before = len(here.plant.graph)

    for _ in range(20):
        for change in here.plant.crossing():
            here.decide(change)
    counts = [consequences(event) for event in told.events]
    assert all(count > 0 for count in counts)
    assert 8 <= sum(counts) / len(counts) <= 14
    assert len(here.plant.graph) == before
    assert not list(here.validator.results())


def test_one_reading_in_ten_of_a_mix_crosses() -> None:
    """As required of the streams: ten per cent of the readings have consequences."""
    here, told = loaded(2_000), Told()
    here.gate.subscribe(told)
    changes = list(here.plant.mixed(200))

    for change in changes:
        here.decide(change)
    assert sum(consequences(event) > 0 for event in told.events) == 20
    assert len(told.events) == 200


def test_requests_are_admitted_and_their_outcome_clears_them() -> None:
    """A request of the plant passes both projections; afterwards nothing of it is left."""
    here = loaded(2_000)
    before = len(here.plant.graph)
    request: Change = here.plant.request()

    assert request.kind is Kind.REQUEST
    assert here.decide(request)
    here.clear_requests()
    assert len(here.plant.graph) == before


def test_an_edit_of_ten_triples_goes_and_comes_back() -> None:
    """Both Changes of an edit are admitted, have ten triples, and leave the graph as it was."""
    here = loaded(2_000)
    before = set(here.plant.graph.triples())

    for change in here.plant.relimit():
        assert len(change.adds) + len(change.removes) == 10
        assert here.decide(change)
    assert set(here.plant.graph.triples()) == before


def test_counted_work_does_not_depend_on_the_size() -> None:
    """The same readings and the same request cost the same work in a plant four times as large."""
    assert counted_work(loaded(10_000)) == counted_work(loaded(40_000))


def test_changes_leave_nothing_to_the_collector() -> None:
    """Readings and requests make no cycles, which only the collector could take away, in the middle of a Change."""
    here = loaded(2_000)
    for change in (*(here.plant.calm() for _ in range(100)), here.plant.request()):
        here.decide(change)  # what is compiled when it is first needed
    changes = [here.plant.calm() for _ in range(20)] + [here.plant.request() for _ in range(5)]
    gc.collect()
    gc.disable()
    try:
        for change in changes:
            here.decide(change)
        left = gc.collect()
    finally:
        gc.enable()

    assert left == 0
