"""What the line itself says, and beside it what the twin says of it."""

from __future__ import annotations

from html import escape

from nicegui import ui

from api.live import LineModel
from api.panel import MachineTruth, PlantTruth
from api.tour import Facts
from api.web.plant_view import word_of
from kg.tokens import local_name
from ontology import PACK

_SILENT = "no answer"


class Both:
    """A table that is kept up. The twin's column says so when the twin does not answer; it never shows old values."""

    def __init__(self) -> None:
        self._shown = ""
        with ui.element("section").classes("tw-card").props('aria-labelledby="tour-both"'):
            ui.html('<h2 id="tour-both">Two witnesses</h2>', sanitize=False)
            self._place = ui.html("", sanitize=False)

    def show(self, facts: Facts, model: LineModel) -> None:
        """Draw what has changed."""
        markup = both_markup(facts, model)
        if markup != self._shown:
            self._shown = markup
            self._place.set_content(markup)


def both_markup(facts: Facts, model: LineModel) -> str:
    """The table as HTML."""
    truth = facts.truth
    if truth is None:
        return '<p class="tw-problem">The simulated plant does not answer at its panel.</p>'
    rows = [_row("Order", _order(truth.order_actual, truth.order_target), _twins_order(facts))]
    rows += [_row(m.name, _own(m), _twins(m.name, facts, model), notable=m.local) for m in truth.machines]
    beat = "take setpoints of the twin" if truth.supervised else "miss the heartbeat and keep to their own setpoints"
    return (
        '<table class="tw-table tour-both"><thead><tr><th scope="col"><span class="tour-hidden">What</span></th>'
        '<th scope="col">The line itself</th><th scope="col">The twin says</th></tr></thead>'
        f"<tbody>{''.join(rows)}</tbody></table>"
        f'<p class="tw-quiet tw-number">Plant time {truth.plant_time:%a %H:%M:%S}, {_pace(truth)}. '
        f"Bottles at the line's end: <b>{truth.made:,}</b>. The controllers {beat}.</p>"
    )


def _row(what: str, own: str, twins: str, *, notable: bool = False) -> str:
    mark = ' class="tour-notable"' if notable else ""
    return (
        f'<tr{mark}><th scope="row">{escape(what)}</th><td class="tw-number">{escape(own)}</td>'
        f'<td class="tw-number">{escape(twins)}</td></tr>'
    )


def _pace(truth: PlantTruth) -> str:
    return "in real time" if truth.speed == 1 else f"{truth.speed:g} times as fast as time"


def _order(actual: int, target: int) -> str:
    return f"{actual:,} of {target:,}"


def _twins_order(facts: Facts) -> str:
    if not facts.answers:
        return _SILENT
    return "unknown" if facts.actual is None or facts.target is None else _order(facts.actual, facts.target)


def _own(machine: MachineTruth) -> str:
    local = ", local" if machine.local else ""
    off = "" if machine.twin_enabled else ", twin off"
    return f"{word_of(machine.state, machine.reason)}, {machine.speed:.0f}/min{local}{off}"


def _twins(name: str, facts: Facts, model: LineModel) -> str:
    if not facts.answers or model.layout is None:
        return _SILENT
    machine = next((m for m in model.layout.machines if local_name(str(m)) == name), None)
    state = None if machine is None else model.number(machine, PACK.stateCurrent)
    if machine is None or state is None:
        return "unknown"
    speed = model.number(machine, PACK.curMachSpeed)
    told = "" if speed is None else f", {speed:.0f}/min"
    local = ", local" if name in facts.local else ""
    return f"{word_of(int(state), int(model.number(machine, PACK.stopReason) or 0))}{told}{local}"
