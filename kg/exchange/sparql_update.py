"""SPARQL 1.1 Update as added and removed quads: decided on rdflib's parse tree, evaluated by whoever holds the graph.

    update = read_update(text, prefixes)
    answer = ask(update.query) if update.query else None
    effect = update.effect(answer)

Only triples in named graphs come and go: INSERT DATA, DELETE DATA, DELETE WHERE and DELETE/INSERT ... WHERE. What
works on whole graphs, fetches documents or reaches out is refused. The operations of one update happen at once, so
that only the first may have a WHERE: a later one would have to see what the earlier ones did.

Stricter than the standard in one point: what is removed must have been there (the read set), so that a removal
decided on an old picture is refused, not ignored.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Final

from rdflib import RDF
from rdflib.plugins.sparql.parser import expandUnicodeEscapes, parseQuery, parseUpdate

from kg.change import Quad
from kg.errors import QueryRefused, UpdateRefused
from kg.exchange.effect import GRAPHS, Effect, net_effect
from kg.exchange.sparql_text import Operation, Token, operations, tokens
from kg.exchange.template import Template, read_template
from kg.replica.safety import grammar_nodes, iris, parsed, parses, sound_text

_REFUSED: Final = {
    "Load": "LOAD would fetch a document; send its triples with INSERT DATA or as an RDF Patch",
    "Create": f"CREATE is not needed; the named graphs are {GRAPHS}",
    "Drop": "DROP would empty a whole graph; name the triples to remove in DELETE DATA or DELETE ... WHERE",
    "Clear": "CLEAR would empty a whole graph; name the triples to remove in DELETE DATA or DELETE ... WHERE",
    "Copy": "COPY works on whole graphs; write the triples with INSERT ... WHERE",
    "Move": "MOVE works on whole graphs; write the triples with DELETE and INSERT ... WHERE",
    "Add": "ADD works on whole graphs; write the triples with INSERT ... WHERE",
    "UsingClause": "USING is not allowed; choose a graph with GRAPH inside WHERE",
    "ServiceGraphPattern": "SERVICE would send a request to another server; write what it says into the update",
}
_IN_TREE_ALONE: Final = frozenset(map(str, (RDF.type, RDF.first, RDF.rest, RDF.nil)))
"""IRIs that rdflib writes for `a` and for lists."""
_ONE_SOLUTION: Final[Sequence[Mapping[str, Any]]] = ({},)


@dataclass(frozen=True, slots=True)
class _Step:
    """One operation: what goes and what comes for each solution of its query."""

    removes: Template
    adds: Template
    query: str | None = None


@dataclass(frozen=True, slots=True)
class Update:
    """An update that may run, before its WHERE has been evaluated."""

    steps: tuple[_Step, ...]

    @property
    def query(self) -> str | None:
        """The WHERE as a SELECT, to be answered over the union of all named graphs; None where there is none."""
        return self.steps[0].query

    def effect(self, answer: Mapping[str, Any] | None = None) -> Effect:
        """What the update does, given a replica's answer to `query` (with `results` and `truncated`).

        Raises UpdateRefused for a truncated answer: half an update is none.
        """
        solutions = _ONE_SOLUTION if self.query is None else _solutions(answer or {})
        return net_effect(self._walk(solutions))

    def _walk(self, solutions: Sequence[Mapping[str, Any]]) -> Iterator[tuple[bool, Quad]]:
        for number, step in enumerate(self.steps):
            rows = _ONE_SOLUTION if step.query is None else solutions
            for solution in rows:
                yield from ((False, quad) for quad in step.removes.instances(solution, ""))
            for row, solution in enumerate(rows):
                yield from ((True, quad) for quad in step.adds.instances(solution, f"u{number}r{row}"))


def read_update(text: str, prefixes: Mapping[str, str]) -> Update:
    """The update in a text; `prefixes` need no declaration. Raises UpdateRefused with line and column where known."""
    known = "".join(f"PREFIX {prefix}: <{iri}> " for prefix, iri in prefixes.items())
    text, tree = _checked(text, known)
    read = list(tokens(text))
    _refuse_two_readings(read, tree)
    found = list(operations(read))
    kinds = [node.name for node in tree.request]
    if [_form(node) for node in tree.request] != [operation.form for operation in found]:
        raise _two_readings()
    steps = tuple(_step(operation, kind, known, text) for operation, kind in zip(found, kinds, strict=True))
    _refuse_unknown_prefixes(tree, prefixes)
    for number, step in enumerate(steps[1:], 2):
        if step.query is not None:
            raise UpdateRefused(
                f"The WHERE of operation {number} would have to see what the operations before it do, and all of them "
                "happen at once. Send it as an update of its own, or put it first.",
                operation=number,
            )
    return Update(steps)


def _checked(text: str, known: str) -> tuple[str, Any]:
    try:
        text = sound_text(text, "update")
    except QueryRefused as refusal:
        raise UpdateRefused(refusal.message, **refusal.facts) from refusal
    try:
        tree: Any = parsed(text, parseUpdate, "update")
    except QueryRefused as refusal:
        if parses(text, parseQuery):
            raise UpdateRefused("This is a query, which changes nothing; send it as one.") from refusal
        found = _fault_in_a_group(text, known) or refusal
        raise UpdateRefused(found.message, **found.facts) from refusal
    for node in grammar_nodes(tree):
        if node.name in _REFUSED:
            raise UpdateRefused(f"This update may not run: {_REFUSED[node.name]}.", construct=node.name)
    if not tree.request:
        raise UpdateRefused("This update holds no operation.")
    return text, tree


def _fault_in_a_group(text: str, known: str) -> QueryRefused | None:
    """The fault of a malformed update with its line; rdflib names the operation's first line only."""
    try:
        for operation in operations(list(tokens(text))):
            for word, group in operation.groups.items():
                if word == "WHERE":
                    parsed(_select(replace(operation, graph=""), text), parseQuery, "update")
                else:
                    read_template(group, known + operation.prologue, operation.graph)
    except QueryRefused as refusal:
        return refusal if "line" in refusal.facts else None
    return None


