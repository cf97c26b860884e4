"""Plant folders, good and bad."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from rdflib import XSD, Graph, Literal, URIRef

from api.plantfolder import find, load, shipped
from kg.errors import PlantIncomplete
from kg.names import GraphName
from kg.plantfolder import RELEASED, read_turtle, release_hash
from ontology import TW, UA

BOT = "https://w3id.org/twinwright/plants/bottling#"


def test_the_shipped_plant_loads(plant: Path) -> None:
    """Every graph of the release is there, with servers, bindings, grants, persons and the agent."""
    loaded = load(plant)

    assert set(loaded.graphs) == set(RELEASED)
    assert all(len(graph) for graph in loaded.graphs.values())
    assert loaded.name == "bottling"
    assert {grant.prop.rpartition("#")[2] for grant in loaded.grants} >= {"Filler.SetMachSpeed"}
    assert set(loaded.persons) == {"olga", "sam", "emil", "ada", "vera"}
    assert loaded.agents == (URIRef(BOT + "LineAgent"),)
    assert {quad.g for quad in loaded.quads()} == set(RELEASED)


def test_plants_are_found_by_name_and_by_path(plant: Path) -> None:
    """A path wins over a name; an unknown name lists what there is."""
    assert find(plant) == plant.resolve()
    assert find("bottling").name == "bottling"
    assert "bottling" in shipped()
    with pytest.raises(PlantIncomplete, match="bottling"):
        find("no-such-plant")


def test_the_release_is_what_the_graphs_say(plant: Path) -> None:
    """Order, prefixes and blank-node names don't matter to the release; one changed number does."""
    before = load(plant).release
    text = (plant / "orders.ttl").read_text(encoding="utf-8")
    (plant / "orders.ttl").write_text("# a comment\n@prefix other: <urn:x> .\n" + text, encoding="utf-8")
    same = load(plant).release
    policy = (plant / "policy.ttl").read_text(encoding="utf-8")
    (plant / "policy.ttl").write_text(policy.replace("tw:maxValue 4.4E2", "tw:maxValue 4.3E2"), encoding="utf-8")

    assert same == before
    assert load(plant).release != before


def test_release_hash_names_blank_nodes_canonically() -> None:
    """RDFC-1.0: two parses of the same anonymous nodes give the same hash."""
    turtle = "@prefix : <urn:> . :a :p [ :q [ :r 1 ] ], [ :q 2 ] ."
    graphs = [Graph().parse(data=turtle, format="turtle") for _ in range(2)]

    hashes = {release_hash({GraphName.PLANT: graph}) for graph in graphs}

    assert len(hashes) == 1
    assert release_hash({GraphName.POLICY: graphs[0]}) not in hashes


def test_lexical_forms_are_kept(tmp_path: Path) -> None:
    """What is written is what is held; numbers are not normalised on the way in."""
    path = tmp_path / "model.ttl"
    path.write_text('<urn:s> <urn:p> 4.0E2, 400.0e0, "01"^^<http://www.w3.org/2001/XMLSchema#integer> .')

    held = {str(o) for o in read_turtle(path, GraphName.PLANT).objects()}

    assert held == {"4.0E2", "400.0e0", "01"}


