"""The demonstration keeps to this machine: nothing listens or connects beyond the loopback interface."""

from __future__ import annotations

import ipaddress
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

_TABLES = ("tcp", "tcp6", "udp", "udp6")


class Socket(NamedTuple):
    """An Internet socket of a process."""

    process: str
    protocol: str
    local: str
    remote: str


def sockets_of(pid: int, process: str) -> Iterator[Socket]:
    """The Internet sockets that a process holds. Source: proc(5), /proc/net/tcp."""
    inodes = set()
    for link in Path(f"/proc/{pid}/fd").iterdir():
        try:
            target = str(link.readlink())
        except OSError:
            continue
        if target.startswith("socket:["):
            inodes.add(target[8:-1])
    for protocol in _TABLES:
        table = Path(f"/proc/{pid}/net/{protocol}")
        for line in table.read_text(encoding="ascii").splitlines()[1:] if table.exists() else ():
            fields = line.split()
            if fields[9] in inodes:
                yield Socket(process, protocol, address(fields[1]), address(fields[2]))


def address(field: str) -> str:
    """The address in a field of /proc/net/tcp: words of four bytes in the machine's order."""
    digits = field.partition(":")[0]
    words = (bytes.fromhex(digits[at : at + 8])[::-1] for at in range(0, len(digits), 8))
    return str(ipaddress.ip_address(b"".join(words)))


def is_near(text: str) -> bool:
    found = ipaddress.ip_address(text)
    mapped = getattr(found, "ipv4_mapped", None)
    return (mapped or found).is_loopback


def test_every_socket_is_on_the_loopback_interface(demo: Any) -> None:
    """Of all processes of plant and twin; a peer of 0.0.0.0 is that of a socket that listens."""
    parts = json.loads((demo.data / "run" / "parts.json").read_text(encoding="utf-8"))
    found = [socket for part in parts for socket in sockets_of(part["pid"], part["name"])]

    listening = {socket.process for socket in found if ipaddress.ip_address(socket.remote).is_unspecified}
    assert {"plant", "web"} <= listening
    assert [socket for socket in found if not is_near(socket.local)] == []
    peers = [socket for socket in found if not ipaddress.ip_address(socket.remote).is_unspecified]
    assert [socket for socket in peers if not is_near(socket.remote)] == []
    assert {socket.process for socket in peers} >= {"plant", "core", "gateway"}
