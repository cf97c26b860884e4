"""Indicators and losses."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

from ontology import TW

PATH = "/v1/kpis"
BOT = "https://w3id.org/twinwright/plants/bottling#"


async def test_indicators_with_labels_units_and_trend(reader: Any) -> None:
    """What the graph holds of the line and its machines, in people's words."""
    for second in range(3):
        reader.twin.hub.model.plant_us += second * 10_000_000
        reader.twin.hub._trends.take(reader.twin.hub.model)

    body = (await reader.get(PATH)).json()

    found = {(item["equipment"]["iri"], item["indicator"]["label"]): item for item in body["items"]}
    oee = found[BOT + "Line", "OEE index"]
    assert (oee["value"], oee["unit"]) == (0.83, "1")
    assert oee["plant_at"].endswith("+00:00")
    assert [value for _, value in oee["trend"]] == [0.83] * 3
    assert found[BOT + "Line", "Throughput per hour"]["unit"] == "/h"
    assert (BOT + "Filler", "Availability") in found
    assert body["losses"] == [
        {
            "minutes": 12.5,
            "equipment": {"iri": BOT + "Labeller", "label": body["losses"][0]["equipment"]["label"]},
            "reason": "jam",
        }
    ]


async def test_one_machine(reader: Any) -> None:
    """`equipment` takes a name or an IRI; without `trend` there are no points."""
    filler = (await reader.get(PATH, equipment="Filler", trend=False)).json()
    labeller = (await reader.get(PATH, equipment=BOT + "Labeller")).json()

    assert [item["indicator"]["label"] for item in filler["items"]] == ["Availability"]
    assert filler["items"][0]["trend"] == []
    assert filler["losses"] == []
    assert [loss["minutes"] for loss in labeller["losses"]] == [12.5]


async def test_values_that_are_no_numbers_are_left_out(reader: Any) -> None:
    """NaN is no indicator and no JSON."""
    reader.twin.hub.model.facts[BOT + "Line", str(TW.oee)] = float("nan")

    body = (await reader.get(PATH, equipment="Line")).json()

    assert "OEE index" not in {item["indicator"]["label"] for item in body["items"]}


async def test_bad_input_and_an_absent_core(reader: Any) -> None:
    """Unknown equipment is 404; before the core was heard there are no figures; old ones say so."""
    unknown = await reader.get(PATH, equipment="Fillr")
    prefix = await reader.get(PATH, equipment="no:Filler")
    old = (await reader.get(PATH)).json()
    reader.twin.hub.model = SimpleNamespace(layout=None)
    absent = await reader.get(PATH)

    assert (unknown.status_code, unknown.json()["code"]) == (404, "unknown-node")
    assert (prefix.status_code, prefix.json()["code"]) == (404, "unknown-node")
    assert old["connected"] is False
    assert (absent.status_code, absent.json()["code"]) == (503, "service-down")
