"""The table of items as markup with hooks, and the values for the hooks."""

from __future__ import annotations

from collections.abc import Sequence
from html import escape
from typing import Final

from api.console.link.items import Item
from api.console.operate.sheet import Sheet, Values

_HEADS: Final = ("Property", "Node", "Value", "Quality", "Source time", "Received (UTC)", "Age", "Trend")


def items_values(items: Sequence[Item]) -> Values:
    """What may change in the lines shown."""
    values: Values = {}
    for number, item in enumerate(items):
        values |= {
            f"i{number}.value": item.value,
            f"i{number}.quality": item.quality,
            f"i{number}.quality@data-tone": item.tone or "calm",
            f"i{number}.status": "" if item.status == "Good" else item.status,
            f"i{number}.source": item.source,
            f"i{number}.received": item.received,
            f"i{number}.age": item.age,
        }
    return values


def items_markup(items: Sequence[Item], sheet: Sheet) -> str:
    """The table; a line's button carries the property in `data-prop`."""
    heads = "".join(f'<th scope="col">{head}</th>' for head in _HEADS)
    lines = "".join(_line(number, item, sheet) for number, item in enumerate(items))
    return (
        '<table class="tw-table lk-items" aria-label="Bound items"><thead><tr>'
        f"{heads}</tr></thead><tbody>{lines}</tbody></table>"
    )


def _line(number: int, item: Item, sheet: Sheet) -> str:
    place, key = item.place, f"i{number}"
    label, prop = escape(place.label), escape(place.prop)
    writable = " · may be written" if place.writable else ""
    return (
        f'<tr><th scope="row">{label}<span class="lk-under">{escape(place.equipment)}{writable}</span></th>'
        f'<td class="lk-node" title="{escape(place.binding.node_id)}">{escape(place.node)}'
        f'<span class="lk-under">{escape(place.binding.data_type)}, {escape(place.max_age)}</span></td>'
        f'<td class="lk-value">{sheet.text(f"{key}.value")}</td>'
        f"<td>{sheet.text(f'{key}.quality', cls='lk-quality')} "
        f"{sheet.text(f'{key}.status', cls='lk-under')}</td>"
        f"<td>{sheet.text(f'{key}.source')}</td><td>{sheet.text(f'{key}.received')}</td>"
        f'<td class="lk-age">{sheet.text(f"{key}.age")}</td>'
        f'<td><button type="button" class="lk-trend" data-prop="{prop}" aria-label="Trend of {label}">'
        '<span aria-hidden="true">∿</span></button></td></tr>'
    )
