"""What the references say of a live graph, and where they and the engines here disagree.

pySHACL validates, owlrl closes under the ontology, and where there are rules of one's own besides, naive evaluation
does: seconds where the engines take milliseconds.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from rdflib import RDF, BNode, Graph, URIRef
from rdflib.namespace import SH
from rdflib.term import Node as RdfNode

from kg.change import Finding, Findings, Severity
from kg.terms import Term
from ontology import TW
from reasoner.live import Fact, Live
from reasoner.references import naive, owlrl_reference, pyshacl_reference
from reasoner.references.pyshacl_reference import ReferenceResult
from reasoner.report import Report, report_of

_SEVERITY = {SH.Info: Severity.INFO, SH.Warning: Severity.WARNING, SH.Violation: Severity.VIOLATION}


@dataclass(frozen=True, slots=True)
class Facts:
    """What follows according to a reference."""

    reference: str
    """Which one: owlrl or naive evaluation."""
    derived: frozenset[Fact]
    only_reference: frozenset[Fact]
    only_here: frozenset[Fact]


def validate(live: Live, shapes: Graph, sentences: Iterable[Finding] = ()) -> Report:
    """pySHACL's results for everything that holds, asserted or derived.

    Where `sentences` holds the same result its sentence and distance are taken, since pySHACL's own are not. Raises
    Undecided where pySHACL comes to no result.
    """
    data = _graph((*live.asserted(), *live.derived()))
    known = {finding: finding for finding in sentences}
    found = [_finding(result, known) for result in pyshacl_reference.validate(data, shapes)]
    severities: dict[Term, URIRef] = {
        finding.shape: severity for finding, severity in found if severity not in _SEVERITY
    }
    return report_of((finding for finding, _ in found), (), severities, live.prefixes)


def compared(before: Report, after: Report) -> Findings:
    """What came, went and stayed between two reports; nothing counts as worse, for pySHACL knows no distance."""
    old, new = set(before.results), set(after.results)
    return Findings(
        introduced=tuple(f for f in after.results if f not in old),
        fixed=tuple(f for f in before.results if f not in new),
        remaining=tuple(f for f in after.results if f in old),
    )


def infer(live: Live, *, own_rules: bool, owl: bool) -> Facts:
    """What follows and is not asserted: of individuals only, by owlrl, where there are no rules but the ontology's.

    With rules of one's own, by naive evaluation of all rules that are in force.
    """
    here = frozenset(live.derived())
    if owl and not own_rules:
        data, axioms = _graph(map(_named, live.asserted())), _graph(map(_named, live.axioms()))
        found, comparable = (
            frozenset(_unnamed(fact) for fact in owlrl_reference.instance_facts(facts, axioms) if _is_comparable(fact))
            for facts in (owlrl_reference.closure(data), map(_named, here))
        )
        return Facts("owlrl", found, found - comparable, comparable - found)
    asserted = set(live.asserted())
    found = frozenset(naive.closure(live.rules, asserted) - asserted)
    return Facts("naive evaluation", found, found - here, here - found)


_OURS = frozenset((TW.equalTo, TW.inconsistentBy, TW.differentAmong))
_BLANK = "urn:blank:"
"""What stands before the label of a blank node that has been given a name, because owlrl's facts about blank nodes
can't be told from those about class expressions otherwise."""


def _graph(facts: Iterable[Fact]) -> Graph:
    graph = Graph(bind_namespaces="none")
    for fact in facts:
        graph.add(fact)
    return graph


def _named(fact: Iterable[RdfNode]) -> Fact:
    s, p, o = (URIRef(_BLANK + term) if isinstance(term, BNode) else term for term in fact)
    return s, p, o  # type: ignore[return-value]  # a graph holds terms


def _unnamed(fact: Fact) -> Fact:
    s, p, o = (BNode(term.removeprefix(_BLANK)) if _is_named(term) else term for term in fact)
    return s, p, o


def _is_named(term: Term) -> bool:
    return isinstance(term, URIRef) and term.startswith(_BLANK)


def _is_comparable(fact: Fact) -> bool:
    """Neither that something is a member of a class without a name, nor what only rules here say of equality."""
    return fact[1] not in _OURS and not (fact[1] == RDF.type and _is_named(fact[2]))


def _finding(result: ReferenceResult, known: dict[Finding, Finding]) -> tuple[Finding, URIRef]:
    component = result.component.removeprefix(str(SH)).removesuffix("ConstraintComponent")
    finding = Finding(
        result.focus,
        result.shape,
        result.component,
        result.path,
        result.value,
        _SEVERITY.get(result.severity, Severity.VIOLATION),
        f"The constraint {component} does not hold.",
    )
    return known.get(finding, finding), result.severity


__all__ = ["Facts", "compared", "infer", "validate"]
