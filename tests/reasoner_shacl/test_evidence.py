"""tw:evidence: what asserted-only shapes see, in targets, paths and values."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from kg.names import GraphName

ROOT = (
    ':S a sh:NodeShape ; sh:targetClass :Machine ; tw:evidence "{}" ; sh:property [ sh:path :owner ; sh:minCount 1 ] .'
)


@pytest.mark.parametrize(("evidence", "results"), [("asserted", 1), ("entailed", 0)])
def test_an_inferred_triple_satisfies_only_entailed_evidence(
    bench: Callable[..., Any], evidence: str, results: int
) -> None:
    """minCount asks for an asserted owner or for any."""
    line = bench(":m a :Machine .", ROOT.format(evidence))
    assert len(line.started) == 1

    line.change(add=":m :owner :me .", name=GraphName.INFERRED)

    assert len(list(line.validator.results())) == results


@pytest.mark.parametrize(("evidence", "results"), [("asserted", 0), ("entailed", 1)])
def test_an_inferred_type_makes_a_target_only_for_entailed_evidence(
    bench: Callable[..., Any], evidence: str, results: int
) -> None:
    """Targets see what the shape sees."""
    line = bench("", ROOT.format(evidence))

    findings = line.change(add=":m a :Machine .", name=GraphName.INFERRED)

    assert len(findings.introduced) == results


def test_a_triple_asserted_and_inferred_stays_for_one_when_it_is_retracted(bench: Callable[..., Any]) -> None:
    """Retracting the assertion of a triple that is still inferred violates the asserted-only shape alone."""
    shapes = ROOT.format("asserted") + ROOT.format("entailed").replace(":S ", ":T ")
    line = bench(":m a :Machine ; :owner :me .", shapes)
    line.change(add=":m :owner :me .", name=GraphName.INFERRED)

    findings = line.change(remove=":m :owner :me .")

    assert len(findings.introduced) == 1


def test_a_nested_shape_may_declare_its_own_evidence(bench: Callable[..., Any]) -> None:
    """A property shape that asks for asserted facts does so below a shape that does not, and in sh:node as well."""
    shapes = """:S a sh:NodeShape ; sh:targetClass :Machine ; sh:node :N ;
      sh:property [ sh:path :owner ; sh:minCount 1 ; tw:evidence "asserted" ] .
      :N a sh:NodeShape ; tw:evidence "asserted" ; sh:property [ sh:path :name ; sh:minCount 1 ] ."""
    line = bench("", shapes)

    made = line.change(add=':m a :Machine ; :owner :me ; :name "m" .', name=GraphName.INFERRED)
    fixed = line.change(add=':m :owner :me ; :name "m" .')

    assert len(made.introduced) == len(fixed.fixed) == 2
