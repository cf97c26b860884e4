"""What validation found, as a value: conforms or not, and the SHACL validation report in the forms people use.

Speaks findings and RDF. Knows neither how they were found nor where the graph came from.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Final

from rdflib import Graph, URIRef

from kg.change import Finding, Severity
from kg.errors import Undecided
from kg.proof import Json
from kg.terms import Term
from reasoner import report_forms
from reasoner.prefixes import Prefixes, shown
from reasoner.shacl import to_graph

_RANK: Final = {Severity.VIOLATION: 0, Severity.WARNING: 1, Severity.INFO: 2}


@dataclass(frozen=True, slots=True)
class Report:
    """The result of a validation. Two results are the same when focus, shape, component, path and value are."""

    results: tuple[Finding, ...]
    """Each once, the gravest first, then by focus node and path."""
    undecided: tuple[str, ...] = ()
    """Shapes (IRIs) whose check needed more work than its budget; what they would have found is not known."""
    severities: Mapping[Term, URIRef] = field(default_factory=dict, compare=False)
    """The shapes with a severity of their own making."""
    prefixes: Prefixes = field(default_factory=lambda: Prefixes({}), compare=False)
    """For `text` and for Turtle."""

    @property
    def conforms(self) -> bool:
        """True if there is no result of any severity. Source: SHACL 3.6.1.1.

        Raises Undecided where nothing was found and shapes are undecided.
        """
        if self.undecided and not self.results:
            shapes = ", ".join(map(self.prefixes.iri, self.undecided))
            raise Undecided(f"These shapes could not be decided within the budget: {shapes}.", shapes=self.undecided)
        return not self.results

    @property
    def graph(self) -> Graph:
        """One sh:ValidationReport with its results."""
        return to_graph(self.results, self.severities)

    @property
    def text(self) -> str:
        """For people: a sentence, then each result with where it was found; control characters are escaped."""
        parts = [self._summary(), *(self._paragraph(finding) for finding in self.results)]
        if self.undecided:
            shapes = ", ".join(map(self.prefixes.iri, self.undecided))
            parts.append(shown(f"Not decided within the budget: {shapes}."))
        return "\n\n".join(parts) + "\n"

    @property
    def turtle(self) -> str:
        """The report in Turtle; blank nodes of data and shapes keep their labels, literals their lexical forms."""
        return report_forms.turtle(self.graph, self.prefixes)

    @property
    def json_ld(self) -> dict[str, Json]:
        """The report as a JSON-LD document: one node with its results inside it."""
        return report_forms.json_ld(self.graph)

    def line(self, finding: Finding) -> str:
        """One result in one line."""
        return shown(f"{finding.severity.value}  {self.prefixes.term(finding.focus)}: {finding.message}")

    def _summary(self) -> str:
        count = len(self.results)
        if not count:
            return "Nothing was found." if self.undecided else "Conforms: no results."
        kinds = [(severity, sum(f.severity is severity for f in self.results)) for severity in _RANK]
        told = ", ".join(f"{number} {severity.value}" for severity, number in kinds if number)
        return f"Does not conform: {count} {'result' if count == 1 else 'results'} ({told})."

    def _paragraph(self, finding: Finding) -> str:
        short = self.prefixes
        rows = [("focus", short.term(finding.focus))]
        if finding.path is not None:
            rows.append(("path", short.path(finding.path)))
        if finding.value is not None:
            rows.append(("value", short.term(finding.value)))
        shape = short.term(finding.shape) + ("" if finding.code is None else f" [{finding.code}]")
        rows += [("shape", shape), ("constraint", short.iri(finding.component))]
        kind = short.iri(self.severities[finding.shape]) if finding.shape in self.severities else finding.severity.value
        return "\n".join(map(shown, [f"{kind}: {finding.message}", *(f"  {name:<10} {text}" for name, text in rows)]))


def report_of(
    findings: Iterable[Finding],
    undecided: tuple[str, ...] = (),
    severities: Mapping[Term, URIRef] | None = None,
    prefixes: Prefixes | None = None,
) -> Report:
    """A report with the findings in order."""
    return Report(tuple(sorted(findings, key=_place)), undecided, severities or {}, prefixes or Prefixes({}))


def _place(finding: Finding) -> tuple[int, str, str, str, str, str]:
    value = "" if finding.value is None else finding.value.n3()
    focus, path = finding.focus.n3(), finding.path or ""
    return _RANK[finding.severity], focus, path, str(finding.component), value, finding.shape.n3()


__all__ = ["Report", "report_of"]
