"""Templates of a SPARQL update: quads with variables, read as TriG, and instantiated for each solution of the WHERE.

Source: SPARQL 1.1 Update, 3.1.3 and 4.2: a solution that leaves a variable of a template quad unbound, or puts a
literal where none may stand, gives no such quad; a blank node of an INSERT template is a fresh one in each solution.
"""

from __future__ import annotations

import secrets
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final, TypeAlias

import pyoxigraph
from rdflib import XSD, BNode, Literal, URIRef

from kg.change import Quad
from kg.errors import BadTerm, UpdateRefused
from kg.exchange.effect import GRAPHS, what_parser_said
from kg.exchange.sparql_text import Token
from kg.names import GraphName
from kg.terms import Term, double_literal
from kg.wire import text_to_term

Solution: TypeAlias = Mapping[str, Mapping[str, Any]]
"""A row of SPARQL 1.1 Query Results JSON."""
_SHOWN: Final = 200
_BOOLEANS: Final = frozenset({"true", "false"})


@dataclass(frozen=True, slots=True)
class Variable:
    """A place in a template that a solution fills."""

    name: str


Part: TypeAlias = Term | Variable
TemplateQuad: TypeAlias = tuple[Part, Part, Part, Part]


@dataclass(frozen=True, slots=True)
class Template:
    """Quads with variables; each has a graph."""

    quads: tuple[TemplateQuad, ...] = ()

    @property
    def variables(self) -> frozenset[str]:
        return frozenset(part.name for quad in self.quads for part in quad if isinstance(part, Variable))

    @property
    def has_blank_nodes(self) -> bool:
        return any(isinstance(part, BNode) for quad in self.quads for part in quad)

    def instances(self, solution: Solution, scope: str) -> Iterator[Quad]:
        """The quads for one solution; `scope` makes their blank nodes different from those of other solutions.

        Raises UpdateRefused where a graph is none of ours, or a blank node that WHERE found is named.
        """
        for s, p, o, g in self.quads:
            subject, predicate, value, graph = (_filled(part, solution, scope) for part in (s, p, o, g))
            if value is None or not isinstance(predicate, URIRef) or not isinstance(graph, URIRef):
                continue
            if isinstance(subject, URIRef | BNode):
                yield Quad(subject, predicate, value, _graph_name(graph))


def read_template(group: Sequence[Token], prologue: str, default_graph: str) -> Template:
    """The template in a group with its braces. `prologue` and `default_graph` are SPARQL text, the latter may be "".

    Raises UpdateRefused for a quad without a graph, an unknown graph, and terms that are none.
    """
    mark = f"urn:{secrets.token_hex(8)}:"  # so that no IRI in the text is taken for a variable
    line = group[0].line
    found = _quads(_as_trig(group, mark), prologue, line)
    default = _default_graph(default_graph, prologue, line)
    return Template(tuple(_template_quad(quad, mark, default) for quad in found))


def _as_trig(group: Sequence[Token], mark: str) -> str:
    """The inside of a group as TriG. Line breaks stay, so that a parser's error names the right line."""
    parts: list[str] = []
    before = ""
    for token in group[1:-1]:
        text, word = token.text, token.text.upper()
        if token.sort == "word" and word == "GRAPH":
            text = "GRAPH" if before in ("", ".", "}") else ". GRAPH"
        elif token.sort == "word" and text.lower() in _BOOLEANS:
            text = text.lower()
        elif token.sort == "var":
            text = f"<{mark}{text[1:]}>"
        elif text == "." and before == "}":
            text = ""
        parts += [token.gap, text]
        before = token.text
    return "".join(parts) + ("" if before in ("", ".", "}") else " .")


def _quads(trig: str, prologue: str, first_line: int) -> list[pyoxigraph.Quad]:
    try:
        return list(pyoxigraph.parse(f"{prologue}\n{trig}", format=pyoxigraph.RdfFormat.TRIG))
    except SyntaxError as error:
        line = first_line + max(0, (error.lineno or 0) - 2)
        raise UpdateRefused(f"Line {line}: {what_parser_said(error)}.", line=line) from error


def _default_graph(name: str, prologue: str, line: int) -> URIRef | None:
    if not name:
        return None
    (quad,) = _quads(f"GRAPH {name} {{ <urn:s> <urn:p> <urn:o> }}", prologue, line)
    graph = URIRef(str(quad.graph_name)[1:-1])
    _graph_name(graph)
    return graph


def _template_quad(quad: pyoxigraph.Quad, mark: str, default: URIRef | None) -> TemplateQuad:
    graph: Part | None = default
    if not isinstance(quad.graph_name, pyoxigraph.DefaultGraph):
        graph = _part(quad.graph_name, mark)
        if isinstance(graph, URIRef):
            _graph_name(graph)
    if graph is None:
        shown = " ".join(str(part).replace(f"<{mark}", "?<") for part in (quad.subject, quad.predicate, quad.object))
        raise UpdateRefused(
            f"The triple {shown[:_SHOWN]} is in no named graph; write GRAPH <...> {{ }} around it, or WITH <...> "
            f"before the operation. There are {GRAPHS}."
        )
    return _part(quad.subject, mark), _part(quad.predicate, mark), _part(quad.object, mark), graph


def _part(term: object, mark: str) -> Part:
    if isinstance(term, pyoxigraph.NamedNode) and term.value.startswith(mark):
        return Variable(term.value.removeprefix(mark))
    try:
        return text_to_term(str(term))
    except BadTerm as error:
        raise UpdateRefused(error.message) from error


def _filled(part: Part, solution: Solution, scope: str) -> Term | None:
    """The term of a part in a solution; None where it is unbound."""
    match part:
        case Variable(name):
            found = solution.get(name)
            return None if found is None else _term(name, found)
        case BNode():
            return BNode(f"{scope}x{part}")
        case _:
            return part


def _term(name: str, found: Mapping[str, Any]) -> Term:
    match found["type"]:
        case "uri":
            return URIRef(found["value"])
        case "literal" | "typed-literal":
            return _literal(found["value"], found.get("datatype"), found.get("xml:lang"))
        case _:
            raise UpdateRefused(f"?{name} is a blank node in a solution of WHERE, and a change can't name one.")


def _literal(text: str, datatype: str | None, language: str | None) -> Literal:
    """The literal as the working graph holds it. Oxigraph gives numbers back in another form than they came in: a
    double is canonical there and here, and a number in an unusual form is found absent when the read set is checked.
    """
    if datatype == str(XSD.double):
        return double_literal(float(text))
    if language:
        return Literal(text, lang=language)
    return Literal(text, datatype=None if datatype is None else URIRef(datatype), normalize=False)


def _graph_name(iri: URIRef) -> GraphName:
    name = GraphName.of_iri(str(iri))
    if name is None:
        raise UpdateRefused(f"There is no named graph <{iri}>; there are {GRAPHS}.", graph=str(iri))
    return name
