"""Each shape has a passing and a failing twin, judged by pySHACL."""

from __future__ import annotations

import tomllib
from collections.abc import Callable
from pathlib import Path

import pyshacl
import pytest
from rdflib import RDF, Graph, Literal
from rdflib.namespace import SH, Namespace
from rdflib.term import Node

from ontology import TW

TWS = Namespace("https://w3id.org/twinwright/shapes#")
EX = Namespace("https://example.org/line#")
TWINS = tomllib.loads((Path(__file__).parent / "golden" / "twins.toml").read_text(encoding="utf-8"))
NEAR = [code for code, twin in TWINS.items() if "near" in twin]

Report = Callable[[Graph, str], Graph]
Entail = Callable[[Graph], None]


def changed(world: Graph, update: str, all_shapes: Graph, code: str, entail: Entail) -> Graph:
    """The world after an update, closed where the shape may read entailed facts."""
    world.update(update)
    if (TWS[code], TW.evidence, Literal("entailed")) in all_shapes:
        entail(world)
    return world


def results(report: Graph, code: str) -> list[tuple[Node | None, Node | None]]:
    """Focus node and severity of each result of a shape."""
    return [
        (report.value(result, SH.focusNode), report.value(result, SH.resultSeverity))
        for result in report.subjects(SH.sourceShape, TWS[code])
    ]


def test_every_shape_has_twins(all_shapes: Graph, twins: dict[str, dict[str, str]]) -> None:
    """No shape with a code goes without a failing twin, and no twin is for a shape that is gone."""
    codes = {str(code) for code in all_shapes.objects(None, TW.code)}

    assert codes == set(twins)


@pytest.mark.parametrize("code", TWINS)
def test_the_failing_twin_is_reported(
    code: str, world: Graph, all_shapes: Graph, entail: Entail, report: Report
) -> None:
    """The change in the twin makes the shape report the focus node, with the shape's severity."""
    graph = changed(world, TWINS[code]["fail"], all_shapes, code, entail)

    found = results(report(graph, code), code)

    focus = EX[TWINS[code]["focus"].removeprefix("ex:")]
    assert (focus, all_shapes.value(TWS[code], SH.severity)) in found


@pytest.mark.parametrize("code", NEAR)
def test_the_near_twin_passes(code: str, world: Graph, all_shapes: Graph, entail: Entail, report: Report) -> None:
    """On the right side of the boundary the shape stays silent."""
    graph = changed(world, TWINS[code]["near"], all_shapes, code, entail)

    found = results(report(graph, code), code)

    assert found == []


@pytest.mark.parametrize("evidence", ["asserted", "entailed"])
def test_the_world_passes_every_shape(evidence: str, world: Graph, all_shapes: Graph, entail: Entail) -> None:
    """The golden world is the passing twin: nothing is reported on the facts that each shape may read."""
    if evidence == "entailed":
        entail(world)

    conforms, _, text = pyshacl.validate(world, shacl_graph=reading(all_shapes, evidence))

    assert conforms, text


@pytest.mark.parametrize("code", TWINS)
def test_every_shape_has_a_focus_node_in_the_world(
    code: str, world: Graph, focus_nodes: Callable[[Graph, str], set[Node]]
) -> None:
    """A passing twin that no shape looks at would prove nothing."""
    focus = EX[TWINS[code]["focus"].removeprefix("ex:")]

    assert focus in focus_nodes(world, code)


def reading(all_shapes: Graph, evidence: str) -> Graph:
    """The shapes that read facts of this kind."""
    copy = Graph()
    copy += all_shapes
    for shape in all_shapes.subjects(TW.code):
        if (shape, TW.evidence, Literal(evidence)) not in all_shapes:
            for target in (SH.targetClass, SH.targetSubjectsOf):
                copy.remove((shape, target, None))
    return copy


def test_the_shapes_are_shacl_core_with_all_that_people_need(all_shapes: Graph) -> None:
    """Each shape is named after its code, says all that people and the validator need, and uses no SPARQL."""
    for shape, code in all_shapes.subject_objects(TW.code):
        assert shape == TWS[str(code)]
        for predicate in (SH.message, SH.severity, SH.name, SH.order, SH.group, TW.evidence):
            assert len(list(all_shapes.objects(shape, predicate))) == 1, (shape, predicate)
        assert str(all_shapes.value(shape, TW.evidence)) in ("asserted", "entailed")
        message = str(all_shapes.value(shape, SH.message))
        assert message[0].isupper()
        assert message.endswith(".")
    assert not list(all_shapes.subject_objects(SH.sparql))
    assert not list(all_shapes.subject_objects(SH.js))


def test_the_shapes_are_well_formed(all_shapes: Graph) -> None:
    """The shapes satisfy SHACL's own shapes for shapes."""
    conforms, _, text = pyshacl.validate(Graph(), shacl_graph=all_shapes, meta_shacl=True)

    assert conforms, text


def test_groups_exist(all_shapes: Graph) -> None:
    """Each group that a shape names is one, with a label."""
    groups = set(all_shapes.objects(None, SH.group))

    assert len(groups) == 5
    assert all((group, RDF.type, SH.PropertyGroup) in all_shapes for group in groups)
