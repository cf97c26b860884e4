"""Proofs of a fact in the forms in which they leave the twin."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from rdflib import RDF, Graph, URIRef

from kg.errors import BadValue
from kg.proof import Proof, Proofs
from kg.terms import Term
from reasoner.drawings import dot, svg
from reasoner.prefixes import Prefixes
from reasoner.proofs import indented
from reasoner.provenance import provenance

FORMS: Final = ("text", "turtle", "jsonld", "dot", "svg")


def from_json(body: Mapping[str, Any]) -> Proofs:
    """The proofs in an answer of the core. Raises BadTerm."""
    return Proofs(tuple(map(Proof.from_json, body["proofs"])), bool(body["more"]))


def written(found: Proofs, form: str, prefixes: Prefixes) -> str:
    """The proofs one after the other; in Turtle and JSON-LD as one document. Raises BadValue."""
    match form:
        case "turtle" | "jsonld":
            document = _document(found, prefixes)
            if form == "turtle":
                return document.serialize(format="turtle")
            return document.serialize(format="json-ld", auto_compact=True) + "\n"
        case "dot":
            return "".join(dot(proof, _labels(proof, prefixes)) for proof in found.proofs)
        case "svg":
            if len(found.proofs) != 1:
                raise BadValue("A picture shows one proof; ask for one, or in the form dot.", form=form)
            (proof,) = found.proofs
            return svg(proof, _labels(proof, prefixes))
        case _:
            trees = [prefixes.path(indented(proof, _labels(proof, prefixes))) for proof in found.proofs]
            return "\n\n".join(trees) + "\n"


def _document(found: Proofs, prefixes: Prefixes) -> Graph:
    document = Graph()
    for proof in found.proofs:
        document += provenance(proof, _labels(proof, prefixes))
    for prefix, namespace in prefixes.namespaces.items():
        document.bind(prefix, namespace, override=False)
    return document


def _labels(proof: Proof, prefixes: Prefixes) -> dict[Term, str]:
    """Short names of what the proof speaks of."""
    labels: dict[Term, str] = {}
    for step in proof.steps():
        labels |= {term: prefixes.term(term) for term in step.fact if term != RDF.type}
        if step.rule is not None and not step.rule.startswith("owl2rl:"):
            labels[URIRef(step.rule)] = prefixes.iri(step.rule)
    return labels


__all__ = ["FORMS", "from_json", "written"]
