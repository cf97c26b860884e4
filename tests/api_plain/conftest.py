"""Files of a small line, and a shell in the folder where they lie."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import pytest
from rdflib import Graph

from api.cli import run
from kg.exchange.rdf_files import RdfReader

FILES = {
    "line.ttl": """
        @prefix ex: <http://example.org/> .
        @prefix owl: <http://www.w3.org/2002/07/owl#> .
        @prefix rdfs: <http://www.w3.org/2000/01/rdf-schema#> .
        ex:Filler rdfs:subClassOf ex:Machine .
        ex:feeds a owl:TransitiveProperty .
        ex:f1 a ex:Filler ; ex:speed 5.0 ; ex:feeds _:conveyor .
        _:conveyor a ex:Machine ; ex:speed 2 ; ex:feeds ex:f3 .
        """,
    "more.nt": '<http://example.org/f3> <http://example.org/speed> "1"^^<http://www.w3.org/2001/XMLSchema#integer> .',
    "shapes.ttl": """
        @prefix ex: <http://example.org/> .
        @prefix sh: <http://www.w3.org/ns/shacl#> .
        ex:Fed a sh:NodeShape ; sh:targetClass ex:Machine ; sh:property ex:Speed , ex:Feeds .
        ex:Speed sh:path ex:speed ; sh:maxExclusive 3 ; sh:minCount 1 ; sh:message "Too fast or silent." .
        ex:Feeds sh:path ex:feeds ; sh:minCount 1 ; sh:severity sh:Warning ; sh:message "Feeds nothing." .
        """,
    "rules.ttl": """
        @prefix sh: <http://www.w3.org/ns/shacl#> .
        @prefix r: <http://example.org/> .
        r:Fast a sh:SPARQLRule ; sh:construct
            "CONSTRUCT { ?m a r:FastMachine } WHERE { ?m a r:Machine ; r:speed ?s FILTER(?s > 3) }" .
        """,
    "slower.rdfp": """
        TX .
        PA "ex" "http://example.org/" .
        PA "xsd" "http://www.w3.org/2001/XMLSchema#" .
        D ex:f1 ex:speed "5.0"^^xsd:decimal .
        A ex:f1 ex:speed "4"^^xsd:integer .
        TC .
        """,
    "silent.rdfp": """
        D _:conveyor <http://example.org/feeds> <http://example.org/f3> .
        D <http://example.org/f1> <http://example.org/speed> "4"^^<http://www.w3.org/2001/XMLSchema#integer> <urn:any> .
        A <http://example.org/f1> <http://example.org/speed> "3"^^<http://www.w3.org/2001/XMLSchema#integer> .
        D <http://example.org/f1> <http://example.org/speed> "3"^^<http://www.w3.org/2001/XMLSchema#integer> .
        """,
    "fast.rdfp": """
        A <http://example.org/f1> <http://example.org/feeds> <http://example.org/f3> .
        D <http://example.org/f1> <http://example.org/speed> "5.0"^^<http://www.w3.org/2001/XMLSchema#decimal> .
        A <http://example.org/f1> <http://example.org/speed> "1"^^<http://www.w3.org/2001/XMLSchema#integer> .
        """,
}


class Shell:
    """Runs a command in a folder with FILES and gives (exit code, standard output, standard error)."""

    def __init__(self, capsys: pytest.CaptureFixture[str], folder: Path) -> None:
        self._capsys = capsys
        self.folder = folder

    def __call__(self, line: str) -> tuple[int, str, str]:
        code = run([word.replace("_", " ") for word in line.split()])
        told = self._capsys.readouterr()
        return int(code), told.out, told.err

    def write(self, files: Mapping[str, str | bytes]) -> None:
        for name, text in files.items():
            (self.folder / name).write_bytes(text if isinstance(text, bytes) else text.encode())

    def read(self, text: str, extension: str) -> Graph:
        self.write({f"out.{extension}": text})
        return RdfReader().graph(self.folder / f"out.{extension}")


@pytest.fixture
def shell(capsys: pytest.CaptureFixture[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Shell:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("COLUMNS", "200")
    shell = Shell(capsys, tmp_path)
    shell.write(FILES)
    return shell


@pytest.fixture
def files() -> Mapping[str, str]:
    """What lies in the folder."""
    return FILES
