"""A query's text read into the operators of `algebra`, by rdflib's parser.

What SHACL-SPARQL forbids is refused, and so is what could reach out, differ from one evaluation to the next, or is
not understood (G-SHACL-1). Source: SHACL 5.3.1, 6.3 and appendix A; SPARQL 1.1 18.2.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from rdflib import BNode, Literal, URIRef
from rdflib import paths as rdflib_paths
from rdflib.plugins.sparql.algebra import translateQuery, traverse
from rdflib.plugins.sparql.parser import parseQuery
from rdflib.plugins.sparql.parserutils import CompValue
from rdflib.term import Variable

from kg.errors import QueryRefused
from kg.replica.safety import parsed, sound_text
from kg.terms import Term
from reasoner.shacl.parse_paths import IllFormed
from reasoner.shacl.paths import Alternative, Inverse, Path, Predicate, Repeat, Sequence, settle
from reasoner.shacl.sparql import algebra
from reasoner.shacl.sparql.algebra import Aggregate, Expression, Op, Pattern, Query, Slot, Unlisted
from reasoner.shacl.sparql.expressions import read_expression

THIS: Final = Variable("this")
VALUE: Final = Variable("value")
SHAPES_GRAPH: Final = Variable("shapesGraph")
CURRENT_SHAPE: Final = Variable("currentShape")
_PATH: Final = Variable("PATH")
#: They are looked up one inside the other.
_MOST_PATTERNS: Final = 200
_PREFIX: Final = re.compile(r"(?:[A-Za-z](?:[\w.-]*[\w-])?)?\Z")
_IRI: Final = re.compile(r"[^<>\"{}|^`\\\x00-\x20]*\Z")
_DEFAULTS: Final = (SHAPES_GRAPH, CURRENT_SHAPE)
_FORBIDDEN: Final = {"Minus": "MINUS", "ServiceGraphPattern": "SERVICE", "values": "VALUES"}


@dataclass(frozen=True, slots=True)
class QuerySource:
    """A query's text and what it is read for."""

    text: str
    form: str
    """SELECT or ASK."""
    prefixes: Mapping[str, str] = field(default_factory=dict)
    prebound: frozenset[Variable] = frozenset()
    """Variables that may be pre-bound; sub-selects must return them."""
    constants: Mapping[Variable, Term] = field(default_factory=dict)
    """Those whose value is known for the shape."""
    varying: frozenset[Variable] = frozenset()
    """Those whose value comes with the focus node: $this, and $value where one is asked about."""
    path: Path | None = None
    """What $PATH stands for."""
    shapes: tuple[tuple[Term, Term, Term], ...] = ()
    """The shapes graph."""


def read_query(source: QuerySource) -> Query:
    """The query, pre-bound for one shape. Raises IllFormed, naming the construct that may not be."""
    form, root = _parse(source)
    if form != source.form:
        raise IllFormed(f"its query is no {source.form} query")
    reader = _Reader(source)
    try:
        op = reader.query(root)
    except RecursionError as error:
        raise IllFormed("its query is nested too deeply") from error
    prebound = frozenset(source.constants) | source.varying
    constants = tuple(source.constants.items())
    return Query(op, constants, prebound, source.shapes if reader.looks_into_shapes else ())


def _parse(source: QuerySource) -> tuple[str, CompValue]:
    for prefix, namespace in source.prefixes.items():
        if not _PREFIX.match(prefix) or not _IRI.match(namespace):
            raise IllFormed(f"the prefix {prefix!r} for {namespace!r} cannot be declared")
    try:
        tree: Any = parsed(sound_text(source.text, "query"), parseQuery, "query")
    except QueryRefused as refused:
        raise IllFormed(f"its query cannot be read: {refused.message}") from refused
    try:
        tree[1] = traverse(tree[1], visitPost=_resolver(tree[0], source.prefixes))
        query: CompValue = translateQuery(tree).algebra
    except RecursionError as error:
        raise IllFormed("its query is nested too deeply") from error
    except Exception as error:  # rdflib raises bare Exceptions, for unknown prefixes among others
        raise IllFormed(f"its query cannot be read: {error}") from error
    if query.datasetClause:
        raise IllFormed("its query uses FROM, which SHACL forbids")
    forms = {"SelectQuery": "SELECT", "AskQuery": "ASK"}
    return forms.get(query.name, query.name), query.p


def _resolver(prologue: Any, declared: Mapping[str, str]) -> Callable[[Any], URIRef | None]:
    """Replaces prefixed names. rdflib would forget one of two prefixes for the same namespace."""
    own = {d.prefix or "": str(d.iri) for d in prologue if d.name == "PrefixDecl" and ":" in d.iri}
    namespaces = {**declared, **own}

    def resolved(node: Any) -> URIRef | None:
        if isinstance(node, CompValue) and node.name == "pname" and (node.prefix or "") in namespaces:
            return URIRef(namespaces[node.prefix or ""] + (node.localname or ""))
        return None

    return resolved


