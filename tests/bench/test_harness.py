"""The harness times, judges and writes what it says."""

from __future__ import annotations

import pytest

from bench.groups import FAILED, GROUPS, measure, measure_apart
from bench.harness import Met, Options, Row, Timing, quietest, span, time_each
from bench.page import page, table


def test_percentiles_are_of_the_sorted_times() -> None:
    """The median of a hundred and their 99th percentile."""
    timing = Timing(tuple(number / 1000 for number in range(100)))

    assert timing.p50 == pytest.approx(0.050)
    assert timing.p99 == pytest.approx(0.099)
    assert timing.text(0.001) == "p50 50.0 ms, p99 99.0 ms (50 kernels)"


def test_every_call_is_timed_once() -> None:
    """As many times as calls, on the clock and of the processor."""
    calls: list[int] = []

    timing = time_each([lambda: calls.append(1)] * 7)
    assert len(calls) == len(timing.seconds) == len(timing.cpu) == 7
    assert list(timing.seconds) == sorted(timing.seconds)


def test_the_quietest_round_counts() -> None:
    """Of several rounds the one with the lowest median."""
    rounds = iter([Timing((3.0,)), Timing((1.0,)), Timing((2.0,))])

    assert quietest(3, lambda: next(rounds)).p50 == 1.0


@pytest.mark.parametrize(("value", "met"), [(1, Met.AIM), (2, Met.AIM), (3, Met.YES), (4, Met.YES), (5, Met.NO)])
def test_a_figure_is_judged_against_both_marks(value: float, met: Met) -> None:
    """At most 4 is required, at most 2 is the aim; a rate is judged the other way round."""
    assert Met.of(value, 4, 2) is met
    assert Met.of_rate(-value, -4, -2) is met


def test_times_are_told_in_the_unit_that_suits() -> None:
    """Microseconds, milliseconds or seconds."""
    assert [span(seconds) for seconds in (2.5e-6, 2.5e-3, 2.5)] == ["2.5 us", "2.5 ms", "2.5 s"]


def test_the_table_has_a_line_for_each_row() -> None:
    """Six cells, an absent one as a dash, a bar escaped."""
    lines = table([Row("a|b", "<= 1", "", "2", Met.NO)]).splitlines()

    assert lines[0] == "| what | required | aim | measured | met? | note |"
    assert lines[2] == "| a\\|b | <= 1 | - | 2 | not met | - |"
    assert len(lines) == 3


def test_the_page_tells_command_and_machine_but_no_place() -> None:
    """Command, kernel and load are on it; no path and no host name."""
    text = page({"gate": [Row("x", "", "", "1", Met.INFO)]}, "python -m bench", [1e-7, 2e-7], [0.5, 9.0])

    assert "`python -m bench`" in text
    assert "0.1 us to 0.2 us" in text
    assert "## Gate\n\n| what |" in text
    assert "/home" not in text
    assert "/work" not in text


def test_what_is_not_built_says_so() -> None:
    """Every row of a missing part has its targets and no figure."""
    rows = measure("unbuilt", Options())

    assert rows
    assert all(row.met is Met.NOT_BUILT and row.required and row.measured == "-" for row in rows)


def test_a_group_that_fails_leaves_a_row(monkeypatch: pytest.MonkeyPatch) -> None:
    """The error stands in the table; the other groups are measured all the same."""
    monkeypatch.setitem(GROUPS, "gate", "bench.no_such_module")

    monkeypatch.setattr("bench.groups.ProcessPoolExecutor", _Here)
    (row,) = measure_apart("gate", Options())
    assert row.measured.startswith(FAILED)
    assert row.met is Met.NOT_MEASURED


class _Here:
    """A pool that works in this process."""

    def __init__(self, **_options: object) -> None: ...

    def __enter__(self) -> _Here:
        return self

    def __exit__(self, *_error: object) -> None: ...

    def submit(self, work: object, *arguments: object) -> _Here:
        self._work, self._arguments = work, arguments
        return self

    def result(self) -> object:
        return self._work(*self._arguments)  # type: ignore[operator]
