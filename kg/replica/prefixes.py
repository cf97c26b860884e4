"""The prefixes that every query may use without declaring them; a plant adds its own."""

from __future__ import annotations

from typing import Final

from kg.names import GraphName
from ontology import ISA95, PACK, TW, UA

PREFIXES: Final[dict[str, str]] = {
    "graph": GraphName.STATE.iri.removesuffix(GraphName.STATE.value),
    "isa95": str(ISA95._NS),
    "owl": "http://www.w3.org/2002/07/owl#",
    "pack": str(PACK._NS),
    "prov": "http://www.w3.org/ns/prov#",
    "rdf": "http://www.w3.org/1999/02/22-rdf-syntax-ns#",
    "rdfs": "http://www.w3.org/2000/01/rdf-schema#",
    "sh": "http://www.w3.org/ns/shacl#",
    "skos": "http://www.w3.org/2004/02/skos/core#",
    "tw": str(TW._NS),
    "ua": str(UA._NS),
    "xsd": "http://www.w3.org/2001/XMLSchema#",
}
