"""Exit codes of the command line, and which error leads to which."""

from __future__ import annotations

from enum import IntEnum

from kg.errors import CallerError, DataError, JournalBroken, OperatorError, TwinError, Undecided


class ExitCode(IntEnum):
    """What a command's end means."""

    OK = 0
    FOUND = 1
    """Something was found or refused: a violation, a refusal, a damaged record."""
    BAD_INPUT = 2
    """Arguments, query, plant folder, file or value, or a check beyond its budget; the caller corrects it."""
    INSTALLATION = 3
    """A part does not run, a port or directory is taken, a disk is full."""
    OUR_BUG = 4


def exit_code(error: TwinError) -> ExitCode:
    """The exit code for an error."""
    match error:
        case JournalBroken():
            return ExitCode.FOUND
        case CallerError() | DataError() | Undecided():
            return ExitCode.BAD_INPUT
        case OperatorError():
            return ExitCode.INSTALLATION
        case _:
            return ExitCode.OUR_BUG
