"""What the command line prints: sentences for people on standard output, or one JSON document."""

from __future__ import annotations

import json
import sys
from typing import Any

from rich.console import Console
from rich.markup import escape

from api.known_errors import error_class
from kg.errors import TwinError

out = Console(highlight=False)
err = Console(stderr=True, highlight=False)


def print_json(document: Any) -> None:
    """One JSON document; what JSON does not know is written as text."""
    sys.stdout.write(json.dumps(document, indent=2, ensure_ascii=False, default=str) + "\n")


def say(text: str, style: str | None = None) -> None:
    """A sentence, with anything in it that looks like markup taken literally."""
    out.print(escape(text), style=style, soft_wrap=True)


def print_error(error: TwinError, as_json: bool) -> None:
    """The error: sentence, remedy, code; as JSON on standard output where that was asked for."""
    if as_json:
        print_json({"error": error_json(error)})
    else:
        err.print(f"[bold red]{escape(error.message)}[/]", soft_wrap=True)
        err.print(escape(f"{error.remedy} [{error.code}]"), soft_wrap=True)


def remedy_of(code: str) -> str | None:
    """What to do about a reason that bears an error's code; the reasons of shapes say it themselves."""
    error = error_class(code)
    return None if error is None else error.remedy


def error_json(error: TwinError) -> dict[str, Any]:
    return {"code": error.code, "message": error.message, "remedy": error.remedy, "facts": dict(error.facts)}
