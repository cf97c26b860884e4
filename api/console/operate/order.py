"""The order in work: target against actual, and when it will be done at the present rate."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Final

from rdflib import RDFS, URIRef

from api.console.operate.figures import NONE, count, day_and_time, duration, number, percent, time_of_day
from api.console.operate.sheet import Sheet, Values
from api.live import LineModel
from ontology import ISA95, TW

_WINDOW_US: Final = 20 * 60_000_000
"""The present rate is that of the last twenty minutes of plant time."""
_LEAST_US: Final = 600_000_000
"""Less than ten minutes tell more of the last stop than of the rate."""
_SHIFT: Final = re.compile(r"(\d{4})-(\d\d)-(\d\d)-(\w+)", re.ASCII)


@dataclass(frozen=True, slots=True)
class OrderView:
    """The head of the page. Share from 0 to 1, None where it is not known."""

    order: str
    sku: str
    shift: str
    made: str
    share: float | None
    end: str
    rate: str
    clock: str
    planned: bool


def order_view(model: LineModel, made_lately: Sequence[tuple[int, float]]) -> OrderView:
    """What there is to make. `made_lately` is (plant time in microseconds, made of this order), the newest last."""
    line = model.layout.line if model.layout else URIRef("")
    target, actual = number(model, line, TW.orderTarget), number(model, line, TW.orderActual)
    share = min(actual / target, 1.0) if target and actual is not None else None
    end, rate = _end(model, target, actual, made_lately)
    return OrderView(
        order=_named(model, model.get(line, TW.currentOrder)),
        sku=_named(model, model.get(line, TW.currentSku)),
        shift=shift_words(model.get(line, TW.currentShift)),
        made=f"{count(actual)} of {count(target)}",
        share=share,
        end=end,
        rate=rate,
        clock=f"{day_and_time(model.plant_us)[:-7]}, {time_of_day(model.plant_us)}" if model.plant_us else NONE,
        planned=model.get(line, TW.plannedBusy) is not False,
    )


def rate_per_h(points: Sequence[tuple[int, float]]) -> float | None:
    """Units per hour over the end of a counter that may begin anew; None where too little has been seen yet."""
    if len(points) < 2:
        return None
    last_us = points[-1][0]
    recent = [point for point in points if point[0] >= last_us - _WINDOW_US]
    start = max((n for n in range(1, len(recent)) if recent[n][1] < recent[n - 1][1]), default=0)
    (first_us, first), (_, last) = recent[start], recent[-1]
    return (last - first) * 3.6e9 / (last_us - first_us) if last_us - first_us >= _LEAST_US else None


def shift_words(shift: object) -> str:
    """A shift's id in words: 2026-01-05-early is the early shift of that day; another id stands for itself."""
    found = _SHIFT.fullmatch(str(shift)) if shift else None
    if found is None:
        return str(shift) if shift else NONE
    try:
        day = date(int(found[1]), int(found[2]), int(found[3]))
    except ValueError:
        return str(shift)
    return f"{found[4]}, {day:%a} {day.day} {day:%b}"


def order_values(view: OrderView) -> Values:
    """The texts of the head."""
    width = 0.0 if view.share is None else view.share * 100
    return {
        "order.order": view.order,
        "order.sku": view.sku,
        "order.shift": view.shift,
        "order.made": view.made,
        "order.share": percent(view.share),
        "order.bar@style": f"width:{width:.1f}%",
        "order.meter@aria-valuenow": f"{width:.0f}",
        "order.meter@aria-valuetext": f"{view.made} made",
        "order.end": view.end,
        "order.rate": f", {view.rate}" if view.rate else "",
        "order.clock": view.clock,
        "order.planned": "" if view.planned else "Not planned to run",
    }


def order_markup(sheet: Sheet) -> str:
    """The head of the page, drawn once."""
    meter = sheet.open("order.meter", "div", cls="op-meter", role="meter", aria_label="Made of this order",
                       aria_valuemin="0", aria_valuemax="100")  # fmt: skip
    what = (("order.order", "op-order-name"), ("order.sku", "op-order-sku"), ("order.planned", "op-flag"))
    line = "".join(sheet.text(key, cls=cls) for key, cls in what)
    return (
        '<section class="op-order tw-card" aria-label="Order">'
        f'<div class="op-order-what">{line}</div>'
        '<dl class="op-facts">'
        f"<div><dt>Expected end{sheet.text('order.rate')}</dt><dd>{sheet.text('order.end')}</dd></div>"
        f"<div><dt>Shift</dt><dd>{sheet.text('order.shift')}</dd></div>"
        f"<div><dt>Plant time (UTC)</dt><dd>{sheet.text('order.clock')}</dd></div></dl>"
        f'<div class="op-order-made">{sheet.text("order.made", cls="op-order-count")}'
        f"{meter}{sheet.open('order.bar', 'div', cls='op-meter-bar')}</div></div>"
        f"{sheet.text('order.share', cls='op-order-share')}</div></section>"
    )


def _end(
    model: LineModel, target: float | None, actual: float | None, made_lately: Sequence[tuple[int, float]]
) -> tuple[str, str]:
    """(when it is done, at which rate)."""
    if target is None or actual is None:
        return NONE, ""
    if actual >= target:
        return "done", ""
    line = model.layout.line if model.layout else URIRef("")
    lately = rate_per_h(made_lately)
    rate, word = (lately, "") if lately is not None else (number(model, line, TW.throughputPerH), "the average of ")
    if rate is None:
        return "not known yet", ""
    if rate <= 0:
        return "not in sight", "nothing has been made lately"
    left_h = (target - actual) / rate
    end = day_and_time(model.plant_us + round(left_h * 3.6e9))
    same_day = end[:-7] == day_and_time(model.plant_us)[:-7]
    return (
        f"{end[-5:] if same_day else end}, in {duration(left_h * 3600)}",
        f"at {word}{count(round(rate, -1))} per hour",
    )


def _named(model: LineModel, ident: object) -> str:
    """The label of what has an id, such as Lager 0.5 L for its SKU; or the id itself."""
    if not ident:
        return NONE
    node = next((s for s, o in model.facts.of(ISA95.id).items() if o == ident), None)
    label = None if node is None else model.get(node, RDFS.label)
    return str(label or ident)
