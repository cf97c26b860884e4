"""The bound items: property, place, node, value with unit, quality in words, times and age."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum

from rdflib import Literal

from agents.words import value_in_words
from api.acts import label
from api.console.link.ages import age, clock
from api.live import LineModel
from kg.bindings import Binding
from kg.change import ReadingFlag
from kg.history.schema import Sample
from kg.opcua.values import severity, status_name
from kg.plantfolder import PlantFolder
from kg.tokens import local_name
from ontology import PACK, TW

PAGE = 50


class Order(StrEnum):
    """How the table is sorted."""

    PLACE = "place"
    QUALITY = "quality"
    AGE = "age"


@dataclass(frozen=True, slots=True)
class Place:
    """What does not change about an item."""

    prop: str
    label: str
    name: str
    equipment: str
    node: str
    """Without its namespace."""
    namespace: str
    max_age: str
    writable: bool
    binding: Binding

    def holds(self, words: Iterable[str]) -> bool:
        """True where each word stands in one of its names."""
        text = f"{self.label} {self.name} {self.equipment} {self.node}".lower()
        return all(word in text for word in words)


@dataclass(frozen=True, slots=True)
class Item:
    """An item as it is now; `tone` is alarm, caution or empty."""

    place: Place
    value: str
    quality: str
    tone: str
    status: str
    source: str
    received: str
    age: str
    received_us: int


@dataclass(frozen=True, slots=True)
class Sought:
    """What is shown of the table."""

    text: str = ""
    equipment: str = ""
    only_bad: bool = False
    order: Order = Order.PLACE


def places_of(plant: PlantFolder) -> tuple[Place, ...]:
    """All bound items, by place and name."""
    found = (_place(plant, binding) for binding in plant.bindings)
    return tuple(sorted(found, key=lambda place: (place.equipment, place.label)))


def items_of(
    places: Sequence[Place], samples: Mapping[str, Sample], model: LineModel, now_us: int, sought: Sought
) -> list[Item]:
    """The items that are sought, in the order that was asked for."""
    words = sought.text.lower().split()
    wanted = (p for p in places if p.holds(words) and sought.equipment in ("", p.equipment))
    items = [item_of(place, samples.get(place.prop), model, now_us) for place in wanted]
    if sought.only_bad:
        items = [item for item in items if item.tone]
    match sought.order:
        case Order.AGE:
            items.sort(key=lambda item: item.received_us)
        case Order.QUALITY:
            items.sort(key=lambda item: _GRAVE[item.tone])
        case Order.PLACE:
            pass
    return items


def item_of(place: Place, sample: Sample | None, model: LineModel, now_us: int) -> Item:
    """An item with its newest sample."""
    if sample is None:
        return Item(place, "--", "never seen", "caution", "", "--", "--", "never", 0)
    reading = sample.reading
    quality, tone = _quality(reading.status, reading.flags, model.get(place.prop, TW.stale) is True)
    return Item(
        place=place,
        value=_value(place.binding, reading.value),
        quality=quality,
        tone=tone,
        status=status_name(reading.status),
        source=clock(reading.source_us),
        received=clock(reading.received_us),
        age=age(reading.received_us, now_us),
        received_us=reading.received_us,
    )


_GRAVE = {"alarm": 0, "caution": 1, "": 2}


def _quality(status: int, flags: int, stale: bool) -> tuple[str, str]:
    """Quality in words; bad before stale before doubtful."""
    word = severity(status)
    if word == "bad":
        return "bad", "alarm"
    if stale:
        return "stale", "alarm"
    if word == "uncertain":
        return "uncertain", "caution"
    if flags & ReadingFlag.IMPLAUSIBLE:
        return "implausible", "caution"
    return "good", ""


def _value(binding: Binding, value: float | int | bool | str | None) -> str:
    """The value as it came, with its unit; of a code also the word."""
    if value is None:
        return "no value"
    text = value_in_words(Literal(value), unit=binding.unit)
    if binding.predicate in (PACK.stateCurrent, PACK.stopReason):
        word = value_in_words(Literal(value), str(binding.predicate))
        return text if word in ("", text) else f"{text} ({word})"
    return text


def _place(plant: PlantFolder, binding: Binding) -> Place:
    namespace, _, node = binding.node_id.rpartition(";")
    return Place(
        prop=str(binding.prop),
        label=label(plant, str(binding.prop)),
        name=local_name(str(binding.prop)),
        equipment=label(plant, str(binding.equipment)),
        node=node,
        namespace=namespace.removeprefix("nsu="),
        max_age="on change" if binding.max_age_s is None else f"every {binding.max_age_s:g} s at the latest",
        writable=binding.writable,
        binding=binding,
    )