class _Reader:
    """Reads the operators of one query."""

    def __init__(self, source: QuerySource) -> None:
        self._source = source
        self._bound = frozenset(source.constants) | source.varying
        self._aliases: dict[Variable, Variable] = {}
        self._fresh = 0
        self._count = 0
        self.looks_into_shapes = False

    def query(self, root: CompValue) -> Op:
        """The whole query; a SELECT must return $this."""
        if self._source.form == "SELECT":
            project = root
            while project.name != "Project":
                project = project.p
            if THIS not in project.PV:
                raise IllFormed("its query does not return $this")
        return self._op(root)

    def _op(self, node: CompValue) -> Op:
        name: str = node.name
        if name in _FORBIDDEN:
            raise IllFormed(f"its query uses {_FORBIDDEN[name]}, which SHACL forbids")
        read = getattr(self, f"_{name.lower()}", None)
        if read is None:
            raise IllFormed(f"its query uses {name} in a place where it is not understood")
        found: Op = read(node)
        return found

    def _bgp(self, node: CompValue) -> Op:
        patterns = tuple(p for triple in node.triples for p in self._patterns(*triple))
        self._count += len(patterns)
        if self._count > _MOST_PATTERNS:
            raise IllFormed(f"its query has more than {_MOST_PATTERNS} triple patterns")
        return algebra.Bgp(patterns, algebra.bgp_facts(patterns, self._bound))

    def _join(self, node: CompValue) -> Op:
        left, right = self._op(node.p1), self._op(node.p2)
        return algebra.Join(left, right, algebra.join_facts(left.facts, right.facts))

    def _leftjoin(self, node: CompValue) -> Op:
        left, right = self._op(node.p1), self._op(node.p2)
        condition = None if node.expr.name == "TrueFilter" else self._expression(node.expr)
        return algebra.LeftJoin(left, right, condition, algebra.left_join_facts(left.facts, right.facts, condition))

    def _filter(self, node: CompValue) -> Op:
        inner, condition = self._op(node.p), self._expression(node.expr)
        return algebra.Filter(condition, inner, algebra.filter_facts(inner.facts, condition))

    def _union(self, node: CompValue) -> Op:
        left, right = self._op(node.p1), self._op(node.p2)
        return algebra.Union(left, right, algebra.union_facts(left.facts, right.facts))

    def _extend(self, node: CompValue) -> Op:
        inner = self._op(node.p)
        variable = Variable(node.var)
        if isinstance(node.expr, Variable) and self._aliases.get(node.expr) == variable:
            return inner
        if variable in self._source.prebound | self._bound:
            raise IllFormed(f"its query gives ${variable}, which is pre-bound, a value of its own with AS")
        if variable in inner.facts.mentioned:
            raise IllFormed(f"its query uses ?{variable} before it gives it a value with AS")
        expression = self._expression(node.expr)
        return algebra.Extend(inner, variable, expression, algebra.extend_facts(inner.facts, variable, expression))

    def _tomultiset(self, node: CompValue) -> Op:
        if not isinstance(node.p, CompValue):
            raise IllFormed("its query uses VALUES, which SHACL forbids")
        inner = node.p
        while inner.name in ("Distinct", "Reduced", "Slice"):
            inner = inner.p
        if inner.name == "Project":
            missing = sorted(self._source.prebound - {*inner.PV, *_DEFAULTS})
            if missing:
                raise IllFormed(f"a sub-select of its query does not return ${missing[0]}, which is pre-bound")
        return self._op(node.p)

    def _project(self, node: CompValue) -> Op:
        inner = self._op(node.p)
        variables = frozenset(Variable(v) for v in node.PV) - self._bound
        return algebra.Project(inner, variables, algebra.project_facts(inner.facts, variables))

    def _distinct(self, node: CompValue) -> Op:
        inner = self._op(node.p)
        return algebra.Distinct(inner, inner.facts)

    _reduced = _distinct

    def _orderby(self, node: CompValue) -> Op:
        inner = self._op(node.p)
        conditions = tuple((self._expression(c.expr), c.order == "DESC") for c in node.expr)
        return algebra.Order(inner, conditions, inner.facts)

    def _slice(self, node: CompValue) -> Op:
        inner = self._op(node.p)
        return algebra.Slice(inner, int(node.start), node.length, algebra.slice_facts(inner.facts))

    def _graph(self, node: CompValue) -> Op:
        if node.term != SHAPES_GRAPH or SHAPES_GRAPH not in self._bound:
            raise IllFormed("its query uses GRAPH with something else than $shapesGraph")
        self.looks_into_shapes = True
        inner = self._op(node.p)
        return algebra.InShapes(inner, algebra.in_shapes_facts(inner.facts))

    # aggregates

    def _aggregatejoin(self, node: CompValue) -> Op:
        group = node.p
        inner = self._op(group.p)
        keys: list[Variable] = []
        for condition in group.expr or ():
            if isinstance(condition, Variable):
                keys.append(condition)
                continue
            key, expression = self._new(), self._expression(condition)
            inner = algebra.Extend(inner, key, expression, algebra.extend_facts(inner.facts, key, expression))
            keys.append(key)
        names = tuple(key for key in keys if key not in self._bound)
        aggregates = tuple(a for item in node.A if (a := self._aggregate(item, names)) is not None)
        return algebra.Group(inner, names, aggregates, algebra.group_facts(inner.facts, names, aggregates))

    def _aggregate(self, node: CompValue, keys: tuple[Variable, ...]) -> Aggregate | None:
        kind = node.name.removeprefix("Aggregate_").replace("_", "")
        own = node.vars
        if kind == "Sample" and isinstance(own, Variable) and own in self._bound.union(keys):
            self._aliases[node.res] = own
            return None
        over = None if own == "*" else self._expression(own)
        separator = " " if node.separator is None else str(node.separator)
        return Aggregate(kind, over, bool(node.distinct), separator, node.res)

    def _expression(self, tree: Any) -> Expression:
        return read_expression(tree, self._op, self._aliases, self._bound)

    # triple patterns

    def _patterns(self, s: Any, p: Any, o: Any) -> Iterator[Pattern]:
        s, o = _slot(s), _slot(o)
        if _PATH in (s, o):
            raise IllFormed("its query uses $PATH in a place that is no predicate")
        if isinstance(p, Variable):
            p = self._source.constants.get(p, p)
        if p == _PATH:
            if self._source.path is None:
                raise IllFormed("its query uses $PATH, but the shape is no property shape")
            yield from self._along(s, settle(self._source.path), o)
        elif isinstance(p, Variable):
            yield Pattern(s, p, o)
        elif isinstance(p, rdflib_paths.NegatedPath):
            yield Pattern(s, _unlisted(p), o)
        elif isinstance(p, URIRef | rdflib_paths.Path):
            yield from self._steps(s, p, o)

    def _steps(self, s: Slot, path: Any, o: Slot) -> Iterator[Pattern]:
        """One pattern for each step of a sequence, so that each can be looked up from either end."""
        match path:
            case rdflib_paths.SequencePath(args=args):
                for part, end in zip(args, [*(self._new() for _ in args[1:]), o], strict=True):
                    yield from self._patterns(s, part, end)
                    s = end
            case rdflib_paths.InvPath(arg=arg):
                yield from self._patterns(o, arg, s)
            case _:
                yield Pattern(s, settle(_path(path)), o)

    def _along(self, s: Slot, path: Path, o: Slot) -> Iterator[Pattern]:
        match path:
            case Sequence(paths=paths):
                for part, end in zip(paths, [*(self._new() for _ in paths[1:]), o], strict=True):
                    yield from self._along(s, part, end)
                    s = end
            case _:
                yield Pattern(s, path, o)

    def _new(self) -> Variable:
        self._fresh += 1
        return Variable(f".{self._fresh}")


