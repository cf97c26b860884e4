"""The operating system's second lock: a replica needs no network and no more than its share of memory.

The parse tree refuses every query that would reach out; these limits hold even if a query slips past it, since
Oxigraph opens connections from native code, where Python could not stop it.
"""

from __future__ import annotations

import contextlib
import ctypes
import os
import resource
from pathlib import Path

_NEW_USER = 0x10000000
_NEW_NET = 0x40000000
_FIRST_TO_GO = "1000"


def leave_network() -> bool:
    """True if this process now has a network namespace of its own, with nothing in it. Call before any thread starts.

    Unix sockets in the file system still work. False where the system does not allow it (containers often don't).
    """
    try:
        libc = ctypes.CDLL(None, use_errno=True)
        unshare = libc.unshare
    except (OSError, AttributeError):
        return False
    user, group = os.getuid(), os.getgid()
    if unshare(_NEW_NET) == 0:
        return True
    if unshare(_NEW_USER | _NEW_NET) != 0:
        return False
    _keep_identity(user, group)
    return True


def limit_memory(megabytes: int) -> None:
    """Let the address space grow no further than this; a query that wants more ends the process, not the machine.

    Where the machine has less, the kernel ends this process first, and not the core.
    """
    with contextlib.suppress(OSError):
        Path("/proc/self/oom_score_adj").write_text(_FIRST_TO_GO, encoding="ascii")
    size = megabytes * 1024 * 1024
    _, hard = resource.getrlimit(resource.RLIMIT_AS)
    ceiling = size if hard == resource.RLIM_INFINITY else min(size, hard)
    resource.setrlimit(resource.RLIMIT_AS, (ceiling, hard))


def _keep_identity(user: int, group: int) -> None:
    """Stay the same user inside the new namespace, so that files and sockets look as before."""
    own = Path("/proc/self")
    try:
        (own / "setgroups").write_text("deny")
        (own / "uid_map").write_text(f"{user} {user} 1")
        (own / "gid_map").write_text(f"{group} {group} 1")
    except OSError:
        return
