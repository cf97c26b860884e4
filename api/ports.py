"""TCP ports on this machine."""

from __future__ import annotations

import socket

from kg.errors import PortInUse


def require_free(port: int) -> None:
    """Nothing where the port can be listened on. Raises PortInUse. 0 is always free."""
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except OSError:
            raise PortInUse(f"Port {port} is in use by another program.", port=port) from None


def free_port() -> int:
    """A port that was free a moment ago."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def is_free(port: int) -> bool:
    """Whether the port could be listened on now."""
    try:
        require_free(port)
    except PortInUse:
        return False
    return True
