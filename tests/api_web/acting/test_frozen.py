"""Frozen properties over HTTP."""

from __future__ import annotations

from urllib.parse import quote

import pytest
from rdflib import Literal, Namespace, URIRef

from kg.change import Change, Kind, Quad, Role, Source
from kg.names import GraphName
from ontology import TW

BOT = Namespace("https://w3id.org/twinwright/plants/bottling#")
SET = BOT["Filler.SetMachSpeed"]


@pytest.fixture
def frozen(bench):
    """A property whose last write ended as unknown."""
    source = Source(URIRef("urn:twinwright:gateway"), Role.GATEWAY)
    quad = Quad(SET, TW.frozen, Literal(True), GraphName.DESIRED)
    assert bench.decide(Change(Kind.OUTCOME, source, adds=(quad,)), source).admitted
    bench.gateway.frozen[str(SET)] = {"request": "urn:uuid:r", "at_us": bench.now_us()}
    return bench


def test_what_is_frozen_is_shown_with_its_request(frozen, ask):
    """By gateway and record."""
    told = ask("vera", "GET", "/frozen").json()

    (item,) = told["items"]
    assert item["property"]["iri"] == str(SET)
    assert item["request"] == "urn:uuid:r"
    assert item["since_at"].endswith("+00:00")
    assert item["heard"] == told["heard"] == {"gateway": True, "core": True}


def test_release_with_a_reason(frozen, ask):
    """Both hear; a second time it was not frozen any more."""
    first = ask("olga", "DELETE", "/frozen/Filler.SetMachSpeed", params={"reason": "Seen: it runs at 300."})
    again = ask("olga", "DELETE", f"/frozen/{quote(str(SET), safe='')}", params={"reason": "Seen."})

    assert (first.status_code, first.json()["was_frozen"], first.json()["warnings"]) == (200, True, [])
    assert (again.status_code, again.json()["was_frozen"]) == (200, False)
    assert frozen.model.frozen == []
    assert ask("olga", "GET", "/frozen").json()["items"] == []


def test_release_needs_a_reason_a_property_and_a_role(frozen, ask):
    """Nothing is released otherwise."""
    path = "/frozen/Filler.SetMachSpeed"

    assert ask("olga", "DELETE", path).status_code == 422
    assert ask("olga", "DELETE", path, params={"reason": " "}).status_code == 422
    assert ask("olga", "DELETE", "/frozen/Filler.SetSpeed", params={"reason": "x"}).status_code == 404
    assert ask("vera", "DELETE", path, params={"reason": "x"}).status_code == 403
    assert frozen.model.frozen == [str(SET)]


def test_release_with_half_a_twin(frozen, ask):
    """202 with a warning; 503 where nobody heard."""
    path = "/frozen/Filler.SetMachSpeed"
    frozen.down = {"core"}
    half = ask("olga", "DELETE", path, params={"reason": "Seen."})
    frozen.down = {"core", "gateway"}
    nobody = ask("olga", "DELETE", path, params={"reason": "Seen."})

    assert (half.status_code, half.json()["heard"]) == (202, {"gateway": True, "core": False})
    assert nobody.status_code == 503
