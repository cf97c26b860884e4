"""`twinwright explain`: why a decision was taken, down to the samples; works without a running twin."""

from __future__ import annotations

import typer


def register(app: typer.Typer) -> None:
    """To be replaced."""
