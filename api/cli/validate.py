"""`twinwright validate`: SHACL over files, before and after changes; no twin, no plant."""

from __future__ import annotations

import json
import re
import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Annotated, Any, Final

import typer

from api.cli.console import print_json
from api.cli.exits import ExitCode
from api.cli.options import Json
from api.cli.plain_files import (
    DataFiles,
    ManyFiles,
    Owl,
    PlainFiles,
    RuleFiles,
    examples,
    naming,
    note,
    tell_contradictions,
    text_of,
)
from kg.change import Finding
from kg.errors import BadFile, CallerError, PreconditionChanged, ShapeRefused, Undecided
from kg.exchange import Step, read_steps
from kg.exchange.rdf_files import Fact
from kg.names import GraphName
from kg.terms import term_text
from kg.wire import finding_to_json
from reasoner import Live, Outcome, Report
from reasoner.shacl import Shapes, compile_shapes

FORMATS: Final = ("text", "turtle", "json-ld")
_TRANSACTION: Final = re.compile(r"^\s*T[AC]\b", re.MULTILINE)
"""The end of a transaction, which may be empty on purpose; a file without a row is cut."""
_GROUPS: Final = ("introduced", "worsened", "fixed", "remaining")
_EXAMPLES: Final = (
    "validate --data line.ttl --shapes shapes.ttl",
    "validate --data *.ttl --shapes shapes.ttl --changes shift.rdfp --format turtle",
    "validate --data line.ttl --shapes shapes.ttl --owl --reference",
)


def register(app: typer.Typer) -> None:
    app.command(cls=ManyFiles, epilog=examples(_EXAMPLES))(validate)


def validate(
    data: DataFiles,
    shapes: Annotated[list[Path], typer.Option("--shapes", metavar="FILE...", help="The shapes.")],
    changes: Annotated[
        list[Path] | None,
        typer.Option("--changes", metavar="PATCH...", help="RDF Patches to apply in this order; each is told."),
    ] = None,
    rules: RuleFiles = None,
    owl: Owl = False,
    reference: Annotated[
        bool, typer.Option("--reference", help="Let pySHACL validate, and say where the two disagree.")
    ] = False,
    budget: Annotated[
        int | None, typer.Option("--budget", min=1, help="Most work units for a change; without it no limit.")
    ] = None,
    form: Annotated[str, typer.Option("--format", help="Of the report: text, turtle or json-ld.")] = "text",
    as_json: Json = False,
) -> None:
    """Validate RDF files against SHACL shapes. Exits with 1 when there are results, with 2 when it could not decide."""
    if form not in FORMATS:
        raise CallerError(f"There is no format {form}; there are {', '.join(FORMATS)}.", format=form)
    run = _Run(PlainFiles(), data, shapes, rules or (), owl, budget)
    judge = _ByReference(run) if reference else _Here(run)
    steps = [judge.step(path) for path in changes or ()]
    answer = _Answer(judge.name, judge.report(), steps, judge.disagreement())
    conforms = answer.report.conforms
    if as_json:
        print_json(answer.to_json())
    else:
        answer.print(form)
    raise typer.Exit(ExitCode.OK if conforms else ExitCode.FOUND)


@dataclass(frozen=True, slots=True)
class _Told:
    """What a patch did."""

    file: Path
    added: int
    removed: int
    outcome: Outcome


@dataclass(frozen=True, slots=True)
class _Disagreement:
    """Where the engine here and pySHACL differ."""

    only_reference: tuple[Finding, ...] = ()
    only_here: tuple[Finding, ...] = ()
    refusal: str | None = None
    """Why the engine here took no part."""


