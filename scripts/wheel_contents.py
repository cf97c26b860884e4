"""Checks that the wheel holds what is read at run time, and nothing of tests, benchmarks and documents."""

from __future__ import annotations

import sys
import zipfile
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
PACKAGES = ("agents", "api", "kg", "ontology", "plants", "reasoner", "shapes")


def main(folder: str) -> int:
    (wheel,) = Path(folder).glob("*.whl")
    names = set(zipfile.ZipFile(wheel).namelist())
    wanted = {
        path.relative_to(ROOT).as_posix()
        for package in PACKAGES
        for path in (ROOT / package).rglob("*")
        if path.is_file() and path.suffix in (".py", ".ttl", ".toml", ".typed") and "__pycache__" not in path.parts
    }
    lacking = sorted(wanted - names)
    foreign = sorted(name for name in names if name.split("/")[0] not in (*PACKAGES,) and ".dist-info/" not in name)
    for name in lacking:
        print(f"The wheel lacks {name}.")
    for name in foreign:
        print(f"The wheel holds {name}, which does not belong there.")
    return 1 if lacking or foreign else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1]))