def _refuse_two_readings(read: Sequence[Token], tree: object) -> None:
    """A `<` that is an operator for one parser and begins an IRI for the other would end groups at different places."""
    cut = {expandUnicodeEscapes(token.text)[1:-1] for token in read if token.sort == "iri"}
    seen = iris(tree)
    if cut - seen or seen - cut - _IN_TREE_ALONE:
        raise _two_readings()


def _refuse_unknown_prefixes(tree: object, prefixes: Mapping[str, str]) -> None:
    """Of a WHERE; a template has been told with its line. Oxigraph's own message would not say what is wrong."""
    nodes = list(grammar_nodes(tree))
    known = {node.prefix or "" for node in nodes if node.name == "PrefixDecl"} | prefixes.keys()
    for node in nodes:
        if node.name == "pname" and (node.prefix or "") not in known:
            raise UpdateRefused(f"The prefix {node.prefix or ''}: has not been declared.", prefix=node.prefix or "")


def _form(request: Any) -> str:
    """The keywords of an operation in rdflib's tree."""
    if request.name != "Modify":
        return {"InsertData": "INSERT DATA", "DeleteData": "DELETE DATA"}.get(request.name, "DELETE WHERE")
    return " ".join([word.upper() for word in ("delete", "insert") if word in request] + ["WHERE"])


def _two_readings() -> UpdateRefused:
    return UpdateRefused("This update can be read in more than one way; put spaces around < and > in filters.")


def _step(operation: Operation, kind: str, known: str, text: str) -> _Step:
    def template(word: str) -> Template:
        group = operation.groups.get(word)
        return Template() if group is None else read_template(group, known + operation.prologue, operation.graph)

    none = Template()
    match kind:
        case "InsertData":
            return _Step(none, _ground(template("DATA"), "INSERT DATA"))
        case "DeleteData":
            return _Step(_named(_ground(template("DATA"), "DELETE DATA")), none)
        case "DeleteWhere":
            return _Step(_named(template("WHERE")), none, _select(operation, text))
        case _:
            return _Step(_named(template("DELETE")), template("INSERT"), _select(operation, text))


def _ground(template: Template, form: str) -> Template:
    for name in sorted(template.variables):
        raise UpdateRefused(f"{form} takes no variables; ?{name} is one. Use DELETE or INSERT with WHERE.")
    return template


def _named(template: Template) -> Template:
    if template.has_blank_nodes:
        raise UpdateRefused("What is deleted can't be named by a blank node; write a variable and find it with WHERE.")
    return template


def _select(operation: Operation, text: str) -> str:
    """The WHERE as a query. Its lines stay where they were, so that an error names the right one."""
    group = operation.groups["WHERE"]
    begin, end = group[0].at, group[-1].at + 1
    where = text[begin:end]
    if operation.graph:
        where = f"{{ GRAPH {operation.graph} {where} }}"
    newlines = "\n" * (group[0].line - 1)
    return f"{operation.prologue}SELECT * WHERE {newlines}{where}"


def _solutions(answer: Mapping[str, Any]) -> Sequence[Mapping[str, Any]]:
    if answer.get("truncated"):
        rows = answer.get("row_limit")
        raise UpdateRefused(
            f"WHERE has more than {rows} solutions, so nothing was changed. Narrow it, and send several updates.",
            limit="rows",
            row_limit=rows,
        )
    found: Sequence[Mapping[str, Any]] = answer["results"]["results"]["bindings"]
    return found
