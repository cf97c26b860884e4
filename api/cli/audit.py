"""`twinwright audit verify`: is the record what was written? Works on a copy, without a twin."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from api.cli import options
from api.cli.console import print_json, say
from api.cli.exits import ExitCode
from kg.history import HistoryReader, SealReport, verify_seals
from kg.journal import JournalReader, VerifyReport, verify
from kg.store import DataPaths

app = typer.Typer(help="The record of decisions.", no_args_is_help=True, rich_markup_mode=None)


@app.callback()
def audit() -> None:
    """The record of decisions."""


@app.command("verify")
def audit_verify(
    path: Annotated[Path | None, typer.Argument(help="A journal file, or a data directory.")] = None,
    data: options.Data = options.DATA,
    as_json: options.Json = False,
) -> None:
    """Recompute the journal's hashes and the seals of history. Exits with 1 when anything was changed or cut."""
    target = data if path is None else path
    journal = DataPaths(target).journal if target.is_dir() else target
    report = verify(journal)
    seals = _seals(journal) if report.ok else None
    if as_json:
        print_json(_document(journal, report, seals))
    else:
        _show(report, seals)
    fine = report.ok and (seals is None or seals.ok)
    raise typer.Exit(ExitCode.OK if fine else ExitCode.FOUND)


def _seals(journal: Path) -> SealReport | None:
    """The verification of the samples beside a journal; None where there are none."""
    history = DataPaths(journal.parent).history
    if not history.exists():
        return None
    with JournalReader.open(journal) as reader, HistoryReader.open(history) as samples:
        return verify_seals(samples, reader.entries())


def _document(journal: Path, report: VerifyReport, seals: SealReport | None) -> dict[str, object]:
    return {
        "journal": str(journal),
        "ok": report.ok and (seals is None or seals.ok),
        "entries": report.entries,
        "head": {"index": report.head.index, "hash": report.head.hash.hex()},
        "anchored": report.anchor is not None,
        "problems": [
            {"index": problem.index, "damage": str(problem.damage), "sentence": problem.sentence}
            for problem in report.problems
        ],
        "samples": None if seals is None else seals.samples,
        "unsealed": None if seals is None else seals.unsealed,
        "sample_problems": [problem.sentence for problem in seals.problems] if seals is not None else [],
    }


def _show(report: VerifyReport, seals: SealReport | None) -> None:
    for problem in report.problems:
        say(f"{problem.damage}: {problem.sentence}", "red")
    for sample in seals.problems if seals is not None else ():
        say(sample.sentence, "red")
    say(f"{report.entries} entries, head {report.head.index} {report.head.hash.hex()[:16]}…")
    if seals is not None:
        say(f"{seals.samples} samples under {seals.seals} seals, {seals.unsealed} not yet sealed")
    if report.anchor is None:
        say("There is no head file, so a cut at the end would not be seen.", "yellow")
    if report.ok and (seals is None or seals.ok):
        say("The record is what was written.", "bold green")
