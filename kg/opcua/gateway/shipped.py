"""Which plants may be written: those shipped with Twinwright, at a loopback address, until the link is hardened."""

from __future__ import annotations

import hashlib
import ipaddress
from collections.abc import Iterable
from importlib.resources import files
from importlib.resources.abc import Traversable
from pathlib import Path
from urllib.parse import urlparse

from kg.bindings import Server


def why_read_only(folder: Path, servers: Iterable[Server], packaged: Traversable | None = None) -> str | None:
    """A sentence that says why this plant is not written to; None where it may be.

    Compares the Turtle of the folder with that of each plant in the package `plants`, byte by byte.
    """
    home = packaged if packaged is not None else files("plants")
    shipped = {digest for place in home.iterdir() if place.is_dir() and (digest := turtle_digest(place)) is not None}
    if turtle_digest(folder) not in shipped:
        return f"The Turtle in {folder} is not that of a plant shipped with Twinwright, and only those are writable."
    for server in servers:
        if not is_loopback(server.url):
            return f"{server.url} is not on this machine, and only simulated plants here are writable."
    return None


def turtle_digest(folder: Path | Traversable) -> str | None:
    """SHA-256 (hex) over names and contents of a folder's Turtle files; None where there are none."""
    found = sorted((file for file in folder.iterdir() if file.name.endswith(".ttl")), key=lambda file: file.name)
    if not found:
        return None
    digest = hashlib.sha256()
    for file in found:
        content = file.read_bytes()
        digest.update(f"{file.name} {len(content)}\n".encode())
        digest.update(content)
    return digest.hexdigest()


def is_loopback(url: str) -> bool:
    """True where an endpoint URL leads to this machine by its loopback address."""
    host = urlparse(url).hostname or ""
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False
