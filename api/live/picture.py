"""Draws a LineModel for a terminal of 100 x 30 characters."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, datetime

from rdflib import URIRef
from rich.console import Group, RenderableType
from rich.markup import escape
from rich.panel import Panel
from rich.table import Table
from rich.text import Text

from api.live.model import LineModel, Shown
from api.live.words import ENDS, REASONS, STATES, STOP_MODES
from kg.tokens import local_name
from ontology import PACK, TW

_BAR = 7
_INDICATORS = (
    ("OEE", TW.oee),
    ("availability", TW.availability),
    ("effectiveness", TW.effectiveness),
    ("quality", TW.qualityRatio),
)
_PROPOSALS = 3
_DECISIONS = 5
_LOSSES = 4


def picture(model: LineModel, title: str, autonomy: str) -> RenderableType:
    """Order and clocks, the line with its buffers, figures and losses, proposals and decisions, stops and link."""
    if model.layout is None:
        return Panel("waiting for the core", title=title)
    return Panel(
        Group(
            _order(model),
            Text(),
            _line(model),
            Text(),
            _figures(model),
            Text(),
            _proposals(model, autonomy),
            _tail(model),
        ),
        title=title,
        title_align="left",
        subtitle="Ctrl-C ends the demo; the line itself would run on",
        subtitle_align="right",
        width=100,
    )


def _order(model: LineModel) -> Text:
    line = model.layout.line if model.layout else URIRef("")
    target, actual = model.number(line, TW.orderTarget), model.number(line, TW.orderActual)
    share = f" ({actual / target:.0%})" if target and actual is not None else ""
    clock = datetime.fromtimestamp(model.plant_us / 1e6, UTC).strftime("%a %H:%M:%S") if model.plant_us else "--"
    order = f"Order {_text(model.get(line, TW.currentOrder))}  {_text(model.get(line, TW.currentSku))}"
    made = f"made {_count(actual)} of {_count(target)}{share}"
    busy = "" if model.get(line, TW.plannedBusy) is not False else "   not planned to run"
    shift = f"shift {_text(model.get(line, TW.currentShift))}"
    return Text(f"{order}   {made}{busy}\n{shift}   plant time {clock}")


def _line(model: LineModel) -> Table:
    """Machines from left to right, each with state, speeds and rejects; between them how full the buffer is."""
    table = Table(box=None, padding=(0, 0), expand=True, show_header=False)
    machines = model.layout.machines if model.layout else ()
    columns: list[list[Text]] = []
    for number, machine in enumerate(machines):
        columns.append(_machine(model, machine))
        table.add_column(justify="left", ratio=3)
        if number + 1 < len(machines):
            columns.append(_buffer(model, machine))
            table.add_column(justify="center", ratio=2)
    for row in zip(*columns, strict=True):
        table.add_row(*row)
    return table


def _machine(model: LineModel, machine: URIRef) -> list[Text]:
    state = model.number(machine, PACK.stateCurrent)
    word, style = STATES.get(int(state), ("?", "")) if state is not None else ("no data", "dim")
    reason = REASONS.get(int(model.number(machine, PACK.stopReason) or 0), "other")
    if reason in ("no bottles", "backed up"):
        word, style = reason, ""
    elif reason:
        word = reason
    speed, wish = model.number(machine, PACK.curMachSpeed), model.number(machine, PACK.setMachSpeed)
    stale = model.get(f"{machine}.CurMachSpeed", TW.stale) is True
    local = [] if model.get(machine, TW.siteRemote) is not False else ["local"]
    local += [] if model.get(machine, TW.twinEnable) is not False else ["twin off"]
    local += [] if model.get(machine, TW.maintenance) is not True else ["maintenance"]
    return [
        Text(local_name(str(machine)), style="bold"),
        Text(word, style=style or "none"),
        Text(f"{_count(speed)}/min", style="dim" if stale else "none"),
        Text(f"set {_count(wish)}", style="dim"),
        Text(f"rejects {_count(model.number(machine, PACK.prodDefectiveCount))}", style="dim"),
        Text(" ".join(local) or ("stale" if stale else ""), style="yellow"),
    ]


def _buffer(model: LineModel, machine: URIRef) -> list[Text]:
    conveyor = model.get(machine, TW.feeds)
    ratio = model.number(conveyor, TW.fillRatio) if conveyor else None
    filled = 0 if ratio is None else round(min(1.0, max(0.0, ratio)) * _BAR)
    style = "yellow" if ratio is not None and (ratio > 0.9 or ratio < 0.05) else "none"
    blank = Text()
    bar = Text("█" * filled + "░" * (_BAR - filled), style=style)
    return [blank, bar, Text("--" if ratio is None else f"{ratio:.0%}", style=style), blank, blank, blank]


def _figures(model: LineModel) -> Table:
    table = Table(box=None, padding=(0, 2, 0, 0), show_header=False)
    line = model.layout.line if model.layout else URIRef("")
    figures = "  ".join(f"{name} {_percent(model.number(line, p))}" for name, p in _INDICATORS)
    power = f"power {_count(model.number(line, TW.powerKw))} kW"
    losses = model.losses()[:_LOSSES]
    worst = "   ".join(f"{local_name(machine)} {reason} {minutes:.1f} min" for minutes, machine, reason in losses)
    table.add_row(Text("Figures", style="bold"), Text(f"{figures}  {power}"))
    table.add_row(Text("Top losses", style="bold"), Text(worst or "none yet"))
    return table


def _proposals(model: LineModel, autonomy: str) -> Table:
    table = Table(box=None, padding=(0, 2, 0, 0), show_header=False, expand=True)
    table.add_column(no_wrap=True)
    table.add_column(no_wrap=True)
    table.add_column(no_wrap=True, overflow="ellipsis", ratio=1)
    decisions = list(reversed(model.decisions.values()))
    _rows(table, f"Open proposals ({autonomy})", [d for d in decisions if d.is_open][:_PROPOSALS], _PROPOSALS)
    _rows(table, "Last decisions", [d for d in decisions if not d.is_open][:_DECISIONS], _DECISIONS)
    return table


def _rows(table: Table, title: str, shown: list[Shown], height: int) -> None:
    table.add_row(Text(title, style="bold"), Text(), Text())
    for decision in shown:
        word, style = ENDS.get(decision.stage, (decision.stage, ""))
        what = f"  {decision.target} = {decision.value}"
        table.add_row(Text(what), Text(word, style=style or "none"), Text(decision.sentence))
    for _ in range(height - len(shown)):
        table.add_row(Text(), Text(), Text())


def _tail(model: LineModel) -> Text:
    stops = ", ".join(f"{_scope(scope)}: {STOP_MODES.get(mode, mode)}" for scope, mode in model.stops)
    link = {True: "connected", False: "[bold red]DISCONNECTED[/]", None: "unknown"}[model.connected]
    frozen = _named("frozen", model.frozen)
    stop = f"[bold yellow]stops {escape(stops)}[/]" if stops else "no stops"
    return Text.from_markup(f"Link {link}   {stop}{frozen}   violations {len(model.violations)}   change {model.seq}")


def _named(word: str, iris: Iterable[str]) -> str:
    names = ", ".join(local_name(iri) for iri in iris)
    return f"   [bold red]{word} {escape(names)}[/]" if names else ""


def _scope(iri: str) -> str:
    return "whole plant" if iri == str(TW.Plant) else local_name(iri)


def _text(value: object) -> str:
    return "--" if value in (None, "") else str(value)


def _count(value: float | None) -> str:
    return "--" if value is None else f"{value:,.0f}"


def _percent(value: float | None) -> str:
    return "--" if value is None else f"{value:.0%}"
