"""What the world outside the twin has seen: acknowledgements, and writes that reached a controller.

One JSON line each, in DIRECTORY/outside/NAME.jsonl. A power cut of the twin's machine takes none of it back, so the
rebuilder keeps these files as they were at the cut, synced or not.
"""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

FOLDER = "outside"


class Outside:
    """A file of what has been seen, for appending. A line is seen whole or not at all."""

    def __init__(self, root: Path, name: str) -> None:
        path = _path(root, name)
        path.parent.mkdir(exist_ok=True)
        self._descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)

    def tell(self, *seen: dict[str, Any]) -> None:
        os.write(self._descriptor, "".join(json.dumps(line) + "\n" for line in seen).encode())

    def close(self) -> None:
        os.close(self._descriptor)


def told(root: Path, name: str) -> list[dict[str, Any]]:
    """Everything seen so far, in order."""
    path = _path(root, name)
    return [json.loads(line) for line in path.read_text().splitlines()] if path.exists() else []


def _path(root: Path, name: str) -> Path:
    return root / FOLDER / f"{name}.jsonl"
