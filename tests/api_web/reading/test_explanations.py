"""Explanations in the form that the reader wants."""

from __future__ import annotations

from typing import Any
from xml.etree import ElementTree

import pytest
from pyoxigraph import RdfFormat, parse
from rdflib import PROV

from api.web.routes.explanations import Explained

PATH = "/v1/explanations"


@pytest.fixture
def ident(record: Any) -> str:
    made: str = record.proposal("checked", "committed")
    return made


async def test_sentence_and_tree(reader: Any, ident: str) -> None:
    """JSON by default, in the shape that the API describes."""
    answer = await reader.get(f"{PATH}/{ident}")

    told = Explained.model_validate_json(answer.content)
    assert answer.headers["content-type"] == "application/json"
    assert told.id == ident
    assert "Run the filler at 300 per minute." in told.sentence
    assert next(branch.text for branch in told.tree.branches if branch.sort == "step") == "reasoned"
    assert answer.headers["vary"] == "Accept"


async def test_text_for_people_and_in_full(reader: Any, ident: str) -> None:
    """Indented text; in full with ids."""
    brief = await reader.get(f"{PATH}/{ident.removeprefix('urn:uuid:')}", "text/plain")
    full = await reader.get(f"{PATH}/{ident}", format="text", full=True)

    assert brief.headers["content-type"] == "text/plain; charset=utf-8"
    assert "urn:uuid" not in brief.text
    assert ident in full.text
    assert "\n  " in full.text


@pytest.mark.parametrize("form", [RdfFormat.TURTLE, RdfFormat.JSON_LD])
async def test_provenance(reader: Any, ident: str, form: RdfFormat) -> None:
    """PROV-O in Turtle and JSON-LD."""
    answer = await reader.get(f"{PATH}/{ident}", form.media_type)

    activities = {quad.subject for quad in parse(answer.text, format=form) if quad.object.value == str(PROV.Activity)}
    assert answer.headers["content-type"].startswith(form.media_type)
    assert len(activities) == 3


async def test_picture(reader: Any, ident: str) -> None:
    """SVG is what the explanation draws of itself."""
    answer = await reader.get(f"{PATH}/{ident}", "image/svg+xml,*/*;q=0.1")

    assert answer.headers["content-type"] == "image/svg+xml"
    assert ElementTree.fromstring(answer.text).tag == "{http://www.w3.org/2000/svg}svg"


@pytest.mark.parametrize(
    ("path", "accept", "status", "code"),
    [
        ("nobody", None, 404, "unknown-node"),
        ("6f0d", None, 404, "unknown-node"),
        ("urn:uuid:6f0d4b1e-4f7a-4a59-9d0e-3a1b7d6c2f10", None, 404, "unknown-node"),
        ("%FF%00", None, 404, "unknown-node"),
        ("nobody", "image/png", 406, "not-acceptable"),
        ("nobody?format=pdf", None, 406, "not-acceptable"),
        ("nobody?full=perhaps", None, 422, "bad-request"),
    ],
)
async def test_bad_input_is_a_typed_problem(reader: Any, path: str, accept: str | None, status: int, code: str) -> None:
    """Unknown ids, odd bytes and formats that do not exist."""
    headers = reader.bearer() | ({} if accept is None else {"Accept": accept})

    answer = await reader.http.get(f"{PATH}/{path}", headers=headers)

    assert (answer.status_code, answer.json()["code"]) == (status, code)
