"""Samples come back exactly as they came, by tag, time and seq."""

from __future__ import annotations

import math
import struct
from collections.abc import Callable
from contextlib import AbstractContextManager

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from kg.change import Reading, TagId
from kg.errors import BadValue, JournalBroken, RecordFailed, UnknownNode
from kg.history import History, HistoryReader, Sample, Tag
from kg.store import DataDirectory

MakeReading = Callable[..., Reading]
MICROSECONDS = st.integers(-(2**62), 2**62)
VALUES = st.floats() | st.integers(-(2**70), 2**70) | st.booleans() | st.text() | st.text(st.characters()) | st.none()


WHOLE = (0, 2**63 - 1, 2**63, -(2**63), -(2**63) - 1, 2**64)


def exactly(value: object) -> tuple[type, object]:
    """The value in a form in which -0.0, NaN, 1, 1.0 and True differ."""
    return type(value), struct.pack(">d", value) if isinstance(value, float) and not math.isnan(value) else repr(value)


@settings(deadline=None, max_examples=100, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    value=VALUES,
    status=st.integers(0, 2**32 - 1),
    source_us=MICROSECONDS,
    server_us=MICROSECONDS,
    received_us=MICROSECONDS,
    flags=st.integers(0, 2**32 - 1),
)
def test_any_sample_round_trips(
    history: History,
    speed: TagId,
    value: float | int | bool | str | None,
    status: int,
    source_us: int,
    server_us: int,
    received_us: int,
    flags: int,
) -> None:
    """Value, its type, status, three times and flags are what they were, and so is the digest."""
    seq = history.count() + 1
    given_reading = Reading(speed, value, status, source_us, server_us, received_us, flags)
    history.append([(seq, given_reading)])

    found = history.sample(speed, seq)
    assert found is not None
    assert exactly(found.reading.value) == exactly(value)
    assert found.reading._replace(value=None) == given_reading._replace(value=None)
    assert history.digest([found]) == history.digest([(seq, given_reading)])


@pytest.mark.parametrize(
    "value",
    [
        math.nan,
        math.inf,
        -math.inf,
        0.0,
        -0.0,
        1.0,
        5e-324,
        1,
        True,
        False,
        None,
        "",
        "a\0b",
        "ä😀",
        "\ud800",
        "1",
        *WHOLE,
    ],
)
def test_awkward_values_keep_value_and_type(
    history: History, speed: TagId, reading: MakeReading, value: object
) -> None:
    """What SQLite alone would turn into something else comes back as it was."""
    history.append([(1, reading(speed, value, 10))])

    found = history.last(speed)
    assert found is not None
    assert exactly(found.reading.value) == exactly(value)


def test_digest_differs_for_every_field(history: History, speed: TagId, state: TagId, reading: MakeReading) -> None:
    """No two different samples share a digest, nor do 1, 1.0, True and "1"."""
    base = reading(speed, 1, 10)
    variants = [(1, base), (2, base), (1, base._replace(tag=state))]
    variants += [(1, base._replace(value=value)) for value in (1.0, True, "1", None, math.nan, 2**64, -0.0, 0.0)]
    variants += [
        (1, base._replace(**{name: 77})) for name in ("status", "source_us", "server_us", "received_us", "flags")
    ]

    assert len({history.digest([variant]) for variant in variants}) == len(variants)


def test_digest_does_not_depend_on_the_order_of_tags(
    history: History, speed: TagId, state: TagId, reading: MakeReading
) -> None:
    """Within a slice only the order of samples of one tag matters."""
    first, second, other = (1, reading(speed, 1.0, 10)), (1, reading(speed, 2.0, 10)), (1, reading(state, 6, 10))

    assert history.digest([first, other, second]) == history.digest([other, first, second])
    assert history.digest([first, other, second]) != history.digest([second, other, first])


def test_last_is_newest_by_source_time(history: History, speed: TagId, reading: MakeReading) -> None:
    """A sample that comes late does not become the last; of equal times the later one is."""
    history.append([(1, reading(speed, 1.0, 100)), (2, reading(speed, 2.0, 300)), (3, reading(speed, 3.0, 200))])
    history.append([(4, reading(speed, 4.0, 300))])

    last, late = history.last(speed), history.last_at(speed, 299)
    assert last is not None
    assert late is not None
    assert (last.seq, late.seq) == (4, 3)
    assert history.last_at(speed, 99) is None


