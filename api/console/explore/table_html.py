"""A page of a table as HTML: a real table with headers; links to nodes, buttons that sort. Everything is escaped."""

from __future__ import annotations

from html import escape
from typing import Final
from urllib.parse import quote

from api.console.explore.table import Cell, Table

#: Gives the node of a link that was clicked, or the column of a header; other clicks stay the browser's.
CLICK: Final = """(event) => {
  if (event.ctrlKey || event.metaKey || event.shiftKey) return;
  const link = event.target.closest('a[data-node]');
  if (link) { event.preventDefault(); emit('node', link.dataset.node); return; }
  const head = event.target.closest('button[data-column]');
  if (head) emit('sort', head.dataset.column);
}"""


def page_html(table: Table, page: int, sorted_by: int | None = None, descending: bool = False) -> str:
    """The `<table>` of one page. Links lead to the graph explorer."""
    heads = "".join(_head(table, index, sorted_by, descending) for index in range(len(table.columns)))
    rows = "".join(
        "<tr>" + "".join(_cell(cell, table.numeric[index]) for index, cell in enumerate(row)) + "</tr>"
        for row in table.page(page)
    )
    return f'<table class="tw-table tw-x-table"><thead><tr>{heads}</tr></thead><tbody>{rows}</tbody></table>'


def node_link(iri: str, text: str) -> str:
    """A link to a node in the graph explorer, with its full name on hover and focus."""
    address = f"/explore?node={quote(iri, safe='')}"
    full = escape(iri, quote=True)
    place = f'href="{escape(address, quote=True)}" data-node="{full}" title="{full}"'
    return f'<a class="tw-x-node" {place}>{escape(text)}</a>'


def _head(table: Table, index: int, sorted_by: int | None, descending: bool) -> str:
    name = escape(table.columns[index])
    order, sign = ("descending", "▼") if descending else ("ascending", "▲")
    state = f' aria-sort="{order}"' if index == sorted_by else ""
    mark = f'<span aria-hidden="true"> {sign}</span>' if index == sorted_by else ""
    number = ' class="tw-x-number"' if table.numeric[index] else ""
    return f'<th scope="col"{state}{number}><button data-column="{index}" title="Sort">{name}{mark}</button></th>'


def _cell(cell: Cell, numeric: bool) -> str:
    number = ' class="tw-x-number"' if numeric else ""
    if cell.node is not None:
        return f"<td{number}>{node_link(cell.node, cell.text)}</td>"
    title = f' title="{escape(cell.full[:2000], quote=True)}"' if cell.full != cell.text else ""
    return f"<td{number}{title}>{escape(cell.text)}</td>"
