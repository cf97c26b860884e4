"""Servers, gateway, gaps and parts of the page Link."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from rdflib import RDF

from api.console.link.gaps import DAY_US, Gap, gaps_markup, gaps_of, marks_of
from api.console.link.gateway import allowed_markup, gateway_values
from api.console.link.news import read_parts
from api.console.link.parts import parts_values
from api.console.link.servers import servers_values
from api.console.link.trend import Trend
from api.console.operate.sheet import Sheet
from api.live import LineModel
from kg.plantfolder import PlantFolder, load
from ontology import TW

NOW_US = 1_795_377_000_000_000
BOT = "https://w3id.org/twinwright/plants/bottling#"
FILLER = f"{BOT}Filler.SetMachSpeed"


@pytest.fixture(scope="module")
def plant() -> PlantFolder:
    """The bottling line."""
    return load(Path(__file__).resolve().parents[3] / "plants" / "bottling")


def link(**told: Any) -> dict[str, Any]:
    """A core's status with one server."""
    server = {"url": "opc.tcp://x", "connected": True, "items": 106, "subscription_id": 78, "refused": {}}
    return {"link": {f"{BOT}LineServer": server | told}}


def test_a_connected_server_says_since_when() -> None:
    """With the moment and the time that has passed."""
    values = servers_values(link(since_us=NOW_US - 5_000_000), NOW_US)

    assert values["s0.state"] == "connected"
    assert values["s0.since"].endswith("UTC (5.0 s)")
    assert values["s0.session"] == "106 items in subscription 78"


def test_a_lost_server_says_why() -> None:
    """In words, with a tone."""
    values = servers_values(link(connected=False, cause="the server has published nothing for 9 s"), NOW_US)

    assert (values["s0.state"], values["s0.state@data-tone"]) == ("NOT CONNECTED", "alarm")
    assert values["s0.since"] == "the server has published nothing for 9 s"


def test_only_losses_have_a_tone() -> None:
    """Reconnects are news, an overflow is a loss."""
    values = servers_values(link(overflow=3, reconnects=2), NOW_US)

    assert values["s0.overflow@data-tone"] == "caution"
    assert values["s0.reconnects@data-tone"] == "calm"


def test_refused_items_are_named_with_their_status() -> None:
    """By the last part of their IRI."""
    values = servers_values(link(refused={FILLER: "BadNodeIdUnknown"}), NOW_US)

    assert values["s0.refused"] == "Filler.SetMachSpeed (BadNodeIdUnknown)"


def gateway(**told: Any) -> dict[str, Any]:
    """A gateway's status."""
    return {"lease_s": 3.1, "targets": [FILLER], "excluded": {}, "stops": [], "frozen": {}, "running": []} | told


def test_a_gateway_that_does_not_answer_is_an_alarm(plant: PlantFolder) -> None:
    """Its sentence stands in place of its state, and nothing is claimed of the rest."""
    values = gateway_values(plant, {"error": "The gateway does not answer."})

    assert values.pop("g.state") == "The gateway does not answer."
    assert values.pop("g.state@data-tone") == "alarm"
    assert set(values.values()) == {"not known"}


def test_without_a_lease_nothing_is_written(plant: PlantFolder) -> None:
    """And that is said."""
    assert gateway_values(plant, gateway(lease_s=0.0))["g.state"] == "no lease, so no writes"


def test_stops_are_told_in_words(plant: PlantFolder) -> None:
    """Scope, what it forbids, who set it and why."""
    stop = {"scope": f"{BOT}Filler", "mode": "no-writes", "until_us": None, "reason": "Cleaning", "by": f"{BOT}olga"}

    values = gateway_values(plant, gateway(stops=[stop]))

    assert values["g.stops"] == "Filler: nobody writes, set by Olga, “Cleaning”"