def test_lasts_cover_all_tags_with_samples(history: History, speed: TagId, state: TagId, reading: MakeReading) -> None:
    """Each tag's last sample is found at once; one that carries no value can be told apart."""
    history.register("urn:prop:never", "Double")
    history.append([(1, reading(speed, 1.0, 10)), (1, reading(state, 6, 10))])
    history.append([(2, reading(speed, None, 20, status=0x80000000)), (3, reading(speed, math.nan, 30))])

    assert {tag: sample.seq for tag, sample in history.lasts().items()} == {speed: 3, state: 1}
    assert {tag: sample.seq for tag, sample in history.last_values().items()} == {speed: 1, state: 1}


def test_a_late_value_is_not_in_force(history: History, speed: TagId, reading: MakeReading) -> None:
    """A value that came after a newer sample without one never was in force, and is not after a restart either."""
    history.append([(1, reading(speed, 1.0, 10)), (2, reading(speed, None, 30)), (3, reading(speed, 2.0, 20))])

    assert {tag: sample.seq for tag, sample in history.lasts().items()} == {speed: 2}
    assert {tag: sample.seq for tag, sample in history.last_values().items()} == {speed: 1}


def test_range_is_half_open_ordered_and_limited(history: History, speed: TagId, reading: MakeReading) -> None:
    """Samples from the first moment on and before the second, by source time, then by arrival."""
    history.append([(1, reading(speed, 3.0, 30)), (2, reading(speed, 1.0, 10)), (3, reading(speed, 2.0, 20))])
    history.append([(4, reading(speed, 2.5, 20))])

    assert [sample.seq for sample in history.range(speed, 10, 30)] == [2, 3, 4]
    assert [sample.seq for sample in history.range(speed, 10, 31, limit=2)] == [2, 3]
    assert history.range(speed, 31, 99) == ()


def test_samples_of_one_moment_in_one_slice_are_all_kept(history: History, speed: TagId, reading: MakeReading) -> None:
    """A controller that reports two values with the same source time loses neither."""
    history.append([(1, reading(speed, 1.0, 10)), (1, reading(speed, 2.0, 10)), (1, reading(speed, 2.0, 10))])

    assert [sample.reading.value for sample in history.range(speed, 0, 11)] == [1.0, 2.0, 2.0]
    found = history.sample(speed, 1)
    assert found is not None
    assert found.reading.value == 2.0
    assert history.count() == 3


def test_tags_are_durable_and_keep_their_numbers(data: DataDirectory) -> None:
    """The same property and type have the same tag after a restart; another type is another tag."""
    with History.open(data.paths.history) as history:
        first = history.register_all({"urn:a": "Double", "urn:b": "Int32"})
    with History.open(data.paths.history) as history:
        assert history.register_all({"urn:b": "Int32", "urn:a": "Double"}) == first
        retyped = history.register("urn:a", "Float")

        assert retyped not in first.values()
        assert history.tag("urn:a") == retyped
        assert history.tags()[first["urn:a"]] == Tag("urn:a", "Double")
        assert history.tag("urn:c") is None


def test_unknown_tags_and_impossible_numbers_are_refused(history: History, speed: TagId, reading: MakeReading) -> None:
    """Nothing of a batch with such a sample is written."""
    with pytest.raises(UnknownNode):
        history.append([(1, reading(speed, 1.0, 1)), (1, reading(99, 1.0, 1))])
    with pytest.raises(UnknownNode):
        history.digest([(1, reading(99, 1.0, 1))])
    with pytest.raises(BadValue):
        history.digest([(1, reading(speed, 1.0, 1, status=-1))])

    assert history.count() == 0


def test_reader_sees_samples_while_they_are_written(
    data: DataDirectory, history: History, speed: TagId, reading: MakeReading
) -> None:
    """A reader opened beside the writer sees later samples and later tags."""
    with HistoryReader.open(data.paths.history) as reader:
        tag = history.register("urn:prop:late", "Double")
        history.append([(1, reading(tag, 1.5, 10))])

        assert reader.last(tag) == Sample(1, reading(tag, 1.5, 10))
        assert reader.tags()[tag].prop == "urn:prop:late"


def test_full_disk_keeps_nothing_of_a_batch(
    history: History,
    speed: TagId,
    reading: MakeReading,
    full_disk: Callable[[int], AbstractContextManager[None]],
) -> None:
    """A batch that does not fit raises RecordFailed; with room again the same batch can be appended."""
    batch = [(seq, reading(speed, "x" * 1000, seq)) for seq in range(2, 400)]
    history.append([(1, reading(speed, 1.0, 1))])
    with full_disk(150_000), pytest.raises(RecordFailed):
        history.append(batch)

    assert history.count() == 1
    history.append(batch)
    assert history.count() == 399


def test_a_file_that_is_no_database_is_reported(data: DataDirectory) -> None:
    """Something else under the history's name is left alone."""
    data.paths.history.write_bytes(b"no database at all " * 200)

    with pytest.raises(JournalBroken):
        History.open(data.paths.history)