class _Run:
    """The files read, closed under the rules, and changed patch by patch."""

    def __init__(
        self,
        files: PlainFiles,
        data: Sequence[Path],
        shapes: Sequence[Path],
        rules: Sequence[Path],
        owl: bool,
        budget: int | None,
    ) -> None:
        self.files = files
        self.shapes = files.graph(shapes)
        self._shape_files = shapes
        self._data = data
        self._rules = files.rules(rules)
        self._owl = owl
        self._budget = budget

    def live(self, shapes: Shapes | None) -> Live:
        """The data with these shapes. Raises BadFile and BadTerm for the data."""
        if shapes is not None and not shapes.roots:
            raise _without_target(self._shape_files)
        facts = self.files.data(self._data)
        live = Live(facts, shapes=shapes, rules=self._rules, owl=self._owl, budget=self._budget)
        live.prefixes = self.files.prefixes()
        if self._owl:
            tell_contradictions(live)
        return live

    def step(self, live: Live, path: Path) -> _Told:
        """Apply one patch. Raises BadFile, BadTerm, BadChange, PreconditionChanged and Undecided, naming it."""
        adds, removes = _net(live, path, _steps(path))
        outcome = live.apply(adds, removes)
        if outcome.undecided:
            shapes = ", ".join(map(live.prefixes.iri, outcome.undecided))
            raise Undecided(f"After {path} these shapes could not be decided within the budget: {shapes}.")
        return _Told(path, len(adds), len(removes), outcome)


class _Here:
    """Judges with this project's own engine."""

    name = "Twinwright"

    def __init__(self, run: _Run) -> None:
        self._run = run
        self._live = run.live(compile_shapes(run.shapes))

    def step(self, path: Path) -> _Told:
        return self._run.step(self._live, path)

    def report(self) -> Report:
        return self._live.report()

    def disagreement(self) -> _Disagreement:
        return _Disagreement()


class _ByReference:
    """Judges with pySHACL, and compares."""

    name = "pySHACL"

    def __init__(self, run: _Run) -> None:
        from reasoner.references import plain  # pySHACL takes half a second to import

        self._reference = plain
        self._run = run
        self._refusal: str | None = None
        try:
            self._live = run.live(compile_shapes(run.shapes))
        except ShapeRefused as error:
            self._refusal = error.message
            self._live = run.live(None)
        self._report = self._validated()

    def step(self, path: Path) -> _Told:
        told, before = self._run.step(self._live, path), self._report
        self._report = self._validated()
        diff = self._reference.compared(before, self._report)
        outcome = replace(
            told.outcome, introduced=diff.introduced, worsened=(), fixed=diff.fixed, remaining=diff.remaining
        )
        return replace(told, outcome=replace(outcome, conforms=self._report.conforms))

    def report(self) -> Report:
        return self._report

    def disagreement(self) -> _Disagreement:
        if self._refusal is not None:
            return _Disagreement(refusal=self._refusal)
        here, there = self._live.report().results, self._report.results
        return _Disagreement(
            tuple(f for f in there if f not in set(here)), tuple(f for f in here if f not in set(there))
        )

    def _validated(self) -> Report:
        self._run.files.progress.stage("pySHACL validates")
        return self._reference.validate(self._live, self._run.shapes, self._live.report().results)


def _steps(path: Path) -> tuple[Step, ...]:
    text = text_of(path)
    with naming(path):
        steps = read_steps(text, GraphName.PLANT)
    if not steps and not _TRANSACTION.search(text):
        raise BadFile(f"There is no change in {path}.", file=str(path))
    return steps


def _without_target(files: Sequence[Path]) -> CallerError:
    error = CallerError(
        f"No shape in {', '.join(map(str, files))} has a target, so nothing would be checked.",
        files=[str(file) for file in files],
    )
    error.remedy = "Give a shape a target, such as sh:targetClass."
    return error


def _net(live: Live, path: Path, steps: Sequence[Step]) -> tuple[list[Fact], list[Fact]]:
    """What the steps add and remove taken together.

    Raises PreconditionChanged for what is not there to be removed (docs/gaps.md, G-PATCH-1).
    """
    before: dict[Fact, bool] = {}
    after: dict[Fact, bool] = {}
    for line, adds, quad in steps:
        fact = quad[:3]
        before.setdefault(fact, live.asserts(fact))
        if not adds and not after.get(fact, before[fact]):
            text = " ".join(map(live.prefixes.term, fact))
            reason = "it follows from others and is not asserted" if fact in live else "it is not there"
            with naming(path):
                raise PreconditionChanged(f"Line {line}: {text} can't be removed, because {reason}.", line=line)
        after[fact] = adds
    changed = [(fact, adds) for fact, adds in after.items() if adds != before[fact]]
    return [fact for fact, adds in changed if adds], [fact for fact, adds in changed if not adds]


