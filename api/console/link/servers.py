"""The OPC UA servers: connected since when, what comes in, and what was lost."""

from __future__ import annotations

from collections.abc import Mapping
from html import escape
from typing import Any, Final

from api.console.link.ages import age, moment
from api.console.operate.sheet import Sheet, Values
from api.run_info import RunInfo

#: What the counters of a link are called, in the order to show them.
_COUNTERS: Final = (
    ("received", "Samples received"),
    ("batches", "Messages"),
    ("reconnects", "Reconnects"),
    ("gaps", "Gaps"),
    ("overflow", "Queue overflows"),
    ("out_of_order", "Out of order"),
    ("duplicates", "Duplicates left out"),
    ("dropped", "Dropped"),
)
#: Those that should be nought.
_WRONG: Final = frozenset({"overflow", "dropped"})


def servers_values(core: Mapping[str, Any], now_us: int) -> Values:
    """What may change about the servers."""
    values: Values = {}
    for number, told in enumerate(core.get("link", {}).values()):
        key, connected = f"s{number}", bool(told.get("connected"))
        values |= {
            f"{key}.state": "connected" if connected else "NOT CONNECTED",
            f"{key}.state@data-tone": "calm" if connected else "alarm",
            f"{key}.since": _since(told, connected, now_us),
            f"{key}.session": _session(told),
            f"{key}.publish": _published(told, now_us),
            f"{key}.offset": _offset(told),
            f"{key}.refused": _refused(told),
        }
        for name, _ in _COUNTERS:
            count = int(told.get(name) or 0)
            values[f"{key}.{name}"] = f"{count:,}"
            values[f"{key}.{name}@data-tone"] = "caution" if count and name in _WRONG else "calm"
    return values


def servers_markup(info: RunInfo, core: Mapping[str, Any], sheet: Sheet) -> str:
    """One card for each server."""
    cards = [_card(f"s{n}", info.short(iri), told, sheet) for n, (iri, told) in enumerate(core.get("link", {}).items())]
    if not cards:
        cards = [f'<p class="tw-empty">{escape(str(core.get("error") or "No server is known."))}</p>']
    return "".join(cards)


def _card(key: str, name: str, told: Mapping[str, Any], sheet: Sheet) -> str:
    rows = [
        ("Address", escape(str(told.get("url", "--")))),
        ("Session", sheet.text(f"{key}.session")),
        ("Newest message", sheet.text(f"{key}.publish")),
        ("Its clock", sheet.text(f"{key}.offset")),
        ("Refused items", sheet.text(f"{key}.refused")),
    ]
    facts = "".join(f"<dt>{title}</dt><dd>{text}</dd>" for title, text in rows)
    counters = "".join(
        f'<div><span class="lk-under">{words}</span>{sheet.text(f"{key}.{counter}", cls="lk-count")}</div>'
        for counter, words in _COUNTERS
    )
    return (
        f'<article class="lk-server"><h3>{escape(name)} {sheet.text(f"{key}.state", cls="lk-quality")} '
        f'{sheet.text(f"{key}.since", cls="lk-since")}</h3><dl class="lk-facts">{facts}</dl>'
        f'<div class="lk-counters">{counters}</div></article>'
    )


def _since(told: Mapping[str, Any], connected: bool, now_us: int) -> str:
    since_us = told.get("since_us")
    if not since_us:
        return "" if connected else str(told.get("cause") or "")
    since = f"since {moment(since_us)} UTC ({age(since_us, now_us)})"
    return since if connected else f"{since}: {told.get('cause')}"


def _session(told: Mapping[str, Any]) -> str:
    number = told.get("subscription_id")
    return f"{told.get('items', 0)} items in subscription {number}" if number is not None else "none"


def _published(told: Mapping[str, Any], now_us: int) -> str:
    last_us = told.get("last_publish_us")
    return f"{age(last_us, now_us)} ago" if last_us else "none"


def _offset(told: Mapping[str, Any]) -> str:
    offset_us = told.get("clock_offset_us")
    if offset_us is None:
        return "not read"
    return f"{abs(offset_us) / 1e6:,.1f} s {'ahead of' if offset_us > 0 else 'behind'} ours"


def _refused(told: Mapping[str, Any]) -> str:
    refused = told.get("refused") or {}
    return ", ".join(f"{prop.rpartition('#')[2]} ({status})" for prop, status in refused.items()) or "none"
