"""`twinwright explain`: why a decision was taken, down to the samples; works without a running twin."""

from __future__ import annotations

import typer
from typing import Annotated

from agents import explanation
from api.cli import options
from api.cli.console import out, print_json
from kg.errors import BadValue


def register(app: typer.Typer) -> None:
    app.command()(explain)
