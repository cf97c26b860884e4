"""Decisions, newest first, and one in all its steps."""

from __future__ import annotations

import random
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from agents.pipeline import End
from api.web import decisions as module
from api.web.beginnings import Beginnings
from api.web.decisions import Sought, State, page
from kg.journal import JournalReader
from kg.store import DataPaths

PATH = "/v1/decisions"


def at(us: int) -> str:
    return datetime.fromtimestamp(us / 1e6, UTC).isoformat()


async def all_pages(reader: Any, **parameters: Any) -> list[str]:
    """The ids of every page, until there is no next one."""
    idents, cursor = [], None
    for _ in range(200):
        body = (await reader.get(PATH, **parameters, **({} if cursor is None else {"cursor": cursor}))).json()
        idents += [item["id"] for item in body["items"]]
        cursor = body["next"]
        if cursor is None:
            return idents
    raise AssertionError("the pages do not end")


async def test_newest_first_with_words(record: Any, reader: Any) -> None:
    """Each line says who wanted what and what became of it, with labels."""
    committed = record.proposal("checked", "committed")
    record.noise(3)
    refused = record.request("olga", refused="LIM-SPEED-MAX")

    body = (await reader.get(PATH)).json()

    first, second = body["items"]
    assert (first["id"], first["author"]["label"], first["end"]) == (refused, "Olga", "refused")
    assert (second["id"], second["end"], second["end_in_words"]) == (committed, "committed", "written and confirmed")
    assert second["sentence"] == "Run the filler at 300 per minute."
    assert (second["stage"], second["steps"], second["role"]) == ("committed", 3, "agent")
    assert second["desired"].startswith('"3.0E2"')
    assert body["next"] is None


async def test_pages_hold_each_decision_once(record: Any, reader: Any) -> None:
    """Following `next` gives every decision once, in the order of their beginnings, however small the page."""
    made = [record.proposal("checked") if number % 3 else record.request() for number in range(11)]

    for limit in (1, 4, 11, 100):
        assert await all_pages(reader, limit=limit) == made[::-1]


async def test_a_page_looks_at_a_bounded_part_of_the_journal(
    record: Any, reader: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    """However long the journal, a page reads so many entries and then says that there is more."""
    monkeypatch.setattr(module, "LOOKED_AT", 30)
    monkeypatch.setattr("api.web.beginnings._STEP", 10)
    old = record.proposal("checked")
    record.noise(200)
    new = record.proposal("checked")
    journal, spans = reader.twin.journal, []
    newest = type(journal).newest

    def counted(self: Any, holding: Any, before: int, after: int = 0, limit: int | None = None) -> Any:
        spans.append(before - after - 1)
        return newest(self, holding, before, after, limit)

    monkeypatch.setattr(type(journal), "newest", counted)
    found, following = page(journal, Sought(), 20)

    assert [summary.id for _, summary in found] == [new]
    assert following is not None
    assert sum(spans) == 30
    assert await all_pages(reader, limit=20) == [new, old]


async def test_since_reads_no_further_back(record: Any, reader: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """`since` finds its place by halving and ends the pages there."""
    monkeypatch.setattr(module, "_CLOCK_SLACK_US", 0)
    record.proposal("checked")
    record.noise(100)
    moment = record.at_us + 1
    new = record.proposal("checked")

    found, following = page(reader.twin.journal, Sought(since_us=moment), 20)
    body = (await reader.get(PATH, since=at(moment))).json()

    assert [summary.id for _, summary in found] == [new]
    assert following is None
    assert [item["id"] for item in body["items"]] == [new]


async def test_filters(record: Any, reader: Any) -> None:
    """By state, by way of ending, and by who began: login, name or IRI."""
    opened = record.proposal("checked")
    ended = record.proposal("checked", "withdrawn")
    person = record.request("sam", refused="X")

    assert await all_pages(reader, state="open") == [opened]
    assert await all_pages(reader, state="ended") == [person, ended]
    assert await all_pages(reader, state="withdrawn") == [ended]
    assert await all_pages(reader, author="sam") == [person]
    assert await all_pages(reader, author="LineAgent") == [ended, opened]
    assert await all_pages(reader, author="https://w3id.org/twinwright/plants/bottling#sam") == [person]
    assert await all_pages(reader, author="nobody") == []


async def test_every_step_of_one(record: Any, reader: Any) -> None:
    """Steps in order, each with its place in the journal, who, when, and why it was refused."""
    ident = record.request("olga", refused="LIM-SPEED-MAX")

    body = (await reader.get(f"{PATH}/{ident}")).json()
    short = (await reader.get(f"{PATH}/{ident.removeprefix('urn:uuid:').upper()}")).json()

    (step,) = body["steps"]
    assert body["decision"]["id"] == ident
    assert (step["kind"], step["ok"], step["admitted"]) == ("request", False, False)
    assert step["reasons"][0]["code"] == "LIM-SPEED-MAX"
    assert step["reason"] == "Faster, please."
    assert step["at"].endswith("+00:00")
    assert len(step["hash"]) == 64
    assert short == body


@pytest.mark.parametrize(
    ("path", "status", "code"),
    [
        (f"{PATH}?limit=0", 422, "bad-request"),
        (f"{PATH}?limit=99999999999", 422, "bad-request"),
        (f"{PATH}?cursor=-1", 422, "bad-request"),
        (f"{PATH}?cursor=999999999999999", 200, None),
        (f"{PATH}?state=asleep", 422, "bad-request"),
        (f"{PATH}?since=yesterday", 422, "bad-request"),
        (f"{PATH}?since=2026-01-01T00:00:00", 422, "bad-request"),
        (f"{PATH}?since=0001-01-01T00:00:00%2B14:00", 200, None),
        (f"{PATH}?since=9999-12-31T23:59:59-14:00", 200, None),
        (f"{PATH}?author=no:thing", 404, "unknown-node"),
        (f"{PATH}?author=%FF%00", 200, None),
        (f"{PATH}/6f0d4b1e", 404, "unknown-node"),
        (f"{PATH}/%FF%00%0A", 404, "unknown-node"),
        (f"{PATH}/" + "x" * 300, 422, "bad-request"),
    ],
)
async def test_bad_input_is_a_typed_problem(record: Any, reader: Any, path: str, status: int, code: str | None) -> None:
    """Nothing that is asked for makes an error of ours."""
    record.proposal("checked")

    answer = await reader.http.get(path, headers=reader.bearer())

    assert (answer.status_code, answer.json().get("code")) == (status, code)


def test_what_is_known_equals_what_is_read(record: Any, data: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Asked in any order while the journal grows, the known beginnings are those of a fresh look."""
    monkeypatch.setattr("api.web.beginnings._STEP", 5)
    rng = random.Random(11)
    record.noise(10)
    with JournalReader.open(DataPaths(data).journal) as journal:
        known = Beginnings(journal)
        for _ in range(60):
            rng.choice((lambda: record.noise(3), lambda: record.proposal("checked"), record.request))()
            before = rng.randint(0, journal.head().index + 3)
            after = rng.randint(0, before)

            assert list(known.newest(before, after)) == list(Beginnings(journal).newest(before, after))


def test_every_end_can_be_asked_for() -> None:
    """What a decision can end as, a list of decisions can be narrowed to."""
    assert {str(end) for end in End} <= set(State)