def _slot(term: Any) -> Any:
    return Variable(f"_:{term}") if isinstance(term, BNode) else term


def _path(path: Any) -> Path:
    match path:
        case URIRef():
            return Predicate(path)
        case rdflib_paths.InvPath(arg=arg):
            return Inverse(_path(arg))
        case rdflib_paths.SequencePath(args=args):
            return Sequence(tuple(_path(part) for part in args))
        case rdflib_paths.AlternativePath(args=args):
            return Alternative(tuple(_path(part) for part in args))
        case rdflib_paths.MulPath(path=inner, mod=mod):
            return Repeat(_path(inner), mod)
        case _:
            raise IllFormed("its query uses a negated property set inside another path")


def _unlisted(path: Any) -> Unlisted:
    forward: set[URIRef] = set()
    backward: set[URIRef] = set()
    for arg in path.args:
        if isinstance(arg, rdflib_paths.InvPath):
            backward.add(URIRef(arg.arg))  # type: ignore[arg-type]  # in such a set it is an IRI
        elif isinstance(arg, URIRef):
            forward.add(arg)
        else:
            raise IllFormed("its query uses an inverse in a negated property set, which rdflib cannot read")
    return Unlisted(frozenset(forward) if forward or not backward else None, frozenset(backward) or None)


def is_true(term: Term | None) -> bool:
    """Whether a value of ?failure says that the query failed."""
    return isinstance(term, Literal) and term.value is True
