"""Gaps in what was seen of the servers, as a list and as marks on the last 24 hours."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from html import escape
from typing import Final

from rdflib import URIRef

from api.console.link.ages import moment, span
from api.live import LineModel
from kg.tokens import local_name
from ontology import TW

DAY_US: Final = 24 * 3600 * 1_000_000
_NARROWEST: Final = 0.4
"""Per cent of the strip: a short gap must be seen too."""


@dataclass(frozen=True, slots=True)
class Gap:
    """A span of wall time in which values may have been missed."""

    server: str
    from_us: int
    until_us: int
    cause: str


def gaps_of(model: LineModel) -> tuple[Gap, ...]:
    """All gaps that stand in the graph, the newest first."""
    found = (_gap(model, node) for node in model.facts.of(TW.gapFrom))
    return tuple(sorted((gap for gap in found if gap is not None), key=lambda gap: gap.from_us, reverse=True))


def marks_of(gaps: Sequence[Gap], now_us: int) -> list[tuple[float, float, Gap]]:
    """(left, width) in per cent of the last 24 hours, of the gaps that reach into them."""
    begin_us = now_us - DAY_US
    marks = []
    for gap in gaps:
        if gap.until_us > begin_us:
            left = 100 * (max(gap.from_us, begin_us) - begin_us) / DAY_US
            width = max(100 * (gap.until_us - begin_us) / DAY_US - left, _NARROWEST)
            marks.append((min(left, 100 - width), width, gap))
    return marks


def gaps_markup(gaps: Sequence[Gap], now_us: int) -> str:
    """Strip and list."""
    recent = marks_of(gaps, now_us)
    marks = "".join(_mark(*mark) for mark in recent)
    lost_us = sum(gap.until_us - max(gap.from_us, now_us - DAY_US) for _, _, gap in recent)
    told = f"{len(recent)} in the last 24 hours, {span(lost_us)} together" if recent else "none in the last 24 hours"
    hours = "".join(_hour(part, now_us) for part in range(4))
    strip = (
        f'<div class="lk-strip" role="img" aria-label="Gaps: {told}">{marks}</div>'
        f'<div class="lk-hours" aria-hidden="true">{hours}<span class="lk-now">now</span></div>'
    )
    if not gaps:
        return f'{strip}<p class="tw-quiet">No gap since the twin began on this data.</p>'
    rows = "".join(
        f'<tr><th scope="row">{moment(gap.from_us)}</th><td>{moment(gap.until_us)}</td>'
        f"<td>{span(gap.until_us - gap.from_us)}</td><td>{escape(gap.server)}</td><td>{escape(gap.cause)}</td></tr>"
        for gap in gaps
    )
    heads = "".join(f'<th scope="col">{head}</th>' for head in ("From (UTC)", "Until", "Lasted", "Server", "Cause"))
    return (
        f'{strip}<table class="tw-table lk-table" aria-label="Gaps"><thead><tr>{heads}</tr></thead>'
        f"<tbody>{rows}</tbody></table>"
    )


def _gap(model: LineModel, node: str) -> Gap | None:
    begun, ended = model.get(node, TW.gapFrom), model.get(node, TW.gapUntil)
    if not isinstance(begun, datetime) or not isinstance(ended, datetime):
        return None
    server = model.get(node, TW.ofServer)
    return Gap(local_name(str(URIRef(str(server)))), _us(begun), _us(ended), str(model.get(node, TW.gapCause) or ""))


def _us(at: datetime) -> int:
    aware = at if at.tzinfo is not None else at.replace(tzinfo=UTC)
    return round(aware.timestamp() * 1e6)


def _told(gap: Gap) -> str:
    return f"{moment(gap.from_us)} to {moment(gap.until_us)}: {gap.cause}"


def _mark(left: float, width: float, gap: Gap) -> str:
    return f'<i style="left:{left:.2f}%;width:{width:.2f}%" title="{escape(_told(gap))}"></i>'


def _hour(part: int, now_us: int) -> str:
    """The time at a quarter of the strip."""
    return f'<span style="left:{25 * part}%">{moment(now_us - DAY_US + part * DAY_US // 4)[11:16]}</span>'
