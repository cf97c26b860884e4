"""Rules as text for engineers, to RDF and back.

`to_text` writes what the rules of a document mean: rules that shapes carry are written out with their targets and
conditions, and become `sh:SPARQLRule`s by themselves on the way back. `from_text(to_text(g))` has the rules of `g`, and
`to_text(from_text(t))` is the one canonical layout of `t`. Knows the RDF around rules; the syntax is in
`grammar` and `writer`.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import replace
from itertools import groupby
from typing import Final

from rdflib import BNode, Graph, Literal, URIRef
from rdflib.namespace import RDF, RDFS, SH
from rdflib.term import Node as RdfNode

from kg.errors import RuleTextRefused
from reasoner.rules.ir import Rule
from reasoner.rules.reading.documents import KINDS, each_rule, is_off
from reasoner.rules.reading.sparql import STANDARD_PREFIXES, parse_construct
from reasoner.rules.text.grammar import parse
from reasoner.rules.text.parts import Nested, Pair, RuleText, Statement, Value, items
from reasoner.rules.text.sparql import SparqlWriter
from reasoner.rules.text.writer import TextWriter

_PREFIX: Final = re.compile(r"PREFIX\s+([\w.-]*):\s*<([^>]*)>", re.IGNORECASE)
_DEEPEST: Final = 20
#: What makes a rule, and prefixes for it; the rest is said about it and written with `with`.
_OF_RULES: Final = frozenset(
    (SH.construct, SH.order, SH.prefixes, SH.declare, SH.condition, SH.subject, SH.predicate, SH.object, SH.deactivated)
)
#: What may stand on the shape of a rule without being lost: the rule is written with its targets.
_OF_CARRIERS: Final = frozenset((SH.rule, SH.targetClass, SH.targetNode, SH.targetSubjectsOf, SH.targetObjectsOf))


def from_text(text: str) -> Graph:
    """The RDF of a text: a `sh:SPARQLRule` for each rule, and what is said about them.

    Raises RuleTextRefused with line, column and what was expected, and RuleRefused for what a rule may not do.
    """
    graph = Graph(bind_namespaces="none")
    prefixes = STANDARD_PREFIXES | {found[1]: found[2] for found in _DECLARED.finditer(text)}
    for prefix, namespace in prefixes.items():
        graph.bind(prefix, namespace)
    writer = SparqlWriter(prefixes)
    told: set[URIRef] = set()
    for statement in parse(text, STANDARD_PREFIXES):
        if statement.iri in told:
            raise _refused(f"{statement.iri} stands twice in the text; say all about it in one place", statement.iri)
        told.add(statement.iri)
        _state(graph, statement)
        if statement.rule is not None:
            _make_rule(graph, statement.iri, statement.rule, writer)
    return graph


_DECLARED: Final = re.compile(r"^\s*prefix\s+([\w.-]*):\s*<([^>]*)>", re.MULTILINE)


def to_text(graph: Graph, *, partly: bool = False, only: tuple[str, ...] = ()) -> str:
    """The rules of a document as text, with what else it says about nodes that have an IRI.

    `only` are names, such as `Overspeed`, to which the text is limited. Raises RuleTextRefused for what no text can
    hold, such as shapes; with `partly` that is left out instead.
    """
    compiled = list(each_rule(graph, also_off=True))
    statements = [statement for node, rules in compiled for statement in _rules(graph, node, rules)]
    for node in sorted(set(graph.subjects()) - {node for node, _ in compiled}, key=str):
        found = _about(graph, node, partly)
        if found is not None:
            statements.append(found)
        elif not partly:
            _refuse_lost(graph, node)
    if only:
        statements = [statement for statement in statements if _is_named(statement.iri, only)]
    statements.sort(key=lambda statement: str(statement.iri))
    return TextWriter(_prefixes(graph)).document(statements)


def _is_named(iri: URIRef, names: tuple[str, ...]) -> bool:
    return any(str(iri) == name or re.split(r"[#/:]", str(iri))[-1] == name.rpartition(":")[2] for name in names)


def _refused(message: str, node: object) -> RuleTextRefused:
    return RuleTextRefused(f"{message}.", rule=str(node))


# to RDF


def _state(graph: Graph, statement: Statement) -> None:
    for kind in statement.types:
        graph.add((statement.iri, RDF.type, kind))
    if statement.label is not None:
        graph.add((statement.iri, RDFS.label, statement.label))
    _add_pairs(graph, statement.iri, statement.pairs)


def _add_pairs(graph: Graph, node: URIRef | BNode, pairs: Iterable[Pair]) -> None:
    for pair in pairs:
        for value in pair.values:
            if isinstance(value, Nested):
                inner = BNode()
                graph.add((node, pair.key, inner))
                _add_pairs(graph, inner, value.pairs)
            else:
                graph.add((node, pair.key, value))


def _make_rule(graph: Graph, iri: URIRef, rule: RuleText, writer: SparqlWriter) -> None:
    construct = writer.construct(rule)
    try:
        parse_construct(str(iri), construct, {})
    except RecursionError:
        raise _refused(f"Rule {iri} is nested too deeply", iri) from None
    graph.add((iri, RDF.type, SH.SPARQLRule))
    graph.add((iri, SH.construct, Literal(construct)))
    if rule.order is not None:
        graph.add((iri, SH.order, rule.order))
    if rule.off:
        graph.add((iri, SH.deactivated, Literal(True)))


# to text


def _rules(graph: Graph, node: RdfNode, compiled: list[Rule]) -> Iterator[Statement]:
    """A rule and the helpers that it needs."""
    own = compiled[0].name
    for name, rules in groupby(sorted(compiled, key=lambda rule: rule.name != own), key=lambda rule: rule.name):
        text = _rule_text(name, list(rules), graph.value(node, SH.order), _off(graph, node))
        types, label, pairs = _said(graph, node) if name == own else ((), None, ())
        yield Statement(URIRef(name), types, label, pairs, text)


def _off(graph: Graph, node: RdfNode) -> bool:
    carriers = list(graph.subjects(SH.rule, node))
    return is_off(graph, node) or (bool(carriers) and all(is_off(graph, shape) for shape in carriers))


def _rule_text(name: str, rules: list[Rule], order: RdfNode | None, off: bool) -> RuleText:
    """The rules of one name as heads and alternatives."""
    heads = list(dict.fromkeys(rule.head for rule in rules))
    bodies = list(dict.fromkeys(replace(rule, head=heads[0]) for rule in rules))
    if len(heads) * len(bodies) != len(dict.fromkeys(rules)):
        raise _refused(f"The alternatives of rule {name} have different heads; the text form can't hold it", name)
    alternatives = tuple(items(body, body.rows) for body in bodies)
    if alternatives == ((),):
        alternatives = ()
    if () in alternatives:
        raise _refused(f"Rule {name} has an alternative that always holds; the text form can't hold it", name)
    return RuleText(tuple(heads), alternatives, order if isinstance(order, Literal) else None, off)


def _said(graph: Graph, node: RdfNode) -> tuple[tuple[URIRef, ...], Literal | None, tuple[Pair, ...]]:
    """(types, label, the rest) of a node, without what makes it a rule."""
    kinds = set(graph.objects(node, RDF.type)) - set(KINDS)
    types = sorted(kind for kind in kinds if isinstance(kind, URIRef))
    if len(types) != len(kinds):
        raise _refused(f"{node.n3()} has a type without an IRI; give it an IRI", node)
    labels = [label for label in graph.objects(node, RDFS.label) if isinstance(label, Literal)]
    label = labels[0] if len(labels) == 1 and labels[0].datatype is None else None
    told = {RDF.type, *_OF_RULES, *((RDFS.label,) if label is not None else ())}
    if (node, SH.deactivated, Literal(False)) in graph:
        told.discard(SH.deactivated)
    return tuple(types), label, _pairs(graph, node, told, _DEEPEST)


def _pairs(graph: Graph, node: RdfNode, told: set[RdfNode], depth: int) -> tuple[Pair, ...]:
    if depth == 0:
        raise _refused(f"What is said about {node.n3()} is nested more than {_DEEPEST} deep or in a circle", node)
    keys = sorted(set(graph.predicates(node)) - told, key=str)
    return tuple(Pair(URIRef(str(key)), tuple(_values(graph, node, key, depth))) for key in keys)


def _values(graph: Graph, node: RdfNode, key: RdfNode, depth: int) -> Iterator[Value]:
    for value in sorted(graph.objects(node, key), key=lambda found: (isinstance(found, BNode), _shown(graph, found))):
        if isinstance(value, URIRef | Literal):
            yield value
        elif len(list(graph.subjects(None, value))) > 1:
            raise _refused(f"A node without an IRI is spoken of twice, by {node.n3()} too; give it an IRI", node)
        else:
            yield Nested(_pairs(graph, value, set(), depth - 1))


def _shown(graph: Graph, node: RdfNode) -> str:
    if not isinstance(node, BNode):
        return node.n3()
    return " ; ".join(sorted(f"{p.n3()} {o.n3() if not isinstance(o, BNode) else ''}" for p, o in graph[node]))


def _about(graph: Graph, node: RdfNode, partly: bool) -> Statement | None:
    """What is said about a node that is no rule; None for shapes and for what stands inside another statement."""
    if not isinstance(node, URIRef) or _is_of_shacl(graph, node):
        return None
    try:
        types, label, pairs = _said(graph, node)
    except RuleTextRefused:
        if partly:
            return None
        raise
    return Statement(node, types, label, pairs) if types or label is not None or pairs else None


def _is_of_shacl(graph: Graph, node: RdfNode) -> bool:
    said = {*graph.predicates(node), *graph.objects(node, RDF.type)} - {SH.declare}
    return any(str(term).startswith(str(SH)) for term in said)


def _refuse_lost(graph: Graph, node: RdfNode) -> None:
    """Refuses what would not come back: shapes that say more than whose rules they carry, and nameless subjects."""
    if isinstance(node, URIRef):
        _refuse_shape(graph, node)
    elif (None, None, node) not in graph:
        raise _refused("A node without an IRI is a subject by itself; give it an IRI", node)


def _refuse_shape(graph: Graph, node: RdfNode) -> None:
    for predicate, value in sorted(graph[node]):
        is_type = predicate == RDF.type and value in (SH.NodeShape, SH.PropertyShape, RDFS.Class)
        if not is_type and predicate not in (*_OF_CARRIERS, SH.declare):
            raise _refused(
                f"{node.n3()} is a shape and says {predicate.n3()}, which a text of rules can't hold; "
                f"keep shapes in a file of their own",
                node,
            )


def _prefixes(graph: Graph) -> dict[str, str]:
    """Those of the document, then those of its queries, then the standard ones."""
    found = dict(STANDARD_PREFIXES)
    for construct in graph.objects(None, SH.construct):
        found |= dict(_PREFIX.findall(str(construct)))
    return found | {prefix: str(namespace) for prefix, namespace in graph.namespaces()}
