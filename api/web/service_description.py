"""What the SPARQL endpoint says of itself. Source: SPARQL 1.1 Service Description."""

from __future__ import annotations

from functools import lru_cache
from typing import Final

from rdflib import RDF, BNode, Graph, Namespace, URIRef

from api.web.negotiation import Offer
from kg.names import GraphName
from kg.replica import GRAPHS, TABLES

SD: Final = Namespace("http://www.w3.org/ns/sparql-service-description#")
DESCRIPTION_OFFERS: Final = (
    Offer("turtle", "text/turtle", ("ttl", "n3")),
    Offer("jsonld", "application/ld+json", ("json-ld", "json")),
    Offer("rdfxml", "application/rdf+xml", ("rdf", "xml")),
    Offer("ntriples", "application/n-triples", ("nt",)),
)
_WRITTEN: Final = {"turtle": "turtle", "jsonld": "json-ld", "rdfxml": "xml", "ntriples": "nt"}


@lru_cache(maxsize=32)
def service_description(endpoint: str, name: str) -> str:
    """The description of the service at an address, in a format of DESCRIPTION_OFFERS."""
    graph, service, dataset, default = Graph(), BNode(), BNode(), BNode()
    graph.bind("sd", SD)
    graph.add((service, RDF.type, SD.Service))
    graph.add((service, SD.endpoint, URIRef(endpoint)))
    graph.add((service, SD.supportedLanguage, SD.SPARQL11Query))
    graph.add((service, SD.feature, SD.UnionDefaultGraph))
    for iri in (*(table.iri for table in TABLES.values()), *(found.iri for found in GRAPHS.values())):
        graph.add((service, SD.resultFormat, URIRef(iri)))
    graph.add((service, SD.defaultDataset, dataset))
    graph.add((dataset, RDF.type, SD.Dataset))
    graph.add((dataset, SD.defaultGraph, default))
    graph.add((default, RDF.type, SD.Graph))
    for home in GraphName:
        node = BNode()
        graph.add((dataset, SD.namedGraph, node))
        graph.add((node, RDF.type, SD.NamedGraph))
        graph.add((node, SD.name, URIRef(home.iri)))
    return graph.serialize(format=_WRITTEN[name])
