"""SPARQL inside shapes: read, judged beforehand, evaluated within a work budget.

A query is parsed by rdflib (`translate`) into operators of our own (`algebra`), evaluated over a `Sight` with every
look-up and every row counted (`machine`), and searched for the way from a changed triple back to the focus nodes
(`anchors`). Must not know shapes, results or where queries come from. Nothing here reaches the network or a file:
SERVICE, FROM and functions from elsewhere are refused when a query is read.
"""

from reasoner.shacl.sparql.algebra import Query
from reasoner.shacl.sparql.anchors import Place, places_of
from reasoner.shacl.sparql.machine import Engine
from reasoner.shacl.sparql.translate import QuerySource, read_query

__all__ = ["Engine", "Place", "Query", "QuerySource", "places_of", "read_query"]
