"""`twinwright rules`: rules as text that engineers read and edit, from RDF and back. Works on files, without a twin."""

from __future__ import annotations

import sys
from collections.abc import Iterable
from enum import StrEnum
from importlib.resources import files
from pathlib import Path
from typing import Annotated, Final

import typer
from rdflib import Graph

from api.cli.plain_files import examples, is_rule_text, naming, rule_document, text_of
from api.plantfolder import find, shipped
from kg.errors import BadFile
from kg.exchange.rdf_files import RdfReader
from ontology.turtle import canonical, header_of
from reasoner.rules import from_text, load, to_text

app = typer.Typer(help="Rules as text for engineers, and as RDF.", no_args_is_help=True, rich_markup_mode=None)

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
    graphs = [_read(file)[0] for file in found]
    names = tuple(name.removeprefix("<").removesuffix(">") for name in only or ())
    unknown = [name for name in names if not any(_shown(graphs, (name,)))]
    if unknown:
        what = f"rule {', '.join(unknown)}"
        raise BadFile(f"There is no {what} in {', '.join(map(str, found))}.", files=[str(file) for file in found])
    sys.stdout.write("\n".join(_shown(graphs, names)))


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
    with naming(path):
        load(graph)
    if to is Form.TURTLE:
        text = canonical(graph if is_rule_text(path) else from_text(to_text(graph)), header)
    else:
        text = (f"{header}\n\n" if header else "") + to_text(graph)
    if out is None:
        sys.stdout.write(text)
        return
    try:
        out.write_text(text, encoding="utf-8")
    except OSError as error:
        refused = BadFile(f"{out} cannot be written: {error.strerror}.", file=str(out))
        refused.remedy = "Name a file in a folder that exists and that you may write to."
        raise refused from error


def _shown(graphs: Iterable[Graph], only: tuple[str, ...]) -> list[str]:
    texts = (to_text(graph, partly=True, only=only) for graph in graphs)
    return [text for text in texts if text.strip()]


def _files(path: Path) -> list[Path]:
    """The files that a person means: one, or the rules of a plant."""
    if path.is_dir() or (not path.exists() and str(path) in shipped()):
        folder = find(path)
        found = sorted(folder.glob(_RULES_OF_PLANTS))
        if not found:
            raise BadFile(f"There are no rules in {folder}.", file=str(folder))
        return found
    if not path.exists() and not path.suffix:
        known = ", ".join(shipped())
        raise BadFile(f"There is no file and no plant {path}; the plants shipped are: {known}.", file=str(path))
    return [path]


def _shipped() -> Path:
    return Path(str(files("ontology"))) / "rules.ttl"


def _read(path: Path) -> tuple[Graph, str]:
    """The rules of a file as RDF, and the `#` lines at its head."""
    graph = rule_document(path, RdfReader())
    has_header = is_rule_text(path) or path.suffix.lower() == ".ttl"
    return graph, header_of(text_of(path)) if has_header else ""
