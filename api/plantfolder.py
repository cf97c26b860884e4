"""Where a plant's folder is: by path, or by the name of a plant that is shipped."""

from __future__ import annotations

from importlib.resources import files
from pathlib import Path

from kg.errors import PlantIncomplete
from kg.plantfolder import MANIFEST, PlantFolder, load

__all__ = ["PlantFolder", "find", "load", "shipped"]


def shipped() -> tuple[str, ...]:
    """The names of the plants that come with Twinwright."""
    return tuple(sorted(folder.name for folder in _plants().iterdir() if (folder / MANIFEST).is_file()))


def find(name: str | Path) -> Path:
    """The folder of a plant: a path, or the name of a shipped plant. Raises PlantIncomplete where there is none."""
    path = Path(name)
    if path.is_dir():
        return path.resolve()
    if str(name) in shipped():
        return _plants() / str(name)
    known = ", ".join(shipped())
    raise PlantIncomplete(f"There is no plant folder {name}; the plants shipped are: {known}.", folder=str(name))


def _plants() -> Path:
    return Path(str(files("plants")))
