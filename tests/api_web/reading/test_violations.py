"""What is violated now, and since when."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from rdflib import BNode, Namespace

from kg.change import Change, Finding, Findings, Kind, Role, Severity, Source
from kg.terms import double_literal

PATH = "/v1/violations"
BOT = Namespace("https://w3id.org/twinwright/plants/bottling#")
LINK = Source(BOT.Link, Role.LINK)


def observed(record: Any, **findings: tuple[Finding, ...]) -> int:
    """A slice of readings that did this to the results; when."""
    record.changes(Change(Kind.OBSERVATION, LINK), findings=Findings(**findings))
    at_us: int = record.at_us
    return at_us


async def test_labels_messages_and_the_most_severe_first(reader: Any, finding: Finding) -> None:
    """People's words for the focus, the sentence without IRIs, severity, code and how far."""
    warning = replace(finding, severity=Severity.WARNING, code="AAA", focus=BOT.Labeller)
    reader.core.findings = [warning, finding]

    first, second = (await reader.get(PATH)).json()["items"]

    assert first["focus"]["iri"] == str(BOT.Filler)
    assert first["message"] == "The speed of Filler is above its limit."
    assert (first["severity"], first["code"], first["distance"]) == ("Violation", "LIM-SPEED-MAX", 60.0)
    assert (second["severity"], second["since"]) == ("Warning", None)


async def test_since_when(record: Any, reader: Any, finding: Finding) -> None:
    """From the Change that brought it; a new value of the same violation is no new beginning, a new opening is."""
    higher = replace(finding, value=double_literal(510.0))
    began = observed(record, introduced=(finding,))
    record.noise(5)
    observed(record, introduced=(higher,), fixed=(finding,))
    reader.core.findings = [higher]
    (held,) = (await reader.get(PATH)).json()["items"]
    observed(record, fixed=(higher,))
    again = observed(record, introduced=(finding,))
    reader.core.findings = [finding]
    (anew,) = (await reader.get(PATH)).json()["items"]

    assert held["since"] == f"2026-09-21T14:13:{20 + (began - 1_790_000_000_000_000) // 1_000_000:02d}.000000+00:00"
    assert anew["since"] > held["since"]
    assert again > began


async def test_filters_and_pages(reader: Any, finding: Finding) -> None:
    """By severity, code and focus; the rest by cursor."""
    others = [replace(finding, value=double_literal(float(number)), severity=Severity.INFO) for number in range(5)]
    reader.core.findings = [*others, replace(finding, focus=BOT.Labeller, code="OTHER"), finding]

    async def items(**parameters: Any) -> list[Any]:
        return list((await reader.get(PATH, **parameters)).json()["items"])

    assert len(await items(severity="Info")) == 5
    assert [item["code"] for item in await items(focus="Labeller")] == ["OTHER"]
    assert len(await items(code="LIM-SPEED-MAX", severity="Violation")) == 1
    first = (await reader.get(PATH, limit=4)).json()
    rest = (await reader.get(PATH, limit=4, cursor=first["next"])).json()
    assert (len(first["items"]), len(rest["items"]), rest["next"]) == (4, 3, None)


async def test_a_focus_without_a_name(reader: Any, finding: Finding) -> None:
    """A blank node is called by its text."""
    reader.core.findings = [replace(finding, focus=BNode("b1"), code=None, path=None, value=None, distance=None)]

    (item,) = (await reader.get(PATH)).json()["items"]

    assert item["focus"] == {"iri": "_:b1", "label": "_:b1"}


@pytest.mark.parametrize(
    ("query", "status", "code"),
    [
        ("severity=Terrible", 422, "bad-request"),
        ("limit=0", 422, "bad-request"),
        ("limit=100000", 422, "bad-request"),
        ("cursor=x", 422, "bad-request"),
        ("cursor=999999999", 200, None),
        ("focus=no:Filler", 404, "unknown-node"),
        ("focus=%FF%00%22", 200, None),
        ("code=" + "x" * 200, 422, "bad-request"),
    ],
)
async def test_bad_input_is_a_typed_problem(
    reader: Any, finding: Finding, query: str, status: int, code: str | None
) -> None:
    """Nothing that is asked for makes an error of ours."""
    reader.core.findings = [finding]

    answer = await reader.http.get(f"{PATH}?{query}", headers=reader.bearer())

    assert (answer.status_code, answer.json().get("code")) == (status, code)
