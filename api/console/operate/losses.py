"""The largest losses in minutes, as bars in the manner of Pareto."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from api.console.operate.figures import name_of
from api.console.operate.sheet import Sheet, Values
from api.live import LineModel

SHOWN: Final = 6
_WORDS: Final = {
    "starved": "no bottles",
    "blocked": "backed up",
    "operator": "by operator",
    "unassigned": "no reason given",
}


@dataclass(frozen=True, slots=True)
class Loss:
    """One bar. `length` is its share of the largest loss, `part` of all losses."""

    where: str
    why: str
    minutes: float
    length: float
    part: float


def losses_view(model: LineModel) -> tuple[Loss, ...]:
    """The largest losses, the worst first."""
    rows = [row for row in model.losses() if row[0] > 0]
    worst, total = (rows[0][0] if rows else 0.0), sum(row[0] for row in rows)
    return tuple(
        Loss(name_of(model, machine), _WORDS.get(reason, reason), minutes, minutes / worst, minutes / total)
        for minutes, machine, reason in rows[:SHOWN]
    )


def losses_values(losses: tuple[Loss, ...]) -> Values:
    """The texts of the bars; rows without a loss are hidden."""
    values: Values = {"loss.none": "" if losses else "No losses yet in this run of the agents."}
    for number in range(SHOWN):
        key, loss = f"loss{number}", losses[number] if number < len(losses) else None
        values[f"{key}@data-on"] = "no" if loss is None else "yes"
        values[f"{key}.what"] = "" if loss is None else f"{loss.where}: {loss.why}"
        values[f"{key}.minutes"] = "" if loss is None else f"{loss.minutes:,.1f} min"
        values[f"{key}.part"] = "" if loss is None else f"{loss.part * 100:.0f} %"
        values[f"{key}.bar@style"] = f"width:{0 if loss is None else loss.length * 100:.1f}%"
    return values


def losses_markup(sheet: Sheet) -> str:
    """The bars, drawn once."""
    rows = "".join(_row(sheet, f"loss{number}") for number in range(SHOWN))
    return (
        '<table class="op-losses"><caption class="op-hidden">Losses in minutes, the largest first</caption>'
        '<thead class="op-hidden"><tr><th scope="col">Machine and reason</th><th scope="col">Minutes</th>'
        '<th scope="col">Share of all losses</th></tr></thead>'
        f"<tbody>{rows}</tbody></table>{sheet.text('loss.none', 'p', cls='tw-quiet op-note')}"
    )


def _row(sheet: Sheet, key: str) -> str:
    bar = sheet.open(f"{key}.bar", "div", cls="op-loss-bar")
    return (
        f'{sheet.open(key, "tr", cls="op-loss")}<th scope="row">{sheet.text(f"{key}.what")}'
        f'<div class="op-loss-rail" aria-hidden="true">{bar}</div></div></th>'
        f"<td>{sheet.text(f'{key}.minutes')}</td><td>{sheet.text(f'{key}.part', cls='tw-quiet')}</td></tr>"
    )
