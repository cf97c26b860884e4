"""Runs a module as a child that ends with its parent: `python -m api.child MODULE ARGUMENTS`.

Without it a killed supervisor would leave processes that hold the data directory and nobody watches.
"""

from __future__ import annotations

import ctypes
import os
import runpy
import signal
import sys

_SET_PARENT_DEATH_SIGNAL = 1


def main() -> None:
    """Become the module named first in the arguments."""
    parent = int(os.environ.get("TWINWRIGHT_PARENT_PID", "0"))
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(_SET_PARENT_DEATH_SIGNAL, signal.SIGTERM)
    if parent and os.getppid() != parent:
        sys.exit(0)  # the parent died before the signal was asked for
    module = sys.argv[1]
    sys.argv = sys.argv[1:]
    runpy.run_module(module, run_name="__main__", alter_sys=True)


if __name__ == "__main__":
    main()
