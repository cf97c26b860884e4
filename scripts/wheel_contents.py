"""Checks that the wheel holds what is read at run time and nothing else, and that it works outside the checkout."""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
import zipfile
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
PACKAGES = ("agents", "api", "kg", "ontology", "plants", "reasoner", "shapes")
READ_AT_RUN_TIME = (".py", ".ttl", ".toml", ".typed", ".css", ".js", ".svg")
TRIAL = """
import api
from api.core.engines import rule_engines
from api.plantfolder import find
from kg.graph import WorkingGraph
from kg.names import GraphName
from kg.plantfolder import load
from reasoner.shacl import compile_shapes
plant = load(find("bottling"))
rule_engines(WorkingGraph(), plant)
compile_shapes(plant.graphs[GraphName.SHAPES])
print(api.__file__)
"""


def main(folder: str) -> int:
    (wheel,) = Path(folder).glob("*.whl")
    problems = [*_contents(wheel), *_trial(wheel)]
    for problem in problems:
        print(problem)
    return 1 if problems else 0


def _contents(wheel: Path) -> list[str]:
    names = set(zipfile.ZipFile(wheel).namelist())
    wanted = {
        path.relative_to(ROOT).as_posix()
        for package in PACKAGES
        for path in (ROOT / package).rglob("*")
        if path.is_file() and path.suffix in READ_AT_RUN_TIME and "__pycache__" not in path.parts
    }
    foreign = sorted(name for name in names if name.split("/")[0] not in PACKAGES and ".dist-info/" not in name)
    return [f"The wheel lacks {name}." for name in sorted(wanted - names)] + [
        f"The wheel holds {name}, which does not belong there." for name in foreign
    ]


def _trial(wheel: Path) -> list[str]:
    """Load the shipped plant, its rules and shapes from the unpacked wheel, away from the checkout."""
    with tempfile.TemporaryDirectory() as place:
        zipfile.ZipFile(wheel).extractall(place)
        environment = {**os.environ, "PYTHONPATH": place}
        ended = subprocess.run(
            [sys.executable, "-c", TRIAL], cwd=place, env=environment, capture_output=True, text=True, check=False
        )
        if ended.returncode or not ended.stdout.startswith(place):
            return [f"The wheel does not work outside the checkout: {ended.stderr or ended.stdout}"]
    return []


if __name__ == "__main__":
    sys.exit(main(sys.argv[1]))
