"""`twinwright rules`: rules as text that engineers read and edit, from RDF and back. Works on files, without a twin."""

from __future__ import annotations

import sys
from enum import StrEnum
from importlib.resources import files
from pathlib import Path
from typing import Annotated, Final

import typer
from rdflib import Graph

from api.cli.plain_files import examples
from api.plantfolder import find, shipped
from kg.errors import BadFile
from kg.exchange.rdf_files import RdfReader
from ontology.turtle import canonical, header_of
from reasoner.rules import from_text, load, to_text

app = typer.Typer(help="Rules as text for engineers, and as RDF.", no_args_is_help=True, rich_markup_mode=None)

TEXT_SUFFIX: Final = ".rules"
_RULES_OF_PLANTS: Final = "rules*.ttl"


class Form(StrEnum):
    """What `convert` writes."""

    TEXT = "text"
    TURTLE = "turtle"


@app.callback()
def rules() -> None:
    """Rules as text for engineers, and as RDF."""


@app.command(
    "show",
    epilog=examples(("rules show", "rules show bottling --rule CatchUp", "rules show my-rules.ttl")),
)
def rules_show(
    paths: Annotated[
        list[Path] | None,
        typer.Argument(metavar="[FILE]...", help="RDF files, texts (.rules), plant folders or shipped plants."),
    ] = None,
    only: Annotated[list[str] | None, typer.Option("--rule", help="One rule by name; may be repeated.")] = None,
) -> None:
    """Print rules as text. Without a file the domain rules that come with Twinwright. Shapes are left out."""
    found = [file for path in paths for file in _files(path)] if paths else [_shipped()]
    texts = []
    for file in found:
        graph, _ = _read(file)
        texts.append(to_text(graph, partly=True, only=tuple(only or ())))
    shown = "\n".join(text for text in texts if text.strip())
    if not shown:
        what = f"rule {', '.join(only)}" if only else "rule"
        raise BadFile(f"There is no {what} in {', '.join(map(str, found))}.", files=[str(file) for file in found])
    sys.stdout.write(shown)


@app.command(
    "convert",
    epilog=examples(
        (
            "rules convert rules.ttl --to text --out rules.rules",
            "rules convert rules.rules --to turtle --out rules.ttl",
        )
    ),
)
def rules_convert(
    path: Annotated[Path, typer.Argument(metavar="FILE", help="An RDF file, or a text of rules (.rules).")],
    to: Annotated[Form, typer.Option("--to", help="text or turtle.")],
    out: Annotated[Path | None, typer.Option("--out", help="File to write instead of standard output.")] = None,
) -> None:
    """Convert rules between text and RDF. Rules that the twin would refuse are named and nothing is written."""
    graph, header = _read(path)
    load(graph)
    if to is Form.TURTLE:
        text = canonical(graph if path.suffix == TEXT_SUFFIX else from_text(to_text(graph)), header)
    else:
        text = (f"{header}\n\n" if header else "") + to_text(graph)
    if out is None:
        sys.stdout.write(text)
        return
    try:
        out.write_text(text, encoding="utf-8")
    except OSError as error:
        raise BadFile(f"{out} cannot be written: {error.strerror}.", file=str(out)) from error


def _files(path: Path) -> list[Path]:
    """The files that a person means: one, or the rules of a plant."""
    if path.is_dir() or (not path.exists() and str(path) in shipped()):
        folder = find(path)
        found = sorted(folder.glob(_RULES_OF_PLANTS))
        if not found:
            raise BadFile(f"There are no rules in {folder}.", file=str(folder))
        return found
    return [path]


def _shipped() -> Path:
    return Path(str(files("ontology"))) / "rules.ttl"


def _read(path: Path) -> tuple[Graph, str]:
    """The rules of a file as RDF, and the `#` lines at its head."""
    if path.suffix == TEXT_SUFFIX:
        text = _text(path)
        return from_text(text), header_of(text)
    graph = RdfReader().graph(path)
    return graph, header_of(_text(path)) if path.suffix.lower() == ".ttl" else ""


def _text(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8")
    except OSError as error:
        raise BadFile(f"{path} cannot be read: {error.strerror}.", file=str(path)) from error
    except UnicodeDecodeError as error:
        raise BadFile(f"{path} is not UTF-8: {error.reason} at byte {error.start}.", file=str(path)) from error
