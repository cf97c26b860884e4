"""The line as SVG: machines as boxes with a speed bar, conveyors as troughs with their level, in the order of flow.

Drawn once for a topology, for a wide window in one row and for a narrow one in rows of a few machines; the same keys
serve both, so one update reaches either. Nothing is told by colour alone: what is abnormal has a sign and a word.
"""

from __future__ import annotations

from dataclasses import dataclass
from html import escape
from typing import Final

from api.console.operate.machines import ConveyorView, LineView, MachineView
from api.console.operate.sheet import Sheet, Values
from api.console.operate.topology import Link, Topology

_BOX: Final = 216
_GAP: Final = 108
_TALL: Final = 214
_PITCH: Final = _BOX + _GAP
_ROW: Final = _TALL + 30
_BAR: Final = _BOX - 32
_TROUGH: Final = _GAP - 16
_PAD: Final = 4
_SIGNS: Final = {
    "caution": "M0,-11 L12,10 L-12,10 Z",
    "alarm": "M-5,-12 L5,-12 L12,-5 L12,5 L5,12 L-5,12 L-12,5 L-12,-5 Z",
}


@dataclass(frozen=True, slots=True)
class _Place:
    x: int
    y: int


def line_values(view: LineView) -> Values:
    """The texts and attributes of the picture."""
    values: Values = {"line.power": f"{view.power} kW"}
    for number, machine in enumerate(view.machines):
        values |= _machine_values(f"m{number}", machine)
    for number, conveyor in enumerate(view.conveyors):
        values |= _conveyor_values(f"c{number}", conveyor)
    return values


