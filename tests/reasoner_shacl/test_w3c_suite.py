"""The W3C SHACL Core test suite: in full, and fed as random sequences of insertions and deletions."""

from __future__ import annotations

import os
import random
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import pyoxigraph
import pytest
from rdflib import BNode, Graph, Literal, Namespace, URIRef
from rdflib.namespace import RDF, SH
from rdflib.term import Node as RdfNode

from kg.change import Finding
from kg.graph import Transaction, WorkingGraph
from kg.names import GraphName
from reasoner.shacl import Shapes, Validator, compile_shapes, full_report, to_graph
from reasoner.shacl.parse_paths import read_path
from reasoner.shacl.paths import text_of

_DATA = Path(os.environ.get("TWINWRIGHT_DATA", Path(__file__).parents[2].parent / "shared" / "data"))
_SUITE = _DATA / "shacl-core" / "core"
_MF = Namespace("http://www.w3.org/2001/sw/DataAccess/tests/test-manifest#")
_SHT = Namespace("http://www.w3.org/ns/shacl-test#")
_CASES = 98

pytestmark = pytest.mark.skipif(
    not _SUITE.is_dir(), reason="the W3C SHACL suite is not here; set TWINWRIGHT_DATA to the folder that holds it"
)

Row = tuple[RdfNode | None, ...]


@dataclass(frozen=True)
class Case:
    """One test of the suite, its blank nodes shared between data, shapes and expectation."""

    name: str
    data: Graph
    shapes: Graph
    expected: Graph
    report: RdfNode


class Files:
    """Reads each file once, with lexical forms as they are written."""

    def __init__(self) -> None:
        self._read: dict[Path, Graph] = {}

    def graph(self, path: Path) -> Graph:
        if path not in self._read:
            graph = self._read[path] = Graph()
            for quad in pyoxigraph.parse(path=path, base_iri=path.as_uri()):
                graph.add((_term(quad.subject), _term(quad.predicate), _term(quad.object)))
        return self._read[path]

    def named(self, iri: RdfNode) -> Graph:
        return self.graph(Path(str(iri).removeprefix("file://")))


def _term(term: object) -> URIRef | BNode | Literal:
    if isinstance(term, pyoxigraph.NamedNode):
        return URIRef(term.value)
    if isinstance(term, pyoxigraph.BlankNode):
        return BNode(term.value)
    assert isinstance(term, pyoxigraph.Literal)
    if term.language:
        return Literal(term.value, lang=term.language)
    plain = term.datatype.value == "http://www.w3.org/2001/XMLSchema#string"
    return Literal(term.value, datatype=None if plain else URIRef(term.datatype.value), normalize=False)


def _cases() -> Iterator[Case]:
    files = Files()
    for path in sorted(_SUITE.glob("*/*.ttl")):
        graph = files.graph(path)
        for test in sorted(graph.subjects(RDF.type, _SHT.Validate)):
            action, report = graph.value(test, _MF.action), graph.value(test, _MF.result)
            assert action is not None
            assert report is not None
            data, shapes = graph.value(action, _SHT.dataGraph), graph.value(action, _SHT.shapesGraph)
            assert data is not None
            assert shapes is not None
            name = f"{path.parent.name}/{path.stem}"
            yield Case(name, files.named(data), files.named(shapes), graph, report)


CASES = list(_cases()) if _SUITE.is_dir() else []


def _rows(graph: Graph, report: RdfNode) -> Counter[Row]:
    """The results of a report, with multiplicity: focus, path, value, component, shape, severity."""
    rows: Counter[Row] = Counter()
    for result in graph.objects(report, SH.result):
        path = graph.value(result, SH.resultPath)
        rows[
            graph.value(result, SH.focusNode),
            None if path is None else Literal(text_of(read_path(graph, path))),
            graph.value(result, SH.value),
            graph.value(result, SH.sourceConstraintComponent),
            graph.value(result, SH.sourceShape),
            graph.value(result, SH.resultSeverity),
        ] += 1
    return rows


def _reported(findings: list[Finding], shapes: Shapes) -> Counter[Row]:
    graph = to_graph(findings, shapes.severities)
    (report,) = graph.subjects(RDF.type, SH.ValidationReport)
    assert graph.value(report, SH.conforms) == Literal(not findings)
    return _rows(graph, report)


def test_the_suite_is_whole() -> None:
    """All cases of the suite are found."""
    assert len(CASES) == _CASES


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_full_validation_reports_what_the_w3c_expects(case: Case, load: Callable[[Graph], WorkingGraph]) -> None:
    """The results equal those of the W3C, multiplicity and severity included."""
    shapes = compile_shapes(case.shapes)

    found = full_report(load(case.data), shapes)

    assert _reported(found, shapes) == _rows(case.expected, case.report)
    assert (not found) is (str(case.expected.value(case.report, SH.conforms)) == "true")


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_random_insertions_and_deletions_lead_to_the_same_results(case: Case) -> None:
    """The data graph fed in random pieces, with detours, gives the expected results as a set at the end."""
    rng = random.Random(case.name)
    shapes = compile_shapes(case.shapes)
    graph = WorkingGraph()
    validator = Validator(graph, shapes)
    validator.start(Transaction(graph))
    node = graph.terms.node
    triples = [(node(s), node(p), node(o)) for s, p, o in case.data]
    goal, held = set(triples), set[tuple[float, ...]]()

    for size in (len(triples) // 2, len(triples) // 3, len(triples) // 2, len(triples)):
        wanted = goal if size == len(triples) else set(rng.sample(triples, size))
        for batch in _batches(sorted(wanted ^ held, key=str), rng):
            transaction = Transaction(graph)
            for triple in batch:
                (transaction.add if triple in wanted else transaction.remove)(*triple, GraphName.PLANT)
            validator.check(transaction)
        held = set(wanted)

    expected = _rows(case.expected, case.report)
    assert set(_reported(list(validator.results()), shapes)) == set(expected)


def _batches(triples: list[tuple[float, ...]], rng: random.Random) -> Iterator[list[tuple[float, ...]]]:
    rng.shuffle(triples)
    while triples:
        size = rng.choice((1, 2, 5, 40))
        yield triples[:size]
        triples = triples[size:]
