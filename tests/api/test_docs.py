"""What the tutorial and the how-tos tell people to type exists."""

from __future__ import annotations

import re
import shlex
from pathlib import Path
from typing import Any

import pytest
import typer

from api.cli.main import app

DOCS = Path(__file__).parents[2] / "docs"
PAGES = sorted([*DOCS.glob("tutorial/*.md"), *DOCS.glob("how-to/*.md")])
LINE = re.compile(r"^\$ (?:[A-Z_]+=\S+ )*twinwright (.*?)(?:\s+#.*)?$", re.MULTILINE)
LINK = re.compile(r"\]\(([^)#:]+\.md)")


def command_of(words: list[str]) -> tuple[Any, list[str]]:
    """The command that the words name, and the words that are left."""
    command: Any = typer.main.get_command(app)
    while getattr(command, "commands", None):
        command, words = command.commands[words[0]], words[1:]
    return command, words


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.stem)
def test_commands_and_options_exist(page: Path) -> None:
    """Each line that begins with `$ twinwright` names a command and options that it has."""
    for line in LINE.findall(page.read_text(encoding="utf-8")):
        command, words = command_of(shlex.split(line))
        known = {option for parameter in command.params for option in parameter.opts}

        assert {word for word in words if word.startswith("--")} <= known, line


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.stem)
def test_links_lead_somewhere(page: Path) -> None:
    """Relative links to other pages."""
    for target in LINK.findall(page.read_text(encoding="utf-8")):
        assert (page.parent / target).exists(), target


def test_every_command_is_shown_somewhere() -> None:
    """A command that no page mentions would be found by nobody."""
    text = "\n".join(page.read_text(encoding="utf-8") for page in PAGES)

    commands: Any = typer.main.get_command(app)
    for name in commands.commands:
        assert f"twinwright {name}" in text, name
