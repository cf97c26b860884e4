"""A replica's store with the bottling model, a picture of its values, and what the pure parts need of a twin."""

from __future__ import annotations

from functools import lru_cache
from typing import Any

from pyoxigraph import NamedNode, Quad, RdfFormat, Store, parse

from api.console.explore import questions
from api.console.explore.facts import About, about_of
from api.plantfolder import find
from api.run_info import RunInfo
from kg.plantfolder import PlantFolder, load
from kg.replica import Limits, check_query, run_query

BOT = "https://w3id.org/twinwright/plants/bottling#"
VALUES = """
PREFIX bot: <https://w3id.org/twinwright/plants/bottling#>
PREFIX pack: <https://w3id.org/twinwright/packml#>
PREFIX prov: <http://www.w3.org/ns/prov#>
PREFIX tw: <https://w3id.org/twinwright/core#>
PREFIX xsd: <http://www.w3.org/2001/XMLSchema#>
INSERT DATA {
  GRAPH <https://w3id.org/twinwright/graph/state> {
    bot:Filler pack:setMachSpeed 400.0e0 ; pack:machSpeed 400.0e0 ; pack:curMachSpeed 399.5e0 ; tw:powerKw 40.4e0 ;
      pack:prodProcessedCount 24030 ; pack:prodDefectiveCount 185 ; pack:stateCurrent 6 .
    bot:ConveyorDF tw:fillCount 926 ; tw:fillRatio 0.926e0 ; tw:powerKw 10.4e0 .
    bot:Line tw:currentOrder "ORD-1001" ; tw:currentSku "SKU-LAGER-050" ; tw:orderTarget 96000 ; tw:orderActual 22540 .
    bot:LineServer tw:connected true .
    bot:Filler.CurMachSpeed tw:quality "good" .
  }
  GRAPH <https://w3id.org/twinwright/graph/kpi> {
    bot:Filler tw:oee 0.962e0 .
    <https://w3id.org/twinwright/plants/bottling#Line.Loss.Filler.Jam> a tw:Loss ;
      tw:ofEquipment bot:Filler ; tw:lossReason "jam" ; tw:lossMinutes 12.5e0 .
  }
  GRAPH <https://w3id.org/twinwright/graph/decisions> {
    <urn:uuid:641d536f-7bc2-417c-a28b-8824267802ea> a tw:Proposal ; tw:rule bot:CatchUp ; tw:desiredValue 410.0e0 ;
      tw:priorValue 400.0e0 ; tw:sentence "There is room behind the filler." ; tw:target bot:Filler.SetMachSpeed ;
      prov:generatedAtTime "2026-01-05T05:00:00Z"^^xsd:dateTime .
  }
  GRAPH <https://w3id.org/twinwright/graph/inferred> { bot:Filler a <https://w3id.org/twinwright/isa95#Equipment> . }
}
"""


@lru_cache(maxsize=1)
def info() -> RunInfo:
    """The names of the bottling line."""
    return RunInfo.of(_plant())


@lru_cache(maxsize=1)
def store() -> Store:
    """Ontology, shapes, rules, policy and model of the bottling line, with a few values."""
    made = Store()
    for name, graph in _plant().graphs.items():
        text = graph.serialize(format="nt", encoding="utf-8")
        triples = parse(text, format=RdfFormat.N_TRIPLES)
        made.extend(Quad(*quad.triple, NamedNode(name.iri)) for quad in triples)
    made.update(VALUES)
    return made


def answer(query: str) -> dict[str, Any]:
    """What the replica says, with the plant's prefixes and after its checks."""
    return run_query(store(), check_query(query), info().prefixes, Limits()).to_json()


def rows(query: str) -> list[dict[str, dict[str, str]]]:
    """The solutions of a SELECT."""
    return list(answer(query)["results"]["results"]["bindings"])


def about(iri: str) -> About:
    """Everything that is shown of a node."""
    asked = (questions.itself(iri), questions.about(iri), questions.through_unnamed(iri), questions.checks(iri))
    return about_of(iri, *(rows(text) for text in asked), info())


@lru_cache(maxsize=1)
def _plant() -> PlantFolder:
    return load(find("bottling"))
