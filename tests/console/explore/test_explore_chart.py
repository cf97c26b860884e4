"""Charts of a table."""

from __future__ import annotations

from bottling import answer, info

from api.console.explore.chart import MOST_BARS, Chart, Sort, charts_of, first_chart, options, sentence, switched
from api.console.explore.table import Table, table_of


def table(query: str) -> Table:
    return table_of(answer(query)["results"], info())


SPEEDS = """SELECT ?machine ?rated ?most {
  ?m a pack:Machine ; tw:ratedSpeed ?rated ; tw:maxSpeed ?most ; rdfs:label ?machine
}
ORDER BY ?machine"""


def test_names_and_numbers_make_bars() -> None:
    """The first column of names goes across, the first of numbers up."""
    speeds = table(SPEEDS)

    assert first_chart(speeds) == Chart(Sort.BAR, 0, 1)
    assert charts_of(speeds)[Sort.BAR] == ((0, 1, 2), (1, 2))
    assert charts_of(speeds)[Sort.SCATTER] == ((1, 2), (1, 2))


def test_moments_make_a_line() -> None:
    """In the order of time, on an axis of time."""
    found = table(
        'SELECT ?at ?v { VALUES (?day ?v) { ("2026-01-02" 2) ("2026-01-01" 1) } '
        'BIND (xsd:dateTime(CONCAT(?day, "T00:00:00Z")) AS ?at) }'
    )
    chart = first_chart(found)

    assert chart == Chart(Sort.LINE, 0, 1)
    drawn = options(found, chart)
    assert drawn["xAxis"]["type"] == "time"
    assert [y for _, y in drawn["series"][0]["data"]] == [1.0, 2.0]


def test_another_chart_keeps_what_it_can() -> None:
    """Points need two columns of numbers, and not the same one twice."""
    speeds = table(SPEEDS)

    assert switched(speeds, Chart(Sort.BAR, 0, 1), Sort.SCATTER) == Chart(Sort.SCATTER, 2, 1)
    assert switched(speeds, Chart(Sort.SCATTER, 2, 1), Sort.BAR) == Chart(Sort.BAR, 2, 1)


def test_no_numbers_no_chart() -> None:
    """Nor a single column."""
    assert first_chart(table("SELECT ?l { ?m tw:ratedSpeed ?r ; rdfs:label ?l }")) is None
    assert first_chart(table("SELECT ?r { ?m tw:ratedSpeed ?r }")) is None


def test_a_sentence_stands_for_the_chart() -> None:
    """It names how many, from where to where, and the largest."""
    speeds = table(SPEEDS)

    told = sentence(speeds, Chart(Sort.BAR, 0, 1))

    assert told == "Bars of rated by machine: 5 values from 400 to 532, the largest at Palletiser."


def test_many_rows_are_cut_and_say_so() -> None:
    """A chart of hundreds of bars cannot be read."""
    found = table("SELECT ?p (1 AS ?one) { ?p a isa95:EquipmentProperty }")
    chart = Chart(Sort.BAR, 0, 1)

    assert len(options(found, chart)["series"][0]["data"]) == MOST_BARS
    assert f"only the first {MOST_BARS} rows" in sentence(found, chart)
