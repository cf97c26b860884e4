"""A table of results, and its HTML."""

from __future__ import annotations

from typing import Any

from bottling import BOT, answer, info

from api.console.explore.table import PAGE, Table, cell_of, table_of
from api.console.explore.table_html import node_link, page_html

XSD = "http://www.w3.org/2001/XMLSchema#"


def literal(value: object, kind: str = "string") -> dict[str, str]:
    return {"type": "literal", "value": str(value), "datatype": XSD + kind}


def made(*rows: dict[str, Any]) -> Table:
    names = list(dict.fromkeys(name for row in rows for name in row))
    return table_of({"head": {"vars": names}, "results": {"bindings": list(rows)}}, info())


def test_cells_say_terms_briefly() -> None:
    """IRIs are shortened, numbers rounded, the full text is kept."""
    machine = cell_of({"type": "uri", "value": BOT + "Filler"}, info())
    shape = cell_of({"type": "uri", "value": "https://w3id.org/twinwright/shapes#MOD-UNIT"}, info())
    share = cell_of(literal("0.15762537717819214", "double"), info())
    odd = cell_of(literal("NaN", "double"), info())

    assert (machine.text, machine.node) == ("Filler", BOT + "Filler")
    assert shape.text == "…shapes#MOD-UNIT"
    assert (share.text, share.full, share.number) == ("0.157625", "0.15762537717819214", 0.15762537717819214)
    assert (odd.text, odd.number) == ("NaN", None)
    assert cell_of(None, info()).text == ""
    assert cell_of({"type": "uri", "value": "urn:a b"}, info()).node is None


def test_columns_of_numbers_are_known() -> None:
    """A column is numeric where everything in it is, and something is."""
    table = made({"n": literal(2, "integer"), "m": literal("a")}, {"n": literal(10, "integer"), "m": literal(3, "int")})

    assert table.numeric == (True, False)
    assert [row[0].number for row in table.sorted_by(0, descending=True).rows] == [10.0, 2.0]


def test_what_is_missing_sorts_last() -> None:
    """In both directions."""
    table = made(
        {"a": literal("x"), "b": literal(1, "int")}, {"a": literal("y")}, {"a": literal("z"), "b": literal(2, "int")}
    )

    assert [row[0].text for row in table.sorted_by(1, descending=False).rows] == ["x", "z", "y"]
    assert [row[0].text for row in table.sorted_by(1, descending=True).rows] == ["z", "x", "y"]


def test_pages_hold_all_rows_once() -> None:
    """The last page may be shorter."""
    table = made(*({"n": literal(number, "integer")} for number in range(2 * PAGE + 1)))

    assert table.pages == 3
    assert [row[0].text for page in range(3) for row in table.page(page)] == [str(n) for n in range(2 * PAGE + 1)]


def test_html_escapes_whatever_the_graph_holds() -> None:
    """Texts, variables and IRIs cannot become markup."""
    nasty = '<img src=x onerror="alert(1)">'
    table = made({"t": literal(nasty), "i": {"type": "uri", "value": "urn:x:'\"<b>"}})

    html = page_html(table, 0)

    assert "<img" not in html
    assert "<b>" not in html
    assert '"alert' not in html
    assert "&#x27;" in node_link("urn:x:'", "it's")


def test_html_is_a_table_with_headers() -> None:
    """Headers carry their scope, the sorted one says so, numbers are marked for the right."""
    table = table_of(answer("SELECT ?m ?v { ?m tw:ratedSpeed ?v } ORDER BY ?v")["results"], info())

    html = page_html(table, 0, sorted_by=1, descending=True)

    assert html.count('<th scope="col"') == 2
    assert 'aria-sort="descending"' in html
    assert 'class="tw-x-number">400<' in html
    assert 'href="/explore?node=https%3A%2F%2Fw3id.org%2Ftwinwright%2Fplants%2Fbottling%23Filler"' in html
