"""The command line: `twinwright`, for people by default and with `--json` for machines.

Each file holds one group of commands. A command says what it found and gives an exit code: 0 all is well, 1 something
was found or refused, 2 bad input, 3 a problem of the installation, 4 our bug. Errors are a sentence, what to do and a
code; a traceback only with `--debug`.
"""

from __future__ import annotations

from api.cli.main import main, run

__all__ = ["main", "run"]
