"""The shipped plant."""

from __future__ import annotations

import sys
from importlib.resources import files
from pathlib import Path

import pytest

from kg.plantfolder import PlantFolder, load

sys.path.insert(0, str(Path(__file__).parent))


@pytest.fixture(scope="session")
def bottling() -> PlantFolder:
    """The shipped plant, loaded once."""
    return load(Path(str(files("plants.bottling"))))
