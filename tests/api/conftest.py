"""Plant folders and data directories to spoil."""

from __future__ import annotations

import shutil
from importlib.resources import files
from pathlib import Path

import pytest

BOTTLING = Path(str(files("plants.bottling")))


@pytest.fixture
def plant(tmp_path: Path) -> Path:
    """A copy of the bottling plant's folder: its manifest and its Turtle."""
    folder = tmp_path / "plant"
    folder.mkdir()
    for path in (*BOTTLING.glob("*.ttl"), BOTTLING / "plant.toml"):
        shutil.copyfile(path, folder / path.name)
    return folder