@dataclass(frozen=True, slots=True)
class _Answer:
    """Everything that is to be printed, once nothing can fail any more."""

    engine: str
    report: Report
    steps: Sequence[_Told]
    disagreement: _Disagreement

    def print(self, form: str) -> None:
        """The report on standard output; what the patches did before it, or on standard error where it is RDF."""
        prose = [*self._by(), *(line for told in self.steps for line in self._step(told))]
        if form == "text":
            sys.stdout.write("".join(f"{line}\n" for line in (*prose, *([""] if prose else []))))
            sys.stdout.write(self.report.text)
        else:
            for line in prose:
                note(line)
            sys.stdout.write(self.report.turtle if form == "turtle" else _dump(self.report.json_ld))
        for line in self._differences():
            note(line)

    def to_json(self) -> dict[str, Any]:
        document: dict[str, Any] = {
            "engine": self.engine,
            "conforms": self.report.conforms,
            "results": [finding_to_json(finding) for finding in self.report.results],
            "changes": [_step_json(told) for told in self.steps],
        }
        if self.engine != _Here.name:
            document["disagreement"] = {
                "only_pyshacl": [finding_to_json(finding) for finding in self.disagreement.only_reference],
                "only_twinwright": [finding_to_json(finding) for finding in self.disagreement.only_here],
                "refused_by_twinwright": self.disagreement.refusal,
            }
        return document

    def _by(self) -> Iterator[str]:
        if self.engine != _Here.name:
            yield f"Validated by {self.engine}."

    def _step(self, told: _Told) -> Iterator[str]:
        outcome = told.outcome
        yield f"{told.file}: {_triples(told.added)} added, {told.removed} removed; " + (
            f"{_triples(len(outcome.came))} more and {len(outcome.went)} fewer follow."
        )
        lines = [
            f"  {group:<10} {line}"
            for group in _GROUPS
            for line in sorted(self.report.line(finding) for finding in getattr(outcome, group))
        ]
        yield from lines or ["  No result comes, goes or is touched."]

    def _differences(self) -> Iterator[str]:
        found = self.disagreement
        if found.refusal is not None:
            yield f"Twinwright refused these shapes, so pySHACL alone has judged: {found.refusal}"
        elif self.engine != _Here.name:
            count = len(found.only_reference) + len(found.only_here)
            yield f"pySHACL and Twinwright disagree on {count} results." if count else "Twinwright finds the same."
        for finding in found.only_reference:
            yield f"  only pySHACL     {self.report.line(finding)} ({self._place(finding)})"
        for finding in found.only_here:
            yield f"  only Twinwright  {self.report.line(finding)} ({self._place(finding)})"

    def _place(self, finding: Finding) -> str:
        """What the sentence may not say."""
        short = self.report.prefixes
        value = "" if finding.value is None else f" {short.term(finding.value)}"
        return f"{short.term(finding.shape)} {short.iri(finding.component)}{value}"


def _step_json(told: _Told) -> dict[str, Any]:
    outcome = told.outcome
    return {
        "file": str(told.file),
        "added": told.added,
        "removed": told.removed,
        "came": [[term_text(term) for term in fact] for fact in outcome.came],
        "went": [[term_text(term) for term in fact] for fact in outcome.went],
        "conforms": outcome.conforms,
        **{group: [finding_to_json(finding) for finding in getattr(outcome, group)] for group in _GROUPS},
    }


def _triples(count: int) -> str:
    return f"{count} {'triple' if count == 1 else 'triples'}"


def _dump(document: Any) -> str:
    return json.dumps(document, indent=2, ensure_ascii=False) + "\n"
