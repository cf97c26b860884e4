"""Both ends of each alignment exist."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from rdflib import SKOS, Graph

import ontology

DATA = Path(os.environ.get("TWINWRIGHT_DATA", Path(__file__).parents[3] / "shared" / "data")) / "ontologies"
PATTERNS = (
    "hsu-odp/DIN EN 62264-2/DINEN62264.owl",
    "hsu-packml/PackML.owl",
    "hsu-iso22400-2/ISO22400-2.owl",
)


def test_our_ends_exist(vocabulary: Graph) -> None:
    """Nothing is aligned that we do not define."""
    aligned = set(ontology.load("alignments").subjects(SKOS.closeMatch))

    assert aligned <= set(vocabulary.subjects())
    assert len(aligned) > 60


@pytest.mark.skipif(not DATA.is_dir(), reason="needs the design patterns of HSU Hamburg in TWINWRIGHT_DATA")
def test_their_ends_exist() -> None:
    """What we say our terms are close to is what the published patterns define."""
    theirs = Graph()
    for pattern in PATTERNS:
        theirs.parse(DATA / pattern, format="xml")

    assert set(ontology.load("alignments").objects(None, SKOS.closeMatch)) <= set(theirs.subjects())
