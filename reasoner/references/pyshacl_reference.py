"""pySHACL as a reference: the results that another implementation finds, as a set.

pySHACL has habits that are kept inside this file: it hands an exception back as if it were a report, it patches the
comparison of rdflib's literals and flips rdflib's normalisation for the whole process, it logs to standard error and
prints, and on some shapes it ends with whatever exception arose. So one lock lets one validation run at a time, what it
flips is put back, and what it says besides is dropped.
"""

from __future__ import annotations

import io
import logging
import threading
from collections.abc import Iterator
from contextlib import contextmanager, redirect_stdout
from typing import Final, NamedTuple

import pyshacl
import rdflib
from rdflib import Graph, Literal, URIRef
from rdflib import term as rdflib_term
from rdflib.namespace import SH, XSD

from kg.errors import Undecided
from kg.terms import Term
from reasoner.shacl.parse_paths import read_path
from reasoner.shacl.paths import text_of

_LOCK: Final = threading.Lock()
_LOG: Final = logging.getLogger("pyshacl-validate")
_DEEPEST: Final = 60


class ReferenceResult(NamedTuple):
    """One validation result; its sentence is left out, because no two implementations agree on that."""

    focus: Term
    path: str | None
    """In SPARQL syntax with full IRIs."""
    value: Term | None
    component: URIRef
    shape: Term
    severity: URIRef


def validate(data: Graph, shapes: Graph) -> frozenset[ReferenceResult]:
    """The results of full validation, without inference. Raises Undecided where pySHACL comes to no result.

    Blocking, and slow: seconds for 10^5 triples. Blank nodes keep their names.
    """
    has_queries = (None, SH.target, None) in shapes
    if has_queries:  # pySHACL knows sh:target only in a mode in which it also runs rules and keeps what they conclude
        shapes = Graph() + shapes
        shapes.remove((None, SH.rule, None))
    with _LOCK, _put_back(), _silenced():
        try:
            _, report, text = pyshacl.validate(
                data,
                shacl_graph=shapes,
                inference="none",
                inplace=True,
                max_validation_depth=_DEEPEST,
                advanced=has_queries,
            )
        except Exception as error:  # whatever its code stumbles over in shapes of users
            raise _undecided(str(error) or type(error).__name__) from error
    if not isinstance(report, Graph):
        raise _undecided(str(text))
    return frozenset(_results(report))


def _undecided(text: str) -> Undecided:
    first = text.strip().partition("\n")[0].rstrip()
    return Undecided(f"pySHACL could not decide: {first}", text=text)


def _results(report: Graph) -> Iterator[ReferenceResult]:
    for node in report.objects(None, SH.result):
        path = report.value(node, SH.resultPath)
        focus, value = report.value(node, SH.focusNode), report.value(node, SH.value)
        component, shape = report.value(node, SH.sourceConstraintComponent), report.value(node, SH.sourceShape)
        severity = report.value(node, SH.resultSeverity)
        yield ReferenceResult(
            focus,  # type: ignore[arg-type]  # a report has terms in these places
            None if path is None else text_of(read_path(report, path)),
            value,  # type: ignore[arg-type]
            component,  # type: ignore[arg-type]
            shape,  # type: ignore[arg-type]
            severity,  # type: ignore[arg-type]
        )


@contextmanager
def _silenced() -> Iterator[None]:
    """Drops what pySHACL logs and prints."""
    was_disabled = _LOG.disabled
    _LOG.disabled = True
    try:
        with redirect_stdout(io.StringIO()):
            yield
    finally:
        _LOG.disabled = was_disabled


@contextmanager
def _put_back() -> Iterator[None]:
    """Restores what pySHACL changes in rdflib for the whole process."""
    normalise = rdflib.NORMALIZE_LITERALS
    mapping = rdflib_term._toPythonMapping
    boolean = mapping[XSD.boolean]
    at_most, at_least = Literal.__le__, Literal.__ge__
    try:
        yield
    finally:
        rdflib.NORMALIZE_LITERALS = normalise
        mapping[XSD.boolean] = boolean
        Literal.__le__, Literal.__ge__ = at_most, at_least  # type: ignore[method-assign]
