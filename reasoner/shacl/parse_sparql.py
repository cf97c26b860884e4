"""SPARQL in a shapes graph: constraints, targets, and constraint components and target types that the graph declares.

Source: SHACL 5 (SPARQL-based constraints), 6 (components); SHACL-AF 3 (SPARQL targets).
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import cached_property
from typing import Final

from rdflib import Graph, Literal, URIRef
from rdflib.namespace import OWL, RDF, RDFS, SH, XSD
from rdflib.term import Node as RdfNode
from rdflib.term import Variable

from kg.names import GraphName
from kg.terms import Term
from reasoner.shacl.model import Sparql, TargetQuery
from reasoner.shacl.parse_paths import IllFormed
from reasoner.shacl.paths import Path
from reasoner.shacl.sparql import QuerySource, read_query
from reasoner.shacl.sparql.translate import CURRENT_SHAPE, SHAPES_GRAPH, THIS, VALUE

_RESERVED: Final = frozenset(("this", "shapesGraph", "currentShape", "path", "PATH", "value"))
_NAME: Final = re.compile(r"[A-Za-z_]\w*\Z")
_LOCAL: Final = re.compile(r"[^#/:]*\Z")
_VALIDATORS: Final = ((SH.nodeValidator, "SELECT"), (SH.propertyValidator, "SELECT"), (SH.validator, "ASK"))
_QUERY: Final = {"SELECT": SH.select, "ASK": SH.ask}


@dataclass(frozen=True, slots=True)
class Parameter:
    """A parameter of a component or target type, and the variable for which its value stands."""

    predicate: URIRef
    variable: Variable
    optional: bool


@dataclass(frozen=True, slots=True)
class Component:
    """A constraint component that the shapes graph declares."""

    node: URIRef
    parameters: tuple[Parameter, ...]


class SparqlReader:
    """Reads what a shapes graph says in SPARQL. Raises IllFormed; the caller names the shape."""

    def __init__(self, graph: Graph) -> None:
        self._graph = graph

    @cached_property
    def components(self) -> tuple[Component, ...]:
        """The components that the graph declares itself, in the order of their names."""
        declared = self._instances(SH.ConstraintComponent)
        if not all(isinstance(node, URIRef) for node in declared):
            raise IllFormed("a constraint component is no IRI")
        own = sorted(node for node in declared if isinstance(node, URIRef) and not node.startswith(str(SH)))
        return tuple(Component(node, self._parameters(node)) for node in own)

    def constraints(self, node: RdfNode, path: Path | None) -> Iterator[Sparql]:
        """The SPARQL-based constraints of a shape, and those of declared components whose parameters it has."""
        for source in self._all(node, SH.sparql):
            if not self._flag(source, SH.deactivated):
                yield self._constraint(node, source, path)
        for component in self.components:
            yield from self._applied(node, component, path)

    def targets(self, node: RdfNode) -> Iterator[TargetQuery]:
        """The SPARQL targets of a shape."""
        for target in self._all(node, SH.target):
            if (target, SH.select, None) in self._graph:
                yield self._target(target, target, {})
                continue
            kinds = [kind for kind in self._all(target, RDF.type) if (kind, SH.select, None) in self._graph]
            if len(kinds) != 1:
                raise IllFormed("its sh:target has no sh:select and is not of exactly one type that has one")
            parameters = self._parameters(kinds[0])
            yield self._target(target, kinds[0], self._values(target, parameters))

    # one of each

    def _constraint(self, shape: RdfNode, source: Term, path: Path | None) -> Sparql:
        query = read_query(
            QuerySource(
                self._text(source, SH.select),
                "SELECT",
                self._prefixes(source),
                frozenset((THIS, SHAPES_GRAPH, CURRENT_SHAPE)),
                self._defaults(shape),
                frozenset((THIS,)),
                path,
                self._shapes,
            )
        )
        return Sparql(SH.SPARQLConstraintComponent, query, False, self._message(source), source)

    def _applied(self, shape: RdfNode, component: Component, path: Path | None) -> Iterator[Sparql]:
        needed = [p for p in component.parameters if not p.optional]
        if not all((shape, p.predicate, None) in self._graph for p in needed):
            return
        validator, form = self._validator(component.node, path)
        for constants in self._choices(shape, component):
            varying = frozenset((THIS, VALUE)) if form == "ASK" else frozenset((THIS,))
            names = frozenset(p.variable for p in component.parameters)
            query = read_query(
                QuerySource(
                    self._text(validator, _QUERY[form]),
                    form,
                    self._prefixes(validator),
                    varying | names | {SHAPES_GRAPH, CURRENT_SHAPE},
                    self._defaults(shape) | constants,
                    varying,
                    path,
                    self._shapes,
                )
            )
            message = self._message(validator) or self._message(component.node)
            yield Sparql(component.node, query, form == "ASK", message, None)

    def _choices(self, shape: RdfNode, component: Component) -> list[dict[Variable, Term]]:
        """The parameters' values; each value of a single parameter makes a constraint of its own."""
        if len(component.parameters) > 1:
            return [self._values(shape, component.parameters)]
        (only,) = component.parameters
        return [{only.variable: value} for value in self._all(shape, only.predicate)]

    def _validator(self, component: Term, path: Path | None) -> tuple[Term, str]:
        own = SH.nodeValidator if path is None else SH.propertyValidator
        for predicate, form in _VALIDATORS:
            validators = self._all(component, predicate) if predicate in (own, SH.validator) else []
            if validators:
                return validators[0], form
        raise IllFormed(f"the constraint component {component.n3()} has no validator for this kind of shape")

    def _target(self, target: Term, source: Term, constants: dict[Variable, Term]) -> TargetQuery:
        query = read_query(
            QuerySource(
                self._text(source, SH.select),
                "SELECT",
                self._prefixes(source),
                frozenset(constants),
                constants,
            )
        )
        return TargetQuery(query, target)

    # parameters

    def _parameters(self, node: Term) -> tuple[Parameter, ...]:
        found = tuple(self._parameter(parameter) for parameter in self._all(node, SH.parameter))
        names = [parameter.variable for parameter in found]
        if len(set(names)) < len(names):
            raise IllFormed(f"two parameters of {node.n3()} have the same name")
        if (node, SH.select, None) not in self._graph and all(p.optional for p in found):
            raise IllFormed(f"the constraint component {node.n3()} needs a parameter that is not optional")
        return found

    def _parameter(self, node: Term) -> Parameter:
        paths = self._all(node, SH.path)
        if len(paths) != 1 or not isinstance(paths[0], URIRef):
            raise IllFormed("a sh:parameter needs exactly one sh:path, which is an IRI")
        found = _LOCAL.search(paths[0])
        name = found[0] if found else ""
        if not _NAME.match(name) or name in _RESERVED:
            raise IllFormed(f"the parameter {paths[0].n3()} has a name that no variable may have")
        return Parameter(paths[0], Variable(name), self._flag(node, SH.optional))

    def _values(self, node: RdfNode, parameters: Iterable[Parameter]) -> dict[Variable, Term]:
        values: dict[Variable, Term] = {}
        for parameter in parameters:
            found = self._all(node, parameter.predicate)
            if len(found) > 1:
                raise IllFormed(f"the parameter {parameter.predicate.n3()} is given more than once")
            if not found and not parameter.optional:
                raise IllFormed(f"the parameter {parameter.predicate.n3()} is missing")
            values.update((parameter.variable, value) for value in found)
        return values

    # what queries are read with

    @cached_property
    def _shapes(self) -> tuple[tuple[Term, Term, Term], ...]:
        return tuple(self._graph)  # type: ignore[arg-type]  # triples of terms

    def _defaults(self, shape: RdfNode) -> dict[Variable, Term]:
        return {CURRENT_SHAPE: shape, SHAPES_GRAPH: URIRef(GraphName.SHAPES.iri)}  # type: ignore[dict-item]

    def _prefixes(self, source: RdfNode) -> dict[str, str]:
        """What sh:prefixes declares, with what the ontologies named there import. Source: SHACL 5.2.1."""
        todo: list[RdfNode] = list(self._all(source, SH.prefixes))
        seen: set[RdfNode] = set()
        found: dict[str, str] = {}
        while todo:
            ontology = todo.pop()
            if ontology in seen:
                continue
            seen.add(ontology)
            todo.extend(self._all(ontology, OWL.imports))
            for declaration in self._all(ontology, SH.declare):
                prefix, namespace = self._text(declaration, SH.prefix), self._text(declaration, SH.namespace)
                if found.setdefault(prefix, namespace) != namespace:
                    raise IllFormed(f"the prefix {prefix}: is declared for two namespaces")
        return found

    def _instances(self, cls: URIRef) -> set[RdfNode]:
        below = set(self._graph.transitive_subjects(RDFS.subClassOf, cls))
        return {node for kind in below for node in self._graph.subjects(RDF.type, kind)}

    def _all(self, node: RdfNode, predicate: URIRef) -> list[Term]:
        objects: Iterable[Term] = self._graph.objects(node, predicate)  # type: ignore[assignment]  # objects are terms
        return sorted(objects, key=lambda n: n.n3())

    def _text(self, node: RdfNode, predicate: URIRef) -> str:
        found = self._all(node, predicate)
        short = "sh:" + str(predicate).removeprefix(str(SH))
        if len(found) != 1 or not isinstance(found[0], Literal):
            raise IllFormed(f"exactly one {short} is needed, and it must be a text")
        return str(found[0])

    def _flag(self, node: RdfNode, predicate: URIRef) -> bool:
        found = self._all(node, predicate)
        if any(not isinstance(value, Literal) or value.datatype != XSD.boolean for value in found) or len(found) > 1:
            raise IllFormed(f"sh:{str(predicate).removeprefix(str(SH))} must be one boolean")
        return bool(found) and str(found[0]) in ("true", "1")

    def _message(self, node: RdfNode) -> str | None:
        """The message in English or without a language; else the first one by language."""
        found = [m for m in self._all(node, SH.message) if isinstance(m, Literal)]
        found.sort(key=lambda m: (m.language not in (None, "en"), m.language or ""))
        return str(found[0]) if found else None