def test_the_address_is_a_matter_of_the_installation(plant: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """An address by argument or environment moves the server; it is part of the model in force."""
    before = load(plant)
    moved = load(plant, endpoint="opc.tcp://127.0.0.1:5000/x")
    monkeypatch.setenv("TWINWRIGHT_ENDPOINT", "opc.tcp://127.0.0.1:5001/x")
    by_environment = load(plant)

    assert moved.servers[0].url == "opc.tcp://127.0.0.1:5000/x"
    assert by_environment.servers[0].url == "opc.tcp://127.0.0.1:5001/x"
    assert len({before.release, moved.release, by_environment.release}) == 3


def _replace(name: str, old: str, new: str) -> Callable[[Path], None]:
    def spoil(folder: Path) -> None:
        text = (folder / name).read_text(encoding="utf-8")
        assert old in text
        (folder / name).write_text(text.replace(old, new, 1), encoding="utf-8")

    return spoil


def _append(name: str, text: str) -> Callable[[Path], None]:
    def spoil(folder: Path) -> None:
        with (folder / name).open("a", encoding="utf-8") as file:
            file.write(text)

    return spoil


def _remove(pattern: str) -> Callable[[Path], None]:
    def spoil(folder: Path) -> None:
        for path in folder.glob(pattern):
            path.unlink()

    return spoil


_PROP = "\n<urn:p> <{ua}nodeId> {node} ; <{ua}dataType> {kind} ; <{ua}server> {server} ; <{tw}predicate> <urn:q> ;\n"
_PROP += "  <https://w3id.org/twinwright/isa95#isPropertyOf> <urn:m> .\n"


def _binding(node: str = '"nsu=urn:x;s=p"', kind: str = '"Float"', server: str = f"<{BOT}LineServer>") -> str:
    return _PROP.format(ua=UA._NS, tw=TW._NS, node=node, kind=kind, server=server)


def _grant(prop: str) -> str:
    numbers = ["minValue", "maxValue", "maxStep", "minIntervalS", "maxPerHour", "tolerance", "confirmWithinS"]
    facts = " ; ".join(f"<{TW._NS}{name}> 1.0E0" for name in [*numbers, "riskClass"])
    return f"\n<{prop}> <{TW.writeGrant}> <urn:g> . <urn:g> {facts} .\n"


SPOILT = {
    "no manifest": (_remove("plant.toml"), r"plant\.toml is missing"),
    "malformed manifest": (_append("plant.toml", "\n= 1\n"), r"plant\.toml is malformed"),
    "no name": (_replace("plant.toml", "name =", "label ="), "name"),
    "no policy": (_remove("policy.ttl"), r"lacks policy\.ttl"),
    "no model": (_remove("[bmo]*.ttl"), "lacks a Turtle file with the plant's model"),
    "malformed Turtle": (_append("model.ttl", "\nbot:X bot:y ;;; ]\n"), r"model\.ttl, line \d+, column \d+"),
    "prefix not declared": (_append("policy.ttl", "\nnobody:x a nobody:Y .\n"), r"policy\.ttl, line \d+"),
    "no server": (_replace("model.ttl", "ua:endpointUrl", "rdfs:seeAlso"), "endpointUrl"),
    "unknown data type": (_append("bindings.ttl", _binding(kind='"Complex"')), "data type Complex"),
    "two data types": (_append("bindings.ttl", _binding() + _binding(kind='"Double"')), "exactly one"),
    "node by index": (_append("bindings.ttl", _binding(node='"ns=2;s=p"')), "must begin with nsu="),
    "unknown server": (_append("bindings.ttl", _binding(server="<urn:nowhere>")), "names the server urn:nowhere"),
    "a node bound twice": (
        _append("bindings.ttl", _binding() + _binding().replace("<urn:p>", "<urn:p2>")),
        "bound to the same node",
    ),
    "a grant for nothing": (_append("policy.ttl", _grant("urn:nothing")), "urn:nothing be written, which is not bound"),
    "a grant for what is read only": (_append("policy.ttl", _grant(BOT + "Filler.CurMachSpeed")), "readWrite"),
    "a grant that lacks a number": (_replace("policy.ttl", "tw:maxStep", "tw:priority"), "maxStep"),
    "a grant beyond the range": (_replace("policy.ttl", "tw:maxValue 4.4E2", "tw:maxValue 9.9E9"), "EURange"),
    "an unknown role": (_replace("policy.ttl", '"operator"', '"king"'), "role king"),
    "a login of a part": (
        _append("policy.ttl", f'\n<urn:core> <{TW.role}> "operator" .\n'),
        "login core",
    ),
}


@pytest.mark.parametrize(("spoil", "told"), SPOILT.values(), ids=SPOILT.keys())
def test_what_is_wrong_is_named(plant: Path, spoil: Callable[[Path], None], told: str) -> None:
    """A folder that cannot run is refused with the file, line or node at fault."""
    spoil(plant)

    with pytest.raises(PlantIncomplete, match=told):
        load(plant)


def test_the_shipped_plant_gives_no_cause_for_a_warning(plant: Path) -> None:
    """Every term in it is defined."""
    assert load(plant).warnings == ()


def test_misspelt_terms_are_warned_of(plant: Path, caplog: pytest.LogCaptureFixture) -> None:
    """Predicates, classes and values of our vocabularies alike, with the file; other people's terms are free."""
    turtle = "\n<urn:a> a tw:Reqest ; tw:noSuchTerm 1 ; isa95:isPartOff <urn:b> ; tw:mode tw:NoWritse ."
    turtle += "\n<urn:a> <urn:their> <urn:own> ."
    _append("model.ttl", turtle)(plant)

    warnings = load(plant).warnings

    assert [warning.partition(" is not a term")[0] for warning in warnings] == [
        f"model.ttl: {TW._NS}NoWritse",
        f"model.ttl: {TW._NS}Reqest",
        f"model.ttl: {TW._NS}mode",
        f"model.ttl: {TW._NS}noSuchTerm",
        "model.ttl: https://w3id.org/twinwright/isa95#isPartOff",
    ]
    assert warnings[1].endswith("Did you mean Request?")
    assert all(warning in caplog.messages for warning in warnings)


def test_a_plant_without_rules_runs_and_says_so(plant: Path) -> None:
    """It may be meant, so it is no error."""
    (plant / "rules.ttl").unlink()

    assert load(plant).warnings == ("original has no rules.ttl, so agents have nothing to propose.",)


def test_a_missing_folder_is_named(tmp_path: Path) -> None:
    """Neither a missing folder nor a file in its place is mistaken for a plant."""
    (tmp_path / "file").write_text("")

    for place in (tmp_path / "nowhere", tmp_path / "file"):
        with pytest.raises(PlantIncomplete, match=place.name):
            load(place)


def test_turtle_literals_round_trip(tmp_path: Path) -> None:
    """Languages, data types and escapes come through."""
    path = tmp_path / "model.ttl"
    path.write_text('<urn:s> <urn:p> "F\\"ü\\n"@de, "a", true, 3 .', encoding="utf-8")

    held = set(read_turtle(path, GraphName.PLANT).objects())

    assert held == {Literal('F"ü\n', lang="de"), Literal("a"), Literal(True), Literal("3", datatype=XSD.integer)}
