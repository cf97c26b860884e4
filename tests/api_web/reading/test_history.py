"""Samples as they came, and thinned for plots."""

from __future__ import annotations

import contextlib
import csv
import io
import math
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from rdflib import Namespace

from api.web.errors import BadRequest
from api.web.samples import moment_us
from kg.change import Reading
from kg.history import History

PATH = "/v1/history"
BOT = Namespace("https://w3id.org/twinwright/plants/bottling#")
SPEED, STATE = BOT["Filler.CurMachSpeed"], BOT["Filler.StateCurrent"]
NOW_US = 1_790_000_000_000_000
BAD = 0x80340000


async def test_samples_with_all_times(record: Any, reader: Any) -> None:
    """Source, server and arrival time, the value, the status as number and name, the seq."""
    record.samples({SPEED: [400.0, (None, BAD), 410.5]})

    body = (await reader.get(PATH, property="Filler.CurMachSpeed")).json()

    assert [item["value"] for item in body["items"]] == [400.0, None, 410.5]
    assert (body["property"], body["unit"], body["truncated"], body["thinned"]) == (str(SPEED), "/min", False, False)
    bad = body["items"][1]
    assert (bad["status"], bad["status_name"], bad["quality"]) == (BAD, "BadNodeIdUnknown", "bad")
    assert bad["source_at"] == "2026-09-21T14:13:19.000000+00:00"
    assert bad["server_at"] == "2026-09-21T14:13:19.000001+00:00"
    assert bad["received_at"] == "2026-09-21T14:13:19.000002+00:00"


async def test_csv(record: Any, reader: Any) -> None:
    """One line a sample; no value is an empty cell."""
    record.samples({SPEED: [400.0, (None, BAD)]})

    answer = await reader.get(PATH, "text/csv", property=str(SPEED))

    rows = list(csv.DictReader(io.StringIO(answer.text, newline="")))
    assert answer.headers["content-type"] == "text/csv; charset=utf-8"
    assert [row["value"] for row in rows] == ["400.0", ""]
    assert rows[1]["status_name"] == "BadNodeIdUnknown"


async def test_spans_of_plant_time(record: Any, reader: Any) -> None:
    """Relative to plant time now, absolute with any offset, the end not included; the limit says that it cut."""
    record.samples({SPEED: [float(number) for number in range(120)]})

    async def values(**parameters: Any) -> list[float]:
        body = (await reader.get(PATH, property="bot:Filler.CurMachSpeed", **parameters)).json()
        return [item["value"] for item in body["items"]]

    assert await values(**{"from": "-10s"}) == [float(number) for number in range(109 + 1, 120)]
    assert await values(**{"from": "-1m", "to": "-58s"}) == [60.0, 61.0]
    assert await values(**{"from": "2026-09-21T14:13:19Z", "to": "2026-09-21T16:13:20+02:00"}) == [118.0]
    assert await values(limit=2) == [0.0, 1.0]
    cut = await reader.get(PATH, property="Filler.CurMachSpeed", limit=2)
    assert (cut.json()["truncated"], cut.headers["x-truncated"]) == (True, "true")


async def test_thinned_for_a_plot(record: Any, reader: Any) -> None:
    """A peak and a gap among many samples survive; few samples are not thinned."""
    values: list[Any] = [100.0 + number % 7 for number in range(2000)]
    values[777], values[1234], values[1500] = 900.0, -5.0, (None, BAD)
    record.samples({SPEED: values}, step_us=100_000)

    body = (await reader.get(PATH, property="Filler.CurMachSpeed", points=50)).json()
    whole = (await reader.get(PATH, property="Filler.CurMachSpeed", points=5000)).json()

    shown = [item["value"] for item in body["items"]]
    assert body["thinned"] is True
    assert len(shown) <= 51
    assert {900.0, -5.0, None} <= set(shown)
    assert [item["source_at"] for item in body["items"]] == sorted(item["source_at"] for item in body["items"])
    assert (whole["thinned"], len(whole["items"])) == (False, 2000)


