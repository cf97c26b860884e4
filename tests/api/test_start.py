"""From a plant folder to the processes of a twin."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from pydantic import SecretStr

from api.autonomy import set_autonomy
from api.parts import END_ORDER, PlantChoice, plant_part, twin_parts
from api.ports import free_port, require_free
from api.prepare import Prepared, prepare
from api.run_info import RunInfo
from api.settings import Settings
from kg.change import Kind, Source, Verdict
from kg.errors import DataDirectoryLocked, NotAuthorised, PlantIncomplete, UnknownNode
from kg.opcua.gateway.shipped import why_read_only
from kg.store import DataDirectory
from kg.tokens import read_tokens
from kg.wire import json_to_change, verdict_to_json
from ontology import TW

BOT = "https://w3id.org/twinwright/plants/bottling#"
LOCAL = "opc.tcp://127.0.0.1:5000/twinwright/bottling/"


def test_what_runs_is_a_copy(plant: Path, tmp_path: Path) -> None:
    """Byte for byte, so that a shipped plant is still known as one; tokens and names lie beside it."""
    prepared = prepare(tmp_path / "data", plant, LOCAL)

    assert prepared.plant.folder != plant
    assert why_read_only(prepared.plant, prepared.plant.servers) is None
    assert prepared.info.endpoint == LOCAL
    assert RunInfo.read(tmp_path / "data") == prepared.info
    assert read_tokens(tmp_path / "data") == prepared.tokens
    with pytest.raises(PlantIncomplete, match="the original"):
        prepare(tmp_path / "data", prepared.plant.folder)


def test_a_running_core_keeps_its_tokens(plant: Path, tmp_path: Path) -> None:
    """A data directory that a core owns is left alone."""
    prepare(tmp_path, plant)
    before = read_tokens(tmp_path)
    with DataDirectory(tmp_path), pytest.raises(DataDirectoryLocked):
        prepare(tmp_path, plant)

    assert read_tokens(tmp_path) == before


def test_names_are_what_people_write(plant: Path, tmp_path: Path) -> None:
    """Plain, prefixed and full names lead to the same IRI, and back to the shortest."""
    info = prepare(tmp_path, plant).info

    names = ("Filler", "bot:Filler", f"<{BOT}Filler>", f"{BOT}Filler")
    assert {str(info.iri(name)) for name in names} == {BOT + "Filler"}
    assert info.iri("plant") == TW.Plant
    assert str(info.iri("urn:uuid:1")) == "urn:uuid:1"
    assert [info.short(str(info.iri(name))) for name in ("Filler", "plant", "tw:stale")] == [
        "Filler",
        "plant",
        "tw:stale",
    ]
    with pytest.raises(UnknownNode):
        info.iri("nobody:x")


def test_secrets_go_where_they_are_needed(plant: Path, tmp_path: Path) -> None:
    """Only the gateway and the simulated controller are given the password, and not on their command lines."""
    prepared = prepare(tmp_path, plant, LOCAL)
    settings = Settings.of({}, {}, gateway_password=SecretStr("very secret"))

    parts = twin_parts(prepared, settings, agents=False)
    simulated = plant_part(PlantChoice("plants.bottling", 5000, inject=["jam:labeller@60s"]), settings)

    assert [part.name for part in parts] == ["core", "gateway", "replica", "agents", "web"]
    assert set(END_ORDER) == {part.name for part in (*parts, simulated)}
    assert [part.name for part in (*parts, simulated) if "very secret" in part.environment.values()] == [
        "gateway",
        "plant",
    ]
    assert not any("very secret" in word for part in (*parts, simulated) for word in part.command)
    assert parts[0].environment["TWINWRIGHT_ENDPOINT"] == LOCAL
    assert parts[3].command[-1] == "--disabled"
    assert simulated.command[-2:] == ["--inject", "jam:labeller@60s"]


def test_ports() -> None:
    """A free port can be taken."""
    require_free(free_port())


async def test_autonomy_is_an_engineers_change_of_the_policy(fake: Any) -> None:
    """One EDIT that moves every level that differs; nothing where all are as wanted; a refusal is an error."""
    levels = {"urn:a": "shadow", "urn:b": "advise"}
    rows = [{"node": {"value": node}, "level": {"value": level}} for node, level in levels.items()]
    admitted = [True, False]

    def submit(source: Source, body: dict[str, Any]) -> dict[str, Any]:
        change = json_to_change(body["change"], source)
        return dict(verdict_to_json(Verdict(change.id, admitted.pop(0), 9, "r")))

    fake.serve("replica", query=lambda source, body: {"results": {"results": {"bindings": rows}}})
    fake.serve("core", submit=submit)
    prepared = Prepared(fake.data, fake.plant, RunInfo.of(fake.plant), fake.tokens)

    seq = await set_autonomy(prepared, "advise", 1, "trial")
    with pytest.raises(NotAuthorised):
        await set_autonomy(prepared, "approve", 1, "trial")
    rows[0]["level"]["value"] = "advise"
    nothing = await set_autonomy(prepared, "advise", 1, "trial")

    sent = [call for call in fake.calls if call[1] == "submit"]
    change = json_to_change(sent[0][3]["change"], fake.plant.persons["emil"])
    assert (seq, nothing, len(sent)) == (9, None, 2)
    assert sent[0][2] == "emil"
    assert change.kind is Kind.EDIT
    assert [(str(q.s), str(q.o)) for q in change.adds] == [("urn:a", "advise")]
    assert [(str(q.s), str(q.o)) for q in change.removes] == [("urn:a", "shadow")]
