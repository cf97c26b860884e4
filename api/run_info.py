"""What the supervisor leaves in DATA/run/twin.json for the command line: which plant runs, and its names."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path

from rdflib import URIRef

from kg.errors import ServiceDown, UnknownNode
from kg.plantfolder import PlantFolder
from kg.replica.prefixes import PREFIXES
from ontology import TW

_IRI = re.compile(r"<(https?://[^<>\s]+)>|(https?://[^<>\s,;()]*[^<>\s,;().])")


@dataclass(frozen=True, slots=True)
class RunInfo:
    """A twin as it was started last on a data directory."""

    name: str
    folder: str
    """The plant folder in force: a copy in the data directory."""
    base: str
    """The namespace of the plant; names without a prefix are taken from it."""
    endpoint: str
    prefixes: Mapping[str, str] = field(default_factory=dict)
    web: str = ""
    """The address of console and API."""

    @classmethod
    def of(cls, plant: PlantFolder, web: str = "") -> RunInfo:
        """What there is to know of a loaded plant."""
        base = _namespace(str(plant.bindings[0].equipment))
        names = {prefix: str(iri) for graph in plant.graphs.values() for prefix, iri in graph.namespaces() if prefix}
        own = {prefix: iri for prefix, iri in names.items() if iri == base}
        return cls(plant.name, str(plant.folder), base, plant.servers[0].url, PREFIXES | own, web)

    def write(self, data: Path) -> None:
        path = _path(data)
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(json.dumps(asdict(self), indent=1), encoding="utf-8")

    @classmethod
    def read(cls, data: Path) -> RunInfo:
        """Raises ServiceDown where no twin has run on this data directory."""
        try:
            return cls(**json.loads(_path(data).read_text(encoding="utf-8")))
        except (OSError, ValueError, TypeError):
            raise ServiceDown(f"No twin has been run on {data}.", data=str(data)) from None

    def iri(self, name: str) -> URIRef:
        """The IRI of `Filler`, `bot:Filler`, `<iri>`, `iri` or `plant`. Raises UnknownNode for unknown prefixes."""
        if name == "plant":
            return TW.Plant
        if name.startswith("<") and name.endswith(">"):
            return URIRef(name[1:-1])
        prefix, colon, local = name.partition(":")
        if not colon:
            return URIRef(self.base + name)
        if local.startswith("//") or prefix == "urn":
            return URIRef(name)
        if prefix not in self.prefixes:
            raise UnknownNode(f"The prefix {prefix}: of {name} is not known.", name=name)
        return URIRef(self.prefixes[prefix] + local)

    def in_words(self, sentence: str) -> str:
        """A sentence with every IRI in it shortened."""
        return _IRI.sub(lambda found: self.short(found[1] or found[2]), sentence)

    def short(self, iri: str) -> str:
        """The IRI as people write it: without the plant's namespace, with a prefix where there is one."""
        if iri == str(TW.Plant):
            return "plant"
        if iri.startswith(self.base):
            return iri.removeprefix(self.base)
        for prefix, namespace in self.prefixes.items():
            if iri.startswith(namespace):
                return f"{prefix}:{iri.removeprefix(namespace)}"
        return iri


def _path(data: Path) -> Path:
    return data / "run" / "twin.json"


def _namespace(iri: str) -> str:
    return iri[: max(iri.rfind("#"), iri.rfind("/")) + 1]
