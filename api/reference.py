"""Writes the reference pages that follow from the code: commands, errors, settings, HTTP.

python -m api.reference docs/reference          rewrite
python -m api.reference --check docs/reference  exit with 1 and name the pages that are out of date
"""

from __future__ import annotations

import argparse
import inspect
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import typer

from api.cli.exits import ExitCode, exit_code
from api.cli.main import app
from api.known_errors import errors as known_errors
from api.settings import Settings, variable_of
from api.web.reference import http_page
from kg import errors
from kg.errors import TwinError

_NOTE = "<!-- Written by `python -m api.reference docs/reference`; change the code, not this page. -->"
_ACTORS = {
    "CallerError": "Whoever sent the input",
    "OperatorError": "A person at the installation",
    "DataError": "The owner of the data",
    "InternalError": "We",
}


def pages() -> dict[str, str]:
    """The pages by file name."""
    return {
        "cli.md": cli_page(),
        "errors.md": errors_page(),
        "http.md": http_page(_NOTE),
        "settings.md": settings_page(),
    }


def cli_page() -> str:
    """Every command with its arguments and options."""
    codes = [f"| {code.value} | {meaning} |" for code, meaning in _EXITS.items()]
    lines = [
        "# The command line",
        _NOTE,
        "",
        "People get sentences, machines `--json`. Before the command, `--debug` shows tracebacks. An error is a "
        "sentence, what to do, and a [code](errors.md).",
        "",
        "| exit code | meaning |",
        "|---|---|",
        *codes,
    ]
    for name, command in _commands("twinwright", typer.main.get_command(app)):
        lines += ["", f"## `{name}`", "", _sentences(command.help), *_parameters(command)]
    return "\n".join(lines) + "\n"


def errors_page() -> str:
    """Every error with its code, who acts, and what to do."""
    lines = [
        "# Errors",
        _NOTE,
        "",
        "Each error has a code that stays the same over versions, a sentence with the facts, and what to do about it. "
        "It is the same code on the command line, between processes and in the record.",
        "",
        "| code | what it is | who acts | what to do | exit code |",
        "|---|---|---|---|---|",
    ]
    for error in known_errors():
        actor = next((who for name, who in _ACTORS.items() if name in {base.__name__ for base in error.__mro__}), "We")
        lines.append(
            f"| `{error.code}` | {_meaning(error)} | {actor} | {error.remedy} | {exit_code(error('')).value} |"
        )
    return "\n".join(lines) + "\n"


def settings_page() -> str:
    """Every setting with its variable, default and meaning."""
    lines = [
        "# Settings",
        _NOTE,
        "",
        "The nearest wins: a flag of the command, then the environment, then `[settings]` in the plant's `plant.toml`, "
        "then the default. In `plant.toml` and for flags the name in the first column is used.",
        "",
        "| name | environment | default | meaning |",
        "|---|---|---|---|",
    ]
    for name, field in Settings.model_fields.items():
        default = "none" if field.default is None else f"`{field.default}`"
        lines.append(f"| `{name}` | `{variable_of(name)}` | {default} | {field.description} |")
    return "\n".join(lines) + "\n"


_EXITS = {
    ExitCode.OK: "all is well",
    ExitCode.FOUND: "something was found or refused: a violation, a refusal, a damaged record",
    ExitCode.BAD_INPUT: "bad input: arguments, query, plant folder, file or value; or a check beyond its budget",
    ExitCode.INSTALLATION: "the installation: a part does not run, a port or directory is taken",
    ExitCode.OUR_BUG: "our bug",
}


def _commands(name: str, command: Any) -> Iterator[tuple[str, Any]]:
    children = getattr(command, "commands", None)
    if not children:
        yield name, command
        return
    for child_name, child in children.items():
        yield from _commands(f"{name} {child_name}", child)


def _parameters(command: Any) -> Iterator[str]:
    shown = [parameter for parameter in command.params if parameter.name != "help"]
    if not shown:
        return
    yield from ("", "| argument or option | default | meaning |", "|---|---|---|")
    for parameter in shown:
        is_argument = parameter.param_type_name == "argument"
        name = (parameter.metavar or parameter.name.upper()) if is_argument else ", ".join(parameter.opts)
        default = "required" if parameter.required else _default(parameter.default)
        variable = f" Also `{parameter.envvar}`." if parameter.envvar else ""
        yield f"| `{name}` | {default} | {parameter.help or ''}{variable} |"


def _default(value: Any) -> str:
    return "" if value in (None, "", False) or value == [] else f"`{value}`"


def _sentences(text: str | None) -> str:
    return " ".join((text or "").split())


def _meaning(error: type[TwinError]) -> str:
    """What stands beside the class in the tree of kg.errors; of a branch, that it is one."""
    if error.__subclasses__():
        return "anything else of its kind"
    for line in (inspect.getdoc(errors) or "").splitlines():
        words = line.strip(" │├└─").split(None, 1)
        if len(words) == 2 and words[0] == error.__name__:
            return words[1]
    return _sentences(inspect.getdoc(error))


def main(arguments: Sequence[str] | None = None) -> int:
    """0, or 1 where `--check` found pages that are out of date."""
    parser = argparse.ArgumentParser(prog="python -m api.reference", description="Write the reference pages.")
    parser.add_argument("--check", action="store_true", help="change nothing; fail where a page is out of date")
    parser.add_argument("folder", type=Path)
    options = parser.parse_args(arguments)
    old = []
    for name, text in pages().items():
        path = options.folder / name
        if not path.exists() or path.read_text(encoding="utf-8") != text:
            old.append(name)
            if not options.check:
                path.write_text(text, encoding="utf-8")
    sys.stdout.writelines(f"{name}: {'out of date' if options.check else 'rewritten'}\n" for name in old)
    return 1 if options.check and old else 0


if __name__ == "__main__":
    raise SystemExit(main())
