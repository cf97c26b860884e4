"""The focus nodes of a shape as parts of a rule's body. Source: SHACL 2.1.3 (targets).

Instances of a class are those of its subclasses too, over whatever rdfs:subClassOf holds in the graph at the time. A
rule cannot walk such a chain, so helper rules keep it: `?class <RULE.subClassOf> CLASS`.
"""

from __future__ import annotations

from rdflib import Graph, URIRef
from rdflib.namespace import OWL, RDF, RDFS, SH
from rdflib.term import Node as RdfNode

from reasoner.rules.ir import Atom, Bind, Const, Rule, Slot, Var
from reasoner.rules.reading.parts import Names, Parts

THIS = Var("this")


class Classes:
    """Membership in classes for one rule, and the helper rules that it needs."""

    def __init__(self, names: Names, order: float) -> None:
        self._names = names
        self._order = order
        self._below: dict[URIRef, URIRef] = {}
        self.rules: list[Rule] = []

    def members(self, node: Slot, cls: URIRef) -> list[Parts]:
        """The node is a SHACL instance of the class."""
        below = self._below.get(cls) or self._help(cls)
        between = self._names.fresh()
        return [
            Parts((Atom(node, RDF.type, cls),)),
            Parts((Atom(node, RDF.type, between), Atom(between, below, cls))),
        ]

    def _help(self, cls: URIRef) -> URIRef:
        number = len(self._below) + 1
        below = URIRef(f"{self._names.rule}.subClassOf{number if number > 1 else ''}")
        self._below[cls] = below
        lower, upper = Var("class"), Var("above")
        head = Atom(lower, below, cls)
        bodies = (
            (Atom(lower, RDFS.subClassOf, cls),),
            (Atom(lower, RDFS.subClassOf, upper), Atom(upper, below, cls)),
        )
        self.rules += [Rule(str(below), head, body, order=self._order) for body in bodies]
        return below


def focus_bodies(document: Graph, shape: RdfNode, names: Names, classes: Classes) -> list[Parts]:
    """The alternatives by which `?this` is a focus node of the shape. Raises RuleRefused where it has no target."""
    found: list[Parts] = []
    for node in _sorted(document, shape, SH.targetNode):
        if not isinstance(node, URIRef):
            raise names.refused(f"sh:targetNode {node.n3()} is no IRI", construct="sh:targetNode")
        found.append(Parts(binds=(Bind(THIS, Const(node)),)))
    for cls in _classes(document, shape, names):
        found += classes.members(THIS, cls)
    for predicate in _iris(document, shape, SH.targetSubjectsOf, names):
        found.append(Parts((Atom(THIS, predicate, names.fresh()),)))
    for predicate in _iris(document, shape, SH.targetObjectsOf, names):
        found.append(Parts((Atom(names.fresh(), predicate, THIS),)))
    if (shape, SH.target, None) in document:
        raise names.refused("sh:target is not understood in rules", construct="sh:target")
    if not found:
        raise names.refused(f"the shape {shape.n3()} has no target, so the rule could never fire", shape=str(shape))
    return names.bounded(found)


def _classes(document: Graph, shape: RdfNode, names: Names) -> list[URIRef]:
    classes = _iris(document, shape, SH.targetClass, names)
    kinds = set(document.objects(shape, RDF.type))
    above = {cls for kind in kinds for cls in document.transitive_objects(kind, RDFS.subClassOf)}
    if isinstance(shape, URIRef) and above & {RDFS.Class, OWL.Class} and above & {SH.NodeShape, SH.PropertyShape}:
        classes.append(shape)
    return classes


def _iris(document: Graph, shape: RdfNode, predicate: URIRef, names: Names) -> list[URIRef]:
    found: list[URIRef] = []
    for value in _sorted(document, shape, predicate):
        if not isinstance(value, URIRef):
            raise names.refused(f"{_short(predicate)} {value.n3()} is no IRI", construct=_short(predicate))
        found.append(value)
    return found


def _sorted(document: Graph, shape: RdfNode, predicate: URIRef) -> list[RdfNode]:
    return sorted(document.objects(shape, predicate), key=lambda node: node.n3())


def _short(predicate: URIRef) -> str:
    return f"sh:{str(predicate).removeprefix(str(SH))}"
