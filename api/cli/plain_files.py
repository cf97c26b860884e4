"""What the commands on plain files share: options that take several files, progress, one reader of rules."""

from __future__ import annotations

import time
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated, Any, Final

import typer
from rdflib import RDF, Graph
from rdflib.namespace import SH
from typer.core import TyperCommand

from api.cli.console import err
from kg.errors import BadChange, BadFile, CallerError, PreconditionChanged
from kg.exchange.rdf_files import Fact, RdfReader
from ontology import TW
from reasoner import Live
from reasoner.prefixes import STANDARD, Prefixes
from reasoner.rules import Rule, RuleSet, load, stratified
from reasoner.rules.reading.documents import KINDS
from reasoner.rules.text import from_text

DataFiles = Annotated[list[Path], typer.Option("--data", metavar="FILE...", help="The data; several files are one.")]
RuleFiles = Annotated[
    list[Path] | None,
    typer.Option("--rules", metavar="FILE...", help="Rules whose consequences count too: RDF, or text (.rules)."),
]
Owl = Annotated[bool, typer.Option("--owl", help="Count what follows by the OWL 2 RL axioms in the data.")]

_RULE_TEXT: Final = ".rules"
_ADVICE: Final = {
    BadChange: "Correct the patch at the line named.",
    PreconditionChanged: "Correct the patch, or the order of the patches.",
}
"""What to do about a file that is refused, where the error's own remedy speaks to somebody who sends a Change."""
_STEP: Final = 50_000
_PATIENCE_S: Final = 2.0


class ManyFiles(TyperCommand):
    """A command without arguments in which an option that takes files takes all words up to the next option."""

    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:
        several = {name for param in self.params if getattr(param, "multiple", False) for name in param.opts}
        return super().parse_args(ctx, list(_spelt_out(args, several)))


def _spelt_out(args: Sequence[str], several: set[str]) -> Iterator[str]:
    """`--data a b` as `--data a --data b`."""
    option, has_value = "", False
    for word in args:
        name, equals, _ = word.partition("=")
        if word.startswith("--"):
            option, has_value = name if name in several else "", bool(equals)
        elif option and has_value:
            yield option
        else:
            has_value = True
        yield word


class Progress:
    """Says on standard error what is being done, once it takes more than two seconds."""

    def __init__(self) -> None:
        self._begun = self._told_at = time.monotonic()

    def counted(self, facts: Iterable[Fact], what: object) -> Iterator[Fact]:
        """The triples as they come, told every two seconds."""
        for count, fact in enumerate(facts, 1):
            if not count % _STEP and time.monotonic() - self._told_at >= _PATIENCE_S:
                self._tell(f"{count:,} triples of {what} read")
            yield fact

    def stage(self, what: str) -> None:
        """Say what begins now."""
        if time.monotonic() - self._begun >= _PATIENCE_S:
            self._tell(what)

    def _tell(self, what: str) -> None:
        self._told_at = time.monotonic()
        note(f"... {what}")


class PlainFiles:
    """The files of one command. The blank nodes of data keep their labels; those of other files get fresh ones."""

    def __init__(self) -> None:
        self.progress = Progress()
        self._data = RdfReader()
        self._others = RdfReader(renames=True)

    def data(self, paths: Sequence[Path]) -> Iterator[Fact]:
        """All triples of the data files. Raises BadFile for one without any: a cut file must not pass for good data."""
        count = 0
        for path in paths:
            for fact in self._triples(self._data, path):
                count += 1
                yield fact
        self.progress.stage(f"{count:,} triples read; now what follows from them and what is wrong with them")

    def graph(self, paths: Sequence[Path]) -> Graph:
        """Files that are no data as one rdflib graph. Raises BadFile for one without a triple."""
        merged = Graph(bind_namespaces="none")
        for path in paths:
            for fact in self._triples(self._others, path):
                merged.add(fact)
        return merged

    def _triples(self, reader: RdfReader, path: Path) -> Iterator[Fact]:
        empty = True
        for fact in self.progress.counted(reader.triples(path), path):
            empty = False
            yield fact
        if empty:
            raise BadFile(f"There is no triple in {path}.", file=str(path))

    def rules(self, paths: Sequence[Path]) -> RuleSet | None:
        """The rules of all files as one set; each file has its own prefixes. Raises RuleRefused and BadFile."""
        found: list[Rule] = []
        for path in paths:
            with naming(path):
                found += load(self._rule_document(path), guarded=frozenset()).rules
        return stratified(found) if paths else None

    def _rule_document(self, path: Path) -> Graph:
        reader = RdfReader(renames=True)
        document = rule_document(path, reader)
        for prefix, namespace in reader.prefixes.items():
            self._others.prefixes.setdefault(prefix, namespace)
        return document

    def prefixes(self) -> Prefixes:
        """Those declared in the files read so far; the data decide first."""
        others = {prefix: name for prefix, name in self._others.prefixes.items() if prefix not in self._data.prefixes}
        return Prefixes({**self._data.prefixes, **others})

    def fact(self, text: str) -> Fact:
        """One triple in Turtle syntax, with the prefixes of the files. Raises BadTerm."""
        return self._data.fact(text, {**STANDARD, **self._others.prefixes})


def rule_document(path: Path, reader: RdfReader) -> Graph:
    """The rules of a file as RDF, whether it holds RDF or text.

    Raises BadFile where there is none, and RuleRefused and BadTerm, all naming the file.
    """
    with naming(path):
        document = from_text(text_of(path)) if is_rule_text(path) else reader.graph(path)
    if not _has_rule(document):
        raise BadFile(f"There is no rule in {path}.", file=str(path))
    return document


def _has_rule(document: Graph) -> bool:
    """Whether there is a rule, in force or not."""
    return (None, SH.rule, None) in document or any((None, RDF.type, kind) in document for kind in KINDS)


def is_rule_text(path: Path) -> bool:
    """Whether a file holds rules as text, by its name."""
    return path.suffix.lower() == _RULE_TEXT


def text_of(path: Path) -> str:
    """The text in a file, without a byte order mark. Raises BadFile."""
    try:
        return path.read_text(encoding="utf-8-sig")
    except OSError as error:
        said = "there is no such file" if isinstance(error, FileNotFoundError) else (error.strerror or str(error))
        raise BadFile(f"{path} cannot be read: {said}.", file=str(path)) from error
    except UnicodeDecodeError as error:
        said = f"it is not UTF-8: {error.reason} at byte {error.start}"
        raise BadFile(f"{path} cannot be read: {said}.", file=str(path)) from error


def tell_contradictions(live: Live) -> None:
    """Where the data contradict their ontology, on standard error: no shape says so, and what follows is doubtful."""
    for s, p, o in sorted(fact for fact in live.derived() if fact[1] == TW.inconsistentBy):
        note(f"The data contradict the ontology: {' '.join(map(live.prefixes.term, (s, p, o)))}")


@contextmanager
def naming(path: Path) -> Iterator[None]:
    """What is refused within is refused with the file's name before it."""
    try:
        yield
    except CallerError as error:
        if error.facts.get("file") is not None:
            raise
        named = type(error)(f"{path}: {error.message}", **{**error.facts, "file": str(path)})
        named.remedy = _ADVICE.get(type(error), named.remedy)
        raise named from error


def note(text: str) -> None:
    """A remark on standard error."""
    err.print(text, style="dim", markup=False, emoji=False, soft_wrap=True)


def examples(commands: Iterable[str]) -> str:
    """What stands below the options of a command's help."""
    return "\n\n".join(["Examples:", *(f"twinwright {command}" for command in commands)])
