"""`twinwright status` and `violations`."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import typer
from rich.table import Table

from api.cli import options
from api.cli.console import out, print_json, say
from api.cli.exits import ExitCode
from api.cli.twin import Twin, twin
from api.supervisor import parts_path
from kg.errors import ServiceDown
from kg.tokens import CORE, GATEWAY, REPLICA
from kg.wire import json_to_finding


def register(app: typer.Typer) -> None:
    app.command()(status)
    app.command()(violations)


def status(
    data: options.Data = options.DATA, login: options.As = options.OPERATOR, as_json: options.Json = False
) -> None:
    """How the twin and each of its parts are. Exits with 3 when a part does not answer."""
    with twin(data, login) as running:
        told = {part: _status_of(running, part) for part in (CORE, GATEWAY, REPLICA)}
        name = running.info.name
    parts = read_parts(data)
    if as_json:
        print_json({"plant": name, "parts": parts, **told})
    else:
        _show(name, parts, told)
    raise typer.Exit(ExitCode.OK if all("error" not in answer for answer in told.values()) else ExitCode.INSTALLATION)


def violations(
    data: options.Data = options.DATA, login: options.As = options.OPERATOR, as_json: options.Json = False
) -> None:
    """What the shapes find wrong now. Exits with 1 when there is something."""
    with twin(data, login) as running:
        raw = running.call(CORE, "violations")["findings"]
        if as_json:
            print_json(raw)
        else:
            for finding in map(json_to_finding, raw):
                style = {"Violation": "red", "Warning": "yellow"}.get(finding.severity.value)
                focus = running.info.short(str(finding.focus))
                say(f"{finding.severity.value:9} {finding.code or '-':16} {focus}: {finding.message}", style)
            if not raw:
                say("Nothing is violated.", "green")
    raise typer.Exit(ExitCode.FOUND if raw else ExitCode.OK)


def read_parts(data: Path) -> list[dict[str, Any]]:
    """What the supervisor knows of its parts; empty where none has run."""
    try:
        return list(json.loads(parts_path(data).read_text(encoding="utf-8")))
    except (OSError, ValueError):
        return []


def _status_of(running: Twin, part: str) -> dict[str, Any]:
    try:
        return dict(running.call(part, "status", timeout_s=3.0))
    except ServiceDown as error:
        return {"error": error.message}


def _show(name: str, parts: list[dict[str, Any]], told: dict[str, dict[str, Any]]) -> None:
    table = Table("part", "state", "pid", "restarts", "says", title=f"twin of {name}", title_justify="left", box=None)
    for part in parts:
        answer = told.get(part["name"], {})
        word = answer.get("error") or f"seq {answer['seq']}" if "seq" in answer or "error" in answer else ""
        pid = "-" if part["pid"] is None else str(part["pid"])
        table.add_row(part["name"], part["state"], pid, str(part["restarts"]), word)
    out.print(table)
