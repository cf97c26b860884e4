"""The examples of the workbench."""

from __future__ import annotations

import pytest
from bottling import BOT, answer

from api.console.explore.examples import Example, examples


@pytest.mark.parametrize("example", examples(), ids=lambda example: example.title)
def test_every_example_finds_something(example: Example) -> None:
    """Each passes the replica's checks without declaring prefixes, and finds something on the bottling line."""
    found = answer(example.text)

    assert found["rows"] > 0
    assert not found["truncated"]
    assert found["form"] != "ask" or found["results"]["boolean"]


def test_examples_are_described() -> None:
    """Each has a title of its own and one sentence, and names no plant."""
    made = examples()

    assert len(made) >= 12
    assert len({example.title for example in made}) == len(made)
    assert all(example.sentence.endswith(".") and ". " not in example.sentence for example in made)
    assert not any(BOT in example.text or "bot:" in example.text for example in made)
