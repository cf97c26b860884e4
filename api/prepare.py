"""Makes a data directory ready for a start: the plant's folder as it will run, tokens, and what the tools must know.

The folder is copied, so that what runs is what was loaded, whatever happens to the original meanwhile.
"""

from __future__ import annotations

import shutil
from dataclasses import dataclass
from pathlib import Path

from api.run_info import RunInfo
from kg.errors import PlantIncomplete
from kg.plantfolder import MANIFEST, PlantFolder, load
from kg.store import DataDirectory
from kg.tokens import create_tokens


@dataclass(frozen=True, slots=True)
class Prepared:
    """A data directory that a twin can be started on."""

    data: Path
    plant: PlantFolder
    info: RunInfo
    tokens: dict[str, str]


def prepare(data: Path, folder: Path, endpoint: str | None = None, web: str = "") -> Prepared:
    """Copy the plant in, draw tokens, leave twin.json. The caller holds the SupervisorLock. `web` is the console's URL.

    Raises PlantIncomplete for a folder that cannot run, DataDirectoryLocked where a core already runs here.
    """
    load(folder, endpoint)  # errors name the original's files
    DataDirectory(data).close()
    plant = load(_copy(folder, data / "plant"), endpoint)
    tokens = create_tokens(data, plant.persons)
    info = RunInfo.of(plant, web)
    info.write(data)
    return Prepared(data, plant, info, tokens)


def _copy(folder: Path, copy: Path) -> Path:
    if folder.resolve() == copy.resolve():
        raise PlantIncomplete(f"{folder} is the copy inside a data directory; give the original.", folder=str(folder))
    shutil.rmtree(copy, ignore_errors=True)
    copy.mkdir(parents=True)
    for path in (*sorted(folder.glob("*.ttl")), folder / MANIFEST):
        shutil.copyfile(path, copy / path.name)
    return copy
