"""The table of bound items."""

from __future__ import annotations

from pathlib import Path

import pytest

from api.console.link.ages import age, span
from api.console.link.items import Order, Place, Sought, item_of, items_of, places_of
from api.console.link.items_table import items_markup, items_values
from api.console.operate.sheet import Sheet
from api.live import LineModel
from kg.change import Reading, ReadingFlag, TagId
from kg.history.schema import Sample
from kg.plantfolder import load
from ontology import TW

NOW_US = 1_795_377_000_000_000
PLANT_US = 1_767_589_200_000_000


@pytest.fixture(scope="module")
def places() -> tuple[Place, ...]:
    """The items of the bottling line."""
    return places_of(load(Path(__file__).resolve().parents[3] / "plants" / "bottling"))


def of(places: tuple[Place, ...], name: str) -> Place:
    return next(place for place in places if place.name == name)


def sample(value: float | int | bool | str | None, status: int = 0, ago_s: float = 1.0, flags: int = 0) -> Sample:
    """A sample that arrived some seconds ago."""
    received_us = NOW_US - round(ago_s * 1e6)
    return Sample(7, Reading(TagId(1), value, status, PLANT_US, PLANT_US, received_us, flags))


def test_an_item_tells_value_times_and_age(places: tuple[Place, ...]) -> None:
    """With unit, plant time, wall time and seconds."""
    item = item_of(of(places, "Filler.MachSpeed"), sample(400.0, ago_s=3.2), LineModel(), NOW_US)

    assert (item.value, item.quality, item.tone, item.status) == ("400/min", "good", "", "Good")
    assert (item.source, item.age) == ("05:00:00.0", "3.2 s")
    assert item.place.node == "s=Filler.Status.MachSpeed"


def test_codes_have_number_and_word(places: tuple[Place, ...]) -> None:
    """A control engineer looks for the number, an operator for the word."""
    item = item_of(of(places, "Filler.StateCurrent"), sample(6), LineModel(), NOW_US)

    assert item.value == "6 (running)"


@pytest.mark.parametrize(
    ("status", "flags", "stale", "quality", "tone"),
    [
        (0x80340000, 0, False, "bad", "alarm"),
        (0x80340000, 0, True, "bad", "alarm"),
        (0, 0, True, "stale", "alarm"),
        (0x40000000, 0, False, "uncertain", "caution"),
        (0, ReadingFlag.IMPLAUSIBLE, False, "implausible", "caution"),
        (0, ReadingFlag.INITIAL, False, "good", ""),
    ],
)
def test_quality_has_a_word(
    places: tuple[Place, ...], status: int, flags: int, stale: bool, quality: str, tone: str
) -> None:
    """The worst is told."""
    place, model = of(places, "Filler.MachSpeed"), LineModel()
    model.facts[place.prop, str(TW.stale)] = stale

    item = item_of(place, sample(400.0, status, flags=flags), model, NOW_US)

    assert (item.quality, item.tone) == (quality, tone)


def test_what_was_never_seen_says_so(places: tuple[Place, ...]) -> None:
    """No sample, no value, no age."""
    item = item_of(places[0], None, LineModel(), NOW_US)

    assert (item.value, item.quality, item.age, item.tone) == ("--", "never seen", "never", "caution")


def test_every_word_of_a_search_must_fit(places: tuple[Place, ...]) -> None:
    """In label, name, equipment or node, in any case."""
    found = items_of(places, {}, LineModel(), NOW_US, Sought("filler SPEED accepted"))

    assert [item.place.name for item in found] == ["Filler.MachSpeed"]


def test_only_what_is_not_good(places: tuple[Place, ...]) -> None:
    """Good ones are left out."""
    samples = {place.prop: sample(1) for place in places}
    samples[places[3].prop] = sample(1, 0x80340000)

    found = items_of(places, samples, LineModel(), NOW_US, Sought(only_bad=True))

    assert [item.place for item in found] == [places[3]]


def test_the_oldest_and_the_worst_can_come_first(places: tuple[Place, ...]) -> None:
    """Two orders beside that by place."""
    samples = {place.prop: sample(1) for place in places}
    samples[places[5].prop] = sample(1, ago_s=99)
    samples[places[8].prop] = sample(1, 0x80340000)

    by_age = items_of(places, samples, LineModel(), NOW_US, Sought(order=Order.AGE))
    by_quality = items_of(places, samples, LineModel(), NOW_US, Sought(order=Order.QUALITY))

    assert by_age[0].place is places[5]
    assert by_quality[0].place is places[8]


def test_text_of_a_controller_cannot_become_part_of_the_page(places: tuple[Place, ...]) -> None:
    """A string value is escaped like everything else."""
    items = [item_of(of(places, "Line.Sku"), sample("<script>x</script>"), LineModel(), NOW_US)]

    page = items_markup(items, Sheet(items_values(items)))

    assert "<script" not in page
    assert "&lt;script&gt;" in page


def test_ages_have_fitting_units() -> None:
    """From tenths of a second to days."""
    assert [span(us) for us in (40_000, 42_000_000, 190_000_000, 3_600_000_000, 9_000_000_000, 200_000_000_000)] == [
        "0.0 s",
        "42 s",
        "3 min 10 s",
        "60 min",
        "2 h 30 min",
        "2 d 7 h",
    ]
    assert age(None, NOW_US) == "never"
