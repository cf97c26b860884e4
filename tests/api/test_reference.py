"""The reference pages that follow from the code."""

from __future__ import annotations

from pathlib import Path

import pytest

from api.reference import main, pages

FOLDER = Path(__file__).parents[2] / "docs" / "reference"


@pytest.mark.parametrize("name", ["cli.md", "errors.md", "settings.md", "http.md"])
def test_pages_are_current(name: str) -> None:
    """`python -m api.reference docs/reference` has been run after the last change."""
    assert (FOLDER / name).read_text(encoding="utf-8") == pages()[name]


def test_check_changes_nothing(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Out of date is exit code 1; rewriting mends it."""
    before = main(["--check", str(tmp_path)])
    nothing_written = not list(tmp_path.iterdir())
    written = main([str(tmp_path)])
    after = main(["--check", str(tmp_path)])

    assert (before, written, after) == (1, 0, 0)
    assert nothing_written
    assert "cli.md: out of date" in capsys.readouterr().out
