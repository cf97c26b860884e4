"""The reference page of the vocabularies is the one that the Turtle gives."""

from __future__ import annotations

from pathlib import Path

from ontology.reference import page

PAGE = Path(__file__).parents[2] / "docs" / "reference" / "ontology.md"


def test_the_page_is_up_to_date() -> None:
    """`python -m ontology.reference` writes what stands in the docs."""
    assert PAGE.read_text(encoding="utf-8") == page()
