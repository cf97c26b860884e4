"""Reference plants: separate programs that stand in for reality.

Each plant is a folder with its model, rules, shapes and a simulated controller behind a real OPC UA server. The physics
and the hidden parameters in here are what the twin has to find out; nothing of the twin is known here, except the
published vocabularies in `ontology`. The twin meets a plant over OPC UA only.
"""

from __future__ import annotations

from collections.abc import Mapping
from importlib.resources import files
from importlib.resources.abc import Traversable
from types import MappingProxyType
from typing import Final

#: The reference plants: name -> package that holds the folder and, if it is simulated, its program.
PLANTS: Final[Mapping[str, str]] = MappingProxyType({"bottling": "plants.bottling"})


def plant_folder(name: str) -> Traversable:
    """The folder of a reference plant. Raises KeyError with the names there are."""
    if name not in PLANTS:
        raise KeyError(f"There is no reference plant {name!r}; there are: {', '.join(sorted(PLANTS))}.")
    return files(PLANTS[name])


__all__ = ["PLANTS", "plant_folder"]