def line_markup(topology: Topology, sheet: Sheet, columns: int) -> str:
    """The picture with at most so many machines in a row."""
    rows = max(-(-topology.width // columns), 1)
    lanes = max(topology.height, 1)
    width = min(topology.width, columns) * _PITCH - _GAP + 2 * _PAD + (_GAP if rows > 1 else 0)
    height = rows * lanes * _ROW - (_ROW - _TALL) + 2 * _PAD
    places = [
        _Place(_PAD + column % columns * _PITCH, _PAD + (column // columns * lanes + lane) * _ROW)
        for column, lane in zip(topology.columns, topology.lanes, strict=True)
    ]
    links = "".join(_link(sheet, number, link, places) for number, link in enumerate(topology.links))
    machines = "".join(_machine(sheet, number, place) for number, place in enumerate(places))
    return (
        f'<svg class="op-svg" viewBox="0 0 {width} {height}" role="group" aria-label="The line, in order of flow" '
        f'style="max-width:{width * 1.25:.0f}px">{links}{machines}</svg>'
    )


def table_markup(topology: Topology, sheet: Sheet) -> str:
    """The same as a table, for whoever can't see the picture."""
    heads = "".join(f'<th scope="col">{head}</th>' for head in _HEADS)
    rows = []
    for number in range(len(topology.machines)):
        key = f"m{number}"
        cells = "".join(f"<td>{sheet.text(f'{key}.{part}')}</td>" for part in _CELLS)
        behind = [f"c{place}" for place, link in enumerate(topology.links) if link.start == number]
        level = " ".join(sheet.text(f"{conveyor}.sentence") for conveyor in behind)
        rows.append(f'<tr><th scope="row">{sheet.text(f"{key}.name")}</th>{cells}<td>{level}</td></tr>')
    return (
        '<table class="tw-table op-table"><caption>The line as a table</caption>'
        f"<thead><tr>{heads}</tr></thead><tbody>{''.join(rows)}</tbody></table>"
    )


_HEADS: Final = ("Machine", "State", "Speed per min", "Set", "Rejects", "kW", "Marks", "Conveyor behind")
_CELLS: Final = ("word", "speed", "set", "rejects", "power", "marks")


def _machine_values(key: str, view: MachineView) -> Values:
    return {
        f"{key}@data-level": view.severity,
        f"{key}@aria-label": f"{view.sentence}. Open its figures.",
        f"{key}.name": view.name,
        f"{key}.word": view.word,
        f"{key}.speed": view.speed,
        f"{key}.set": view.set_speed,
        f"{key}.rejects": view.rejects,
        f"{key}.power": view.power,
        f"{key}.counts": f"{view.rejects} rejects · {view.power} kW",
        f"{key}.marks": " · ".join(view.marks),
        f"{key}.flag@data-on": "yes" if view.marks else "no",
        f"{key}.pace": "sets the pace" if view.paces else "",
        f"{key}.bar@width": f"{view.speed_share * _BAR:.0f}",
        f"{key}.tick@transform": f"translate({view.set_share * _BAR:.0f},0)",
    }


def _conveyor_values(key: str, view: ConveyorView) -> Values:
    return {
        f"{key}@data-level": view.severity,
        f"{key}@aria-label": view.sentence,
        f"{key}.text": view.text,
        f"{key}.word": view.word,
        f"{key}.sentence": view.sentence,
        f"{key}.fill@width": f"{view.fill * _TROUGH:.0f}",
    }


def _machine(sheet: Sheet, number: int, place: _Place) -> str:
    key, right = f"m{number}", str(_BOX - 14)
    wish = escape(sheet.values[f"{key}.set"])
    flag = {"x": "8", "y": "187", "width": str(_BOX - 16), "height": "22", "rx": "4"}
    texts = (
        sheet.text(f"{key}.name", "text", cls="op-name", x="16", y="30"),
        sheet.text(f"{key}.pace", "text", cls="op-small", x=right, y="156", text_anchor="end"),
        sheet.text(f"{key}.word", "text", cls="op-word", x="16", y="68"),
        sheet.text(f"{key}.speed", "text", cls="op-speed", x="16", y="112"),
        f'<text class="op-small" x="{right}" y="112" text-anchor="end">per min</text>',
        f'<text class="op-small" x="16" y="156">set <tspan data-k="{key}.set">{wish}</tspan></text>',
        sheet.text(f"{key}.counts", "text", cls="op-small", x="16", y="180"),
        sheet.text(f"{key}.marks", "text", cls="op-flag-text", x="16", y="203"),
    )
    return (
        f'<g transform="translate({place.x},{place.y})">'
        f"{sheet.open(key, 'g', cls='op-machine', role='button', tabindex='0', data_machine=str(number))}"
        f'<rect class="op-box" width="{_BOX}" height="{_TALL}" rx="8"/>'
        f"{sheet.open(f'{key}.flag', 'rect', cls='op-flag-ground', **flag)}</rect>"
        f"{_signs(_BOX - 26, 24)}"
        f'<rect class="op-rail" x="16" y="124" width="{_BAR}" height="12"/>'
        f"{sheet.open(f'{key}.bar', 'rect', cls='op-bar', x='16', y='124', height='12')}</rect>"
        f"{sheet.open(f'{key}.tick', 'g')}<path class='op-tick' d='M16,120 v20'/></g>"
        f"{''.join(texts)}</g></g>"
    )


def _link(sheet: Sheet, number: int, link: Link, places: list[_Place]) -> str:
    key, start, end = f"c{number}", places[link.start], places[link.end]
    x, y = start.x + _BOX + 8, start.y + 92
    middle = {"x": str(x + _TROUGH // 2), "text_anchor": "middle"}
    folds = end.y != start.y or end.x <= start.x
    way = (
        f'<path class="op-way" d="M{x + _TROUGH + 4},{y + 14} h6 v{_TALL - 90} H{end.x + _BOX // 2} V{end.y}"/>'
        if folds
        else f'<path class="op-way" d="M{x - 8},{y + 14} h{_GAP}"/>'
    )
    return (
        f"{way}{sheet.open(key, 'g', cls='op-conveyor', role='img')}"
        f'<rect class="op-rail" x="{x}" y="{y}" width="{_TROUGH}" height="28" rx="3"/>'
        f"{sheet.open(f'{key}.fill', 'rect', cls='op-bar', x=str(x), y=str(y), height='28', rx='3')}</rect>"
        f'<rect class="op-trough" x="{x}" y="{y}" width="{_TROUGH}" height="28" rx="3"/>'
        f'<path class="op-arrow" d="M{x + _TROUGH // 2 - 12},{y - 14} h18 m-6,-6 l7,6 l-7,6"/>'
        f"{sheet.text(f'{key}.text', 'text', cls='op-level', y=str(y + 52), **middle)}"
        f"{sheet.text(f'{key}.word', 'text', cls='op-flag-text', y=str(y + 76), **middle)}"
        "</g>"
    )


def _signs(x: int, y: int) -> str:
    """The signs of what is abnormal; the level of the machine decides which is seen."""
    return "".join(
        f'<g class="op-sign op-sign-{level}" transform="translate({x},{y})"><path d="{shape}"/>'
        '<text text-anchor="middle" y="7">!</text></g>'
        for level, shape in _SIGNS.items()
    )
