"""The queries of the graph explorer. IRIs and search words enter them only through `api.console.explore.iris`."""

from __future__ import annotations

from typing import Final

from api.console.explore.iris import reference, search_literal
from api.console.explore.names import Kind

MOST_FACTS: Final = 2000
"""Facts of one node that are looked at."""
MOST_FOUND: Final = 60

_LABEL: Final = """
  OPTIONAL {{ {node} rdfs:label ?label1 }}
  OPTIONAL {{ {node} sh:name ?label2 }}
  OPTIONAL {{ {node} tw:sentence ?label3 }}
  OPTIONAL {{ {node} tw:stage ?label4 }}"""
_SAID: Final = "(SAMPLE(COALESCE(?label1, ?label2, ?label3, ?label4)) AS ?label)"
_TYPES: Final = '(GROUP_CONCAT(DISTINCT STR(?type); SEPARATOR=" ") AS ?types)'


def about(iri: str) -> str:
    """What is said of a node and what names it: direction, graphs, predicate, other node with label and classes.

    `unit` and `property` come from the binding of (node, predicate), where there is one.
    """
    node = reference(iri)
    return f"""SELECT ?inverse ?p ?o (GROUP_CONCAT(DISTINCT STR(?g); SEPARATOR=" ") AS ?graphs)
  {_SAID} {_TYPES} (SAMPLE(?pLabel) AS ?words) (SAMPLE(?u) AS ?unit) (SAMPLE(?bindingLabel) AS ?property)
WHERE {{
  {{ SELECT ?inverse ?g ?p ?o WHERE {{
    {{ GRAPH ?g {{ {node} ?p ?o }} BIND (false AS ?inverse) }}
    UNION {{ GRAPH ?g {{ ?o ?p {node} }} BIND (true AS ?inverse) }}
  }} LIMIT {MOST_FACTS + 1} }}{_LABEL.format(node="?o")}
  OPTIONAL {{ ?o a ?type }}
  OPTIONAL {{ ?p rdfs:label ?pLabel }}
  OPTIONAL {{
    ?binding tw:predicate ?p ; isa95:isPropertyOf {node} .
    OPTIONAL {{ ?binding tw:unit ?u }}
    OPTIONAL {{ ?binding rdfs:label ?bindingLabel }}
  }}
}}
GROUP BY ?inverse ?p ?o"""


def through_unnamed(iri: str) -> str:
    """What stands behind the unnamed nodes around a node: one step on, or all members of a list."""
    node = reference(iri)
    return f"""SELECT ?inverse ?o ?q ?x {_SAID} {_TYPES} WHERE {{
  {{
    {node} ?p ?o . FILTER (isBlank(?o))
    {{ ?o ?q ?x . FILTER (?q != rdf:first && ?q != rdf:rest) }}
    UNION {{ ?o rdf:rest*/rdf:first ?x . BIND (rdf:first AS ?q) }}
    BIND (false AS ?inverse)
  }} UNION {{
    ?o ?p {node} . FILTER (isBlank(?o))
    ?x ?q ?o . FILTER (isIRI(?x))
    BIND (true AS ?inverse)
  }}{_LABEL.format(node="?x")}
  OPTIONAL {{ ?x a ?type }}
}}
GROUP BY ?inverse ?o ?q ?x
LIMIT {MOST_FACTS}"""


def itself(iri: str) -> str:
    """Label and classes of one node, and what the vocabulary says of it."""
    node = reference(iri)
    return f"""SELECT {_SAID} {_TYPES} (SAMPLE(?d) AS ?definition) WHERE {{
  BIND ({node} AS ?n){_LABEL.format(node=node)}
  OPTIONAL {{ {node} skos:definition ?d }}
  OPTIONAL {{ {node} a ?type }}
}}
GROUP BY ?n"""


def checks(iri: str) -> str:
    """The shapes whose target class is this class, the class of this node, or one above."""
    node = reference(iri)
    return f"""SELECT DISTINCT ?shape ?name ?message ?severity WHERE {{
  {{ {node} rdfs:subClassOf* ?class }} UNION {{ {node} a/rdfs:subClassOf* ?class }}
  GRAPH graph:shapes {{
    ?shape sh:targetClass ?class .
    OPTIONAL {{ ?shape sh:name ?name }}
    OPTIONAL {{ ?shape sh:message ?message }}
    OPTIONAL {{ ?shape sh:severity ?severity }}
  }}
}}
ORDER BY ?name
LIMIT 200"""


def search(text: str, kind: Kind | None = None) -> str:
    """Nodes whose label, code, id or IRI holds a text; those whose label begins with it come first."""
    wanted = search_literal(text)
    return f"""SELECT ?node {_SAID} {_TYPES} (MIN(?place) AS ?rank) WHERE {{
  {{ SELECT ?node ?place WHERE {{
    {{
      ?node rdfs:label|sh:name|tw:sentence|tw:code|isa95:id ?said .
      BIND (LCASE(STR(?said)) AS ?low)
      FILTER (CONTAINS(?low, {wanted}))
    }} UNION {{
      SELECT DISTINCT ?node ?low WHERE {{
        ?node a ?any .
        BIND (LCASE(REPLACE(STR(?node), "^.*[/#]", "")) AS ?low)
        FILTER (CONTAINS(?low, {wanted}))
      }}
    }}
    FILTER (isIRI(?node))
    BIND (IF(?low = {wanted}, 0, IF(STRSTARTS(?low, {wanted}), 1, 2)) AS ?place)
  }} }}{_of_kind(kind)}{_LABEL.format(node="?node")}
  OPTIONAL {{ ?node a ?type }}
}}
GROUP BY ?node
ORDER BY ?rank DESC(BOUND(?label)) ?label
LIMIT {MOST_FOUND}"""


def starts() -> str:
    """Where to begin: lines first, then machines, orders, agents and their rules."""
    return f"""SELECT ?node (SAMPLE(?said) AS ?label) {_TYPES} WHERE {{
  VALUES ?class {{ isa95:ProductionLine pack:Machine tw:Conveyor tw:Order tw:Agent tw:AgentRule ua:Server }}
  GRAPH graph:plant {{ ?node a ?class ; rdfs:label ?said }}
  ?node a ?type .
  BIND (IF(?class = isa95:ProductionLine, 0, 1) AS ?place)
}}
GROUP BY ?node
ORDER BY MIN(?place) ?label
LIMIT {MOST_FOUND}"""


def _of_kind(kind: Kind | None) -> str:
    if kind is None or not kind.classes:
        return ""
    classes = " ".join(reference(iri) for iri in sorted(kind.classes))
    return f"\n  FILTER EXISTS {{ VALUES ?wanted {{ {classes} }} ?node a ?wanted }}"
