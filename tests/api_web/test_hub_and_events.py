"""One subscription for many readers, resumable, and never in the core's way."""

from __future__ import annotations

import asyncio
from contextlib import aclosing

import pytest
from stubs import SilentCore, StubTwin, event, snapshot

from api.web import hub as hub_module
from api.web.hub import Hub
from api.web.routes.events import _QUIET, _stream


def fed(*items: dict[str, object]) -> Hub:
    hub = Hub(SilentCore())
    for item in items:
        hub._take(item)
    return hub


async def collect(hub: Hub, after: int | None, count: int) -> list[object]:
    found: list[object] = []
    async with aclosing(hub.events(after)) as events, asyncio.timeout(2):
        async for item in events:
            found.append(item.get("seq", item))
            if len(found) == count:
                break
    return found


async def test_readers_resume_where_they_were() -> None:
    """What was missed comes first, then what happens."""
    hub = fed(snapshot(10), {"event": event(11)}, {"event": event(12)}, {"event": event(13)})

    assert await collect(hub, 11, 2) == [12, 13]
    assert hub.readers == 0


@pytest.mark.parametrize("after", [3, 99])
async def test_a_reader_from_another_time_begins_again(after: int) -> None:
    """Too old, or from a run that got further: the reader is told, and nothing is passed over in silence."""
    hub = fed(snapshot(10), {"event": event(11)})

    assert await collect(hub, after, 1) == [{"resync": 11}]


async def test_a_slow_reader_is_let_go(monkeypatch: pytest.MonkeyPatch) -> None:
    """Its stream ends after what it was given; the others and the core do not notice."""
    monkeypatch.setattr(hub_module, "BEHIND", 3)
    hub = fed(snapshot(0))
    async with aclosing(hub.events()) as slow:
        first = asyncio.ensure_future(anext(slow))
        await asyncio.sleep(0)
        for seq in range(1, 9):
            hub._take({"event": event(seq)})
        got = [(await first)["seq"]] + [item["seq"] async for item in slow]

    assert got == [1, 2, 3]
    assert hub.model.seq == 8


async def test_what_was_seen_twice_counts_once() -> None:
    """The core publishes at least once."""
    hub = fed(snapshot(10), {"event": event(11)}, {"event": event(11)})

    assert await collect(hub, 10, 1) == [11]
    assert len(hub._recent) == 1


async def test_the_hub_says_when_the_core_is_gone() -> None:
    """Pages must not show old values as new."""
    core = SilentCore(snapshot(5))
    hub = Hub(core)
    with hub.watch() as news:
        following = asyncio.create_task(hub.run())
        await asyncio.wait_for(news.wait(), 2)
        following.cancel()
        await asyncio.wait({following})

    assert hub.connected is False
    assert hub.model.seq == 5
    assert core.asked == [{"from_seq": None}]


async def test_the_stream_is_server_sent_events() -> None:
    """Each event bears its seq as id; readings are left out unless asked for."""
    twin = StubTwin(hub=fed(snapshot(1), {"event": event(2, "observation")}, {"event": event(3, "stop")}))
    lines: list[str] = []
    async with aclosing(_stream(twin, 1, _QUIET)) as stream, asyncio.timeout(2):  # type: ignore[arg-type]
        async for line in stream:
            lines.append(line)
            if len(lines) == 2:
                break

    assert lines[0].startswith("retry: ")
    assert lines[1].startswith('id: 3\nevent: change\ndata: {"seq": 3, "kind": "stop"')
    assert lines[1].endswith("\n\n")
