"""docs/how-to/validate-and-infer-files.md: its files are written, its commands and programs run, their output compared.

`python tests/api_plain/test_how_to.py` writes the output into the page.
"""

from __future__ import annotations

import contextlib
import io
import os
import re
import shlex
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from api.cli import run

PAGE = Path(__file__).parents[2] / "docs" / "how-to" / "validate-and-infer-files.md"
BLOCK = re.compile(r"^```(\w+)(?: (\S+))?\n(.*?)^```\n", re.MULTILINE | re.DOTALL)
COMMAND = re.compile(r"^\$ twinwright (.*?)(?:\s+# ends with (\d))?$")


def as_it_runs(text: str) -> str:
    """The page with what its commands and programs print now; files are written into the current folder."""
    scope: dict[str, object] = {}
    shown: list[str] = []
    end = 0
    for block in BLOCK.finditer(text):
        kind, name, body = block.groups()
        shown.append(text[end : block.start()])
        end = block.end()
        if name is not None:
            Path(name).write_text(body, encoding="utf-8")
        elif kind == "console":
            body = "".join(console(body))
        elif kind == "python":
            body = body.partition("\n# prints\n")[0].rstrip("\n") + "\n" + "".join(program(body, scope))
        shown.append(f"```{kind}{'' if name is None else ' ' + name}\n{body}```\n")
    return "".join(shown) + text[end:]


def console(body: str) -> Iterator[str]:
    """Each command with what it prints; it ends as the page says."""
    for line in body.splitlines():
        found = COMMAND.match(line)
        if found is not None:
            out, err = io.StringIO(), io.StringIO()
            with contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):
                code = run(shlex.split(found[1]))
            assert code == int(found[2] or 0), (line, out.getvalue(), err.getvalue())
            yield f"{line}\n{out.getvalue()}{err.getvalue()}"


def program(body: str, scope: dict[str, object]) -> Iterator[str]:
    """What a block of Python prints, as comments below it; the blocks are one program."""
    out = io.StringIO()
    with contextlib.redirect_stdout(out):
        exec(body.partition("\n# prints\n")[0], scope)
    if out.getvalue():
        yield "\n# prints\n"
        yield from (f"# {line}\n" for line in out.getvalue().splitlines())


def test_the_page_shows_what_happens(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Every command, its end, every program and every line of output."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("COLUMNS", "200")
    text = PAGE.read_text(encoding="utf-8")

    assert as_it_runs(text) == text


if __name__ == "__main__":
    page = PAGE.read_text(encoding="utf-8")
    with tempfile.TemporaryDirectory() as folder:
        os.chdir(folder)
        page = as_it_runs(page)
    PAGE.write_text(page, encoding="utf-8")