@settings(max_examples=40, deadline=None)
@given(
    st.lists(st.tuples(st.integers(0, 50), st.one_of(st.none(), st.floats(-9, 9))), min_size=1, max_size=60),
    st.integers(1, 20),
)
def test_thinning_keeps_the_extremes_of_every_part(
    tmp_path_factory: Any, given_samples: list[tuple[int, float | None]], spans: int
) -> None:
    """Each part of the time keeps its least, its greatest and a gap, and nothing is invented."""
    with History.open(tmp_path_factory.mktemp("thin") / "history.sqlite") as kept:
        tag = kept.register("urn:p", "Double")
        rows = [Reading(tag, value, 0, at, at, at) for at, value in given_samples]
        kept.append([(seq, reading) for seq, reading in enumerate(rows, 1)])

        found = kept.extremes(tag, 0, 51, spans)

    width = math.ceil(51 / spans)
    parts: dict[int, set[float | None]] = {}
    for at, value in given_samples:
        parts.setdefault(at // width, set()).add(value)
    for part, values in parts.items():
        numbers = [value for value in values if value is not None]
        shown = [sample.reading.value for sample in found if sample.reading.source_us // width == part]
        wanted = {*([min(numbers), max(numbers)] if numbers else []), *([None] if None in values else [])}
        assert set(shown) == wanted
        assert len(shown) <= 3
    assert set(found) <= {(seq, reading) for seq, reading in enumerate(rows, 1)}


async def test_values_that_json_does_not_know(record: Any, reader: Any) -> None:
    """NaN and infinities are text, booleans and whole numbers what they are, half a character is replaced in CSV."""
    record.samples({SPEED: [math.nan, math.inf, -math.inf]}, kind="Double")
    record.samples({STATE: [6, True]}, kind="Int32")
    record.samples({BOT["Line.Sku"]: ["half \ud800"]}, kind="String")

    floats = (await reader.get(PATH, property="Filler.CurMachSpeed")).json()
    others = (await reader.get(PATH, property="Filler.StateCurrent")).json()
    text = await reader.get(PATH, property="Line.Sku")
    table = await reader.get(PATH, property="Line.Sku", format="csv")

    assert [item["value"] for item in floats["items"]] == ["NaN", "INF", "-INF"]
    assert [item["value"] for item in others["items"]] == [6, True]
    assert text.json()["items"][0]["value"] == "half \ud800"
    assert "half ?" in table.text


async def test_many_read_at_once(record: Any, reader: Any) -> None:
    """Far more threads than connections that are kept read one file; none takes another's connection away."""
    record.samples({SPEED: [float(number) for number in range(500)]})
    history = reader.twin.history
    tag = history.tag(str(SPEED))

    def read() -> int:
        return sum(len(history.range(tag, 0, NOW_US + 1)) for _ in range(10))

    with ThreadPoolExecutor(24) as pool:
        counts = list(pool.map(lambda _: read(), range(24)))

    assert counts == [5000] * 24


async def test_properties(record: Any, reader: Any) -> None:
    """Which properties have a history, with unit, type and range."""
    record.samples({SPEED: [1.0]})

    (only,) = (await reader.get(f"{PATH}/properties")).json()["items"]

    assert only["property"]["iri"] == str(SPEED)
    assert (only["unit"], only["data_type"], only["writable"]) == ("/min", "Float", False)
    assert only["equipment"]["iri"] == str(BOT.Filler)


@pytest.mark.parametrize(
    ("query", "status", "code"),
    [
        ("", 422, "bad-request"),
        ("property=Filler.CurMachSped", 404, "unknown-node"),
        ("property=no:Thing", 404, "unknown-node"),
        ("property=%FF%00", 404, "unknown-node"),
        ("property=Labeller.CurMachSpeed", 404, "unknown-node"),
        ("property=Filler.CurMachSpeed&from=now&to=-15m", 422, "bad-request"),
        ("property=Filler.CurMachSpeed&from=-5m&to=-5m", 422, "bad-request"),
        ("property=Filler.CurMachSpeed&from=yesterday", 422, "bad-request"),
        ("property=Filler.CurMachSpeed&from=2026-01-01T00:00:00", 422, "bad-request"),
        ("property=Filler.CurMachSpeed&from=-999999999d", 422, "bad-request"),
        ("property=Filler.CurMachSpeed&from=0001-01-01T00:00:00%2B14:00", 422, "bad-request"),
        ("property=Filler.CurMachSpeed&to=9999-12-31T23:59:59-14:00", 422, "bad-request"),
        ("property=Filler.CurMachSpeed&limit=100001", 422, "bad-request"),
        ("property=Filler.CurMachSpeed&limit=0", 422, "bad-request"),
        ("property=Filler.CurMachSpeed&limit=1e99", 422, "bad-request"),
        ("property=Filler.CurMachSpeed&points=1", 422, "bad-request"),
        ("property=Filler.CurMachSpeed&format=pdf", 406, "not-acceptable"),
        ("property=Line.Sku&points=2", 422, "bad-request"),
        ("property=Filler.CurMachSpeed&from=2026-09-21T14:13:19+00:00", 200, None),
    ],
)
async def test_bad_input_is_a_typed_problem(
    record: Any, reader: Any, query: str, status: int, code: str | None
) -> None:
    """Unknown properties, reversed and impossible times, huge limits."""
    record.samples({SPEED: [1.0]})
    record.samples({BOT["Line.Sku"]: ["A", "B", "C"]}, kind="String")

    answer = await reader.http.get(f"{PATH}?{query}", headers=reader.bearer())

    assert (answer.status_code, answer.json().get("code")) == (status, code)


async def test_a_near_name_is_suggested(reader: Any) -> None:
    """Whoever mistypes is told the nearest name."""
    answer = await reader.get(PATH, property="Filler.CurMachSped")

    assert "Did you mean Filler.CurMachSpeed?" in answer.json()["detail"]


@given(st.text(max_size=30))
def test_any_text_is_a_moment_or_a_problem(text: str) -> None:
    """No text makes an error of ours."""
    with contextlib.suppress(BadRequest):
        assert moment_us("from", text, NOW_US) >= 0
