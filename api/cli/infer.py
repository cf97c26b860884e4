"""`twinwright infer`: what follows from files, and why; no twin, no plant."""

from __future__ import annotations

import re
import sys
from collections.abc import Iterable
from typing import Annotated, Final

import typer
from rdflib import RDF, URIRef

from api.cli.console import print_json
from api.cli.exits import ExitCode
from api.cli.options import Json
from api.cli.plain_files import DataFiles, ManyFiles, Owl, PlainFiles, RuleFiles, examples, note, tell_contradictions
from kg.errors import CallerError
from kg.exchange.rdf_files import FORMATS, Fact, to_text
from kg.names import VISIBLE, GraphName, mask
from kg.proof import Proof
from kg.terms import Term, term_text
from reasoner import Live
from reasoner.prefixes import Prefixes
from reasoner.proofs import check, indented

_PROOFS: Final = ("text", "json")
_IN_PLANT: Final = re.compile(rf"\[{GraphName.PLANT.value}\]$", re.MULTILINE)
_EXAMPLES: Final = (
    "infer --data line.ttl --owl",
    "infer --data line.ttl --rules rules.ttl --format ntriples",
    'infer --data line.ttl --owl --explain "ex:Filler a ex:Machine"',
)


def register(app: typer.Typer) -> None:
    app.command(cls=ManyFiles, epilog=examples(_EXAMPLES))(infer)


def infer(
    data: DataFiles,
    rules: RuleFiles = None,
    owl: Owl = False,
    explain: Annotated[
        str | None, typer.Option("--explain", metavar='"S P O"', help="Prove this triple, written as in Turtle.")
    ] = None,
    reference: Annotated[
        bool, typer.Option("--reference", help="Let owlrl, or naive evaluation, infer, and say where the two disagree.")
    ] = False,
    form: Annotated[
        str | None,
        typer.Option("--format", help=f"Of triples: {', '.join(FORMATS)}; of a proof: {', '.join(_PROOFS)}."),
    ] = None,
    as_json: Json = False,
) -> None:
    """Print what follows from RDF files and does not stand in them, or why one triple holds.

    Exits with 1 when the triple to explain does not hold, with 2 when it could not decide.
    """
    allowed = FORMATS if explain is None else _PROOFS
    chosen = form or ("json" if as_json and explain is not None else allowed[0])
    if chosen not in allowed:
        raise CallerError(f"There is no format {chosen} here; there are {', '.join(allowed)}.", format=chosen)
    if not (rules or owl):
        raise CallerError("Nothing follows from triples alone; give --rules, --owl or both.")
    files = PlainFiles()
    own = files.rules(rules or ())
    live = Live(files.data(data), rules=own, owl=owl)
    live.prefixes = files.prefixes()
    if owl:
        tell_contradictions(live)
    if reference:
        files.progress.stage("the reference infers")
    facts = _by_reference(live, own_rules=own is not None, owl=owl) if reference else None
    if explain is not None:
        fact = files.fact(explain)
        holds = live.why(*fact) is not None
        if facts is not None:
            holds = _judge(live, fact, fact in facts or live.asserts(fact))
        _explain(live, fact, chosen)
        raise typer.Exit(ExitCode.OK if holds else ExitCode.FOUND)
    derived = live.derived() if facts is None else facts
    ordered = sorted(derived, key=lambda fact: [term.n3() for term in fact])
    if as_json:
        print_json([[term_text(term) for term in fact] for fact in ordered])
    else:
        sys.stdout.write(to_text(ordered, chosen, live.prefixes.namespaces))


def _explain(live: Live, fact: Fact, form: str) -> None:
    proof = live.why(*fact)
    if form == "json":
        print_json(None if proof is None else proof.to_json())
    elif proof is None:
        sys.stdout.write(f"It does not hold: {_text(fact, live.prefixes)}\n")
    else:
        sys.stdout.write(_proof_text(proof, live.prefixes) + "\n")


def _proof_text(proof: Proof, prefixes: Prefixes) -> str:
    """The proof as an indented tree with short names; `data` stands for the named graph in which the files lie."""
    labels: dict[Term, str] = {}
    for step in proof.steps():
        labels |= {term: prefixes.term(term) for term in step.fact if term != RDF.type}
        if step.rule is not None and not step.rule.startswith("owl2rl:"):
            labels[URIRef(step.rule)] = prefixes.iri(step.rule)
    return _IN_PLANT.sub("[data]", prefixes.path(indented(proof, labels)))


def _by_reference(live: Live, *, own_rules: bool, owl: bool) -> set[Fact]:
    """What a reference infers; where it disagrees is told."""
    from reasoner.references import plain  # owlrl and pySHACL take half a second to import

    found = plain.infer(live, own_rules=own_rules, owl=owl)
    note(f"Inferred by {found.reference}.")
    _tell(f"only {found.reference}", found.only_reference, live.prefixes)
    _tell("only Twinwright", found.only_here, live.prefixes)
    if not (found.only_reference or found.only_here):
        note("Twinwright infers the same.")
    return set(found.derived)


def _tell(who: str, facts: Iterable[Fact], prefixes: Prefixes) -> None:
    for text in sorted(_text(fact, prefixes) for fact in facts):
        note(f"  {who}: {text}")


def _judge(live: Live, fact: Fact, holds_there: bool) -> bool:
    """Whether the fact holds for the reference; told where it is otherwise here, and whether the proof fires again."""
    proof = live.why(*fact)
    if (proof is not None) != holds_there:
        note("The reference says otherwise: " + ("it holds." if holds_there else "it does not hold."))
    if proof is not None:
        faults = check(proof, live.rules, live.working_graph, mask(VISIBLE))
        for fault in faults:
            note(f"  The proof is wrong: {fault}")
        if not faults:
            note("Every step of the proof fires again.")
    return holds_there


def _text(fact: Fact, prefixes: Prefixes) -> str:
    return " ".join("a" if term == RDF.type else prefixes.term(term) for term in fact)
