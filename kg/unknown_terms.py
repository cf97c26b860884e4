"""Terms that a plant's Turtle takes from our vocabularies although these do not define them: most often misspelt ones.

A misspelt predicate harms nobody and does nothing, which is why nobody notices it. Other people's vocabularies are
open; ours are closed.
"""

from __future__ import annotations

import difflib
from collections.abc import Iterator
from functools import lru_cache

from rdflib import Graph, URIRef

import ontology
from kg.tokens import local_name
from ontology import ISA95, KPI, PACK, TW, UA

_NAMESPACES = tuple(str(vocabulary._NS) for vocabulary in (TW, ISA95, UA, PACK, KPI))


def unknown_terms(graph: Graph) -> Iterator[str]:
    """A sentence for each term in our namespaces that no vocabulary defines, in the order of the terms."""
    terms = {term for triple in graph for term in triple if isinstance(term, URIRef)}
    used = {term for term in terms if str(term).startswith(_NAMESPACES)}  # rdflib's own startswith takes no tuple
    for term in sorted(used - _defined()):
        namespace = term.removesuffix(local_name(term))
        own = {local_name(known): known for known in _defined() if known.startswith(namespace)}
        near = difflib.get_close_matches(local_name(term), own, 1, cutoff=0.75)
        question = f" Did you mean {near[0]}?" if near else ""
        yield f"{term} is not a term of the vocabulary, so nothing will read it.{question}"


@lru_cache(maxsize=1)
def _defined() -> frozenset[URIRef]:
    modules = (ontology.load(module) for module in ontology.modules())
    return frozenset(node for graph in modules for node in graph.subjects() if isinstance(node, URIRef))
