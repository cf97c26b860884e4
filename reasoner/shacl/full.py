"""Full validation of a graph, as the specification defines it: no memory, no footprints."""

from __future__ import annotations

from kg.change import Finding
from kg.graph import WorkingGraph
from reasoner.shacl.checks import Compiler
from reasoner.shacl.hits import to_finding
from reasoner.shacl.model import Evidence, Shapes
from reasoner.shacl.sight import Meter
from reasoner.shacl.units import units_of
from reasoner.shacl.validator import sights_of


def full_report(graph: WorkingGraph, shapes: Shapes) -> list[Finding]:
    """Every result; a result that comes about in two ways is listed twice, as in a SHACL validation report."""
    sight = sights_of(graph, Meter())[Evidence.ENTAILED]
    compiler = Compiler(graph.terms)
    return [
        to_finding(hit, graph.terms)
        for root in shapes.roots
        for unit in units_of(root, compiler)
        for focus in unit.all_targets(sight)
        for hit in unit.find(sight, focus)
    ]