def test_each_grant_says_whether_it_may_be_written_now(plant: PlantFolder) -> None:
    """Writable, excluded with the reason, frozen, or unknown to the gateway."""
    place = next(n for n, grant in enumerate(plant.grants) if str(grant.prop) == FILLER)

    def now(**told: Any) -> str:
        return gateway_values(plant, gateway(**told))[f"w{place}.now"]

    assert now() == "may be written"
    assert now(excluded={FILLER: "its binding gives no unit"}) == "not writable: its binding gives no unit"
    assert now(frozen={FILLER: {}}) == "frozen: the outcome of a write is unknown"
    assert now(targets=[]) == "not on the gateway's list"


def test_the_allow_list_has_range_step_and_rate(plant: PlantFolder) -> None:
    """As the site's policy grants them."""
    page = allowed_markup(plant, Sheet({}))

    assert "<td>100 to 440/min</td><td>240/min</td><td>10 s after the last</td><td>60</td>" in page


def test_gaps_come_from_the_graph_newest_first() -> None:
    """With server, times and cause."""
    model = LineModel()
    for hour in (3, 5):
        node = f"{BOT}LineServer.gap.{hour}"
        model.facts.update(
            {
                (node, str(RDF.type)): str(TW.Gap),
                (node, str(TW.ofServer)): f"{BOT}LineServer",
                (node, str(TW.gapFrom)): datetime(2026, 11, 22, hour, tzinfo=UTC),
                (node, str(TW.gapUntil)): datetime(2026, 11, 22, hour, 10, tzinfo=UTC),
                (node, str(TW.gapCause)): "<b>the twin</b> was not running",
            }
        )

    gaps = gaps_of(model)
    page = gaps_markup(gaps, gaps[0].until_us)

    assert [gap.server for gap in gaps] == ["LineServer", "LineServer"]
    assert gaps[0].from_us > gaps[1].from_us
    assert "2 in the last 24 hours, 20 min together" in page
    assert "<b>" not in page


def test_marks_lie_within_the_day_and_can_be_seen() -> None:
    """A short gap has a least width, a long one is cut, an old one is left out."""
    short = Gap("S", NOW_US - 1_000_000, NOW_US, "")
    long = Gap("S", NOW_US - 2 * DAY_US, NOW_US - DAY_US // 2, "")
    old = Gap("S", NOW_US - 3 * DAY_US, NOW_US - 2 * DAY_US, "")

    marks = marks_of([short, long, old], NOW_US)

    assert [gap for _, _, gap in marks] == [short, long]
    assert marks[0][0] + marks[0][1] == pytest.approx(100)
    assert marks[0][1] >= 0.4
    assert marks[1][:2] == pytest.approx((0, 50))


def test_restarts_and_an_unsealed_record_stand_out() -> None:
    """Both are abnormal."""
    parts = [{"name": "core", "state": "running", "restarts": 2, "since_s": NOW_US / 1e6 - 60, "pid": 7}]

    values = parts_values({"seq": 12345, "unsealed": True}, parts, NOW_US)

    assert (values["p0.restarts"], values["p0.restarts@data-tone"]) == ("2", "caution")
    assert values["p0.since"] == "60 s"
    assert values["p.seq"] == "12,345"
    assert values["p.seal@data-tone"] == "alarm"


def test_without_a_supervisor_there_are_no_parts(tmp_path: Path) -> None:
    """No file, or one that is being written: no parts, no error."""
    assert read_parts(tmp_path) == ()
    (tmp_path / "run").mkdir()
    (tmp_path / "run" / "parts.json").write_text("[{", encoding="utf-8")
    assert read_parts(tmp_path) == ()


def test_a_trend_can_be_read_as_a_sentence() -> None:
    """For whoever cannot see the plot."""
    assert Trend(0, 900_000_000, ((0, 1.0), (5, 3.0), (9, None))).told("kW") == (
        "From -- to 00:15:00.0 plant time: lowest 1 kW, highest 3 kW, newest 3 kW."
    )
    assert Trend(0, 900_000_000, ()).told("kW").endswith("plant time: no value.")
