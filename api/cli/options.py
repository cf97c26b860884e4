"""The options that several commands share."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

Json = Annotated[bool, typer.Option("--json", help="Print JSON for machines.")]
Data = Annotated[
    Path, typer.Option("--data", envvar="TWINWRIGHT_DATA_DIR", help="Data directory of the twin.", show_default=True)
]
As = Annotated[str, typer.Option("--as", envvar="TWINWRIGHT_USER", help="Login under which you speak.")]
OptionalData = Annotated[
    Path | None, typer.Option("--data", envvar="TWINWRIGHT_DATA_DIR", help="Data directory of the twin.")
]
Reason = Annotated[str, typer.Option("--reason", help="Why, in your words; it is kept in the record.")]

DATA = Path("data")
OPERATOR = "olga"
ENGINEER = "emil"
