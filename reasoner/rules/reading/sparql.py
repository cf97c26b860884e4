"""Rules written as SPARQL CONSTRUCT in SHACL documents (`sh:SPARQLRule`), in the form of the rule IR.

Understood in WHERE: triple patterns, property paths made of `/` and `^`, nested groups, UNION, BIND, FILTER with the
operators of `reasoner.rules.operators`, FILTER EXISTS and FILTER NOT EXISTS, and sub-SELECTs with aggregates
(`subselect`). Everything else is refused by name, never ignored. Source: SHACL Advanced Features 8.3, SPARQL 1.1
sections 11, 16.2, 17, 18.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field, replace
from itertools import product
from typing import Any
from urllib.parse import urljoin

from pyparsing.exceptions import ParseBaseException
from rdflib import BNode, Literal, URIRef
from rdflib.namespace import OWL, RDF, RDFS, SH, XSD
from rdflib.plugins.sparql.parser import parseQuery
from rdflib.plugins.sparql.parserutils import CompValue
from rdflib.term import Variable

from kg.errors import RuleRefused
from ontology import ISA95, PACK, TW, UA
from reasoner.rules.ir import Absence, Atom, Bind, Branch, Expr, Row, Rule, Slot, Var, renamed, variables_of
from reasoner.rules.reading.expressions import Expressions, OutsideFragment
from reasoner.rules.reading.subselect import Select, read_select

#: Prefixes that every rule may use without declaring them.
STANDARD_PREFIXES: dict[str, str] = {
    "rdf": str(RDF),
    "rdfs": str(RDFS),
    "owl": str(OWL),
    "xsd": str(XSD),
    "sh": str(SH),
    "tw": str(TW._NS),
    "isa95": str(ISA95._NS),
    "ua": str(UA._NS),
    "pack": str(PACK._NS),
    "kpi": "https://w3id.org/twinwright/kpi#",
}


def parse_construct(
    name: str, text: str, prefixes: dict[str, str] | None = None, *, given: frozenset[Var] = frozenset()
) -> tuple[Rule, ...]:
    """The rules of one CONSTRUCT query: one for each triple of its template and each alternative of its WHERE.

    `given` are variables that the caller binds, such as `$this`.
    """
    try:
        prologue, query = parseQuery(text)
    except ParseBaseException as error:
        raise RuleRefused(f"Rule {name} does not parse: {error}", rule=name, text=text) from None
    try:
        names = _prologue(prologue, STANDARD_PREFIXES if prefixes is None else prefixes)
        return tuple(_Reader(names, given, fresh=_highest(text)).rules(name, query))
    except OutsideFragment as outside:
        raise RuleRefused(
            f"Rule {name} uses {outside}, which rules may not.", rule=name, construct=str(outside)
        ) from None


def _highest(text: str) -> int:
    """The highest number of a variable such as `?_3` in a query, above which fresh ones are numbered."""
    return max((int(number) for number in re.findall(r"[?$]_([0-9]{1,9})\b", text)), default=0)


@dataclass(slots=True)
class _Names:
    """Prefixes and base of one query."""

    prefixes: dict[str, str]
    base: str = ""

    def iri(self, text: str) -> URIRef:
        iri = URIRef(urljoin(self.base, text) if self.base and ":" not in text else text)
        if ":" not in iri:
            raise OutsideFragment(f"the relative IRI <{text}> without BASE")
        return iri

    def name(self, prefix: str, local: str) -> URIRef:
        if prefix not in self.prefixes:
            raise OutsideFragment(f"the prefix {prefix}:, which nothing declares")
        return URIRef(self.prefixes[prefix] + local)


def _prologue(parsed: Iterable[Any], prefixes: dict[str, str]) -> _Names:
    names = _Names(dict(prefixes))
    for declaration in parsed:
        if declaration.name == "Base":
            names.base = str(declaration["iri"])
        elif declaration.name == "PrefixDecl":
            names.prefixes[_field(declaration, "prefix", "")] = str(names.iri(declaration["iri"]))
    return names


_MODIFIERS = {"datasetClause": "FROM", "valuesClause": "VALUES", "groupby": "GROUP BY", "having": "HAVING"} | {
    "orderby": "ORDER BY",
    "limitoffset": "LIMIT or OFFSET",
}
_PATTERNS = {"OptionalGraphPattern": "OPTIONAL", "MinusGraphPattern": "MINUS", "InlineData": "VALUES"} | {
    "ServiceGraphPattern": "SERVICE",
    "GraphGraphPattern": "GRAPH",
}


def _field(node: CompValue, name: str, default: Any) -> Any:
    # CompValue.get answers with the name itself where a part is missing
    return node[name] if name in node else default  # noqa: SIM401


@dataclass(frozen=True, slots=True)
class _Body:
    atoms: tuple[Atom, ...] = ()
    filters: tuple[Expr, ...] = ()
    binds: tuple[Bind, ...] = ()
    absences: tuple[Absence, ...] = ()
    rows: tuple[Row, ...] = ()
    hidden: frozenset[Var] = frozenset()
    """Variables of EXISTS, whose values SPARQL does not tell apart."""
    is_one_of: bool = False
    """True where an EXISTS made several alternatives of what SPARQL counts once."""

    def __add__(self, other: _Body) -> _Body:
        return _Body(
            self.atoms + other.atoms,
            self.filters + other.filters,
            self.binds + other.binds,
            self.absences + other.absences,
            self.rows + other.rows,
            self.hidden | other.hidden,
            self.is_one_of or other.is_one_of,
        )

    def variables(self) -> frozenset[Var]:
        """Those that the body binds."""
        found = frozenset().union(*(a.variables() for a in self.atoms), *(row.variables() for row in self.rows))
        return found | {bind.var for bind in self.binds}


@dataclass(slots=True)
class _Reader:
    """Walks one parse tree."""

    names: _Names
    given: frozenset[Var] = frozenset()
    name: str = ""
    """Of the rule."""
    fresh: int = 0
    nodes: dict[BNode, Var] = field(default_factory=dict)

    def rules(self, name: str, query: CompValue) -> Iterator[Rule]:
        if query.name != "ConstructQuery":
            raise OutsideFragment(f"{query.name.removesuffix('Query').upper()} instead of CONSTRUCT")
        for part, construct in _MODIFIERS.items():
            if _field(query, part, None):
                raise OutsideFragment(construct)
        if not _field(query, "template", None):
            raise OutsideFragment("CONSTRUCT WHERE without a template")
        self.name = name
        heads = [self.head(triple) for triple in _threes(query["template"])]
        for body in self.group(query["where"]):
            for head in heads:
                yield Rule(name, head, body.atoms, body.filters, body.binds, body.absences, rows=body.rows)

    def head(self, triple: tuple[Any, Any, Any]) -> Atom:
        if any(isinstance(part, BNode) for part in triple):
            raise OutsideFragment("a blank node in the CONSTRUCT template")
        return Atom(*(self.slot(part) for part in triple))

    def group(self, group: CompValue) -> list[_Body]:
        """The alternatives of a group; more than one where it holds a UNION."""
        if group.name == "SubSelect":
            return [self.select(group)]
        alternatives = [_Body()]
        filters: list[Any] = []
        for part in _field(group, "part", ()):
            if part.name == "Filter":
                filters.append(part["expr"])
            elif part.name == "Bind":
                alternatives = [body + self.bind(part, body) for body in alternatives]
            else:
                new = self.part(part)
                alternatives = [a + b for a, b in product(alternatives, new)]
        for expression in filters:
            new = self.filter(expression)
            alternatives = [a + self.witness(b, a, len(new) > 1) for a, b in product(alternatives, new)]
        return alternatives

    def witness(self, inner: _Body, outer: _Body, is_one_of: bool) -> _Body:
        """The parts of a filter; those of an EXISTS are looked for, but tell no solutions apart."""
        known = outer.variables() | self.given
        inner = self.renamed(inner, known)
        return replace(inner, hidden=inner.hidden | (inner.variables() - known), is_one_of=inner.is_one_of or is_one_of)

    def renamed(self, inner: _Body, outer: frozenset[Var]) -> _Body:
        """The atoms of an EXISTS with fresh names for the variables that are its own."""
        own = sorted(inner.variables() - outer, key=str)
        names: dict[Var, Slot] = {variable: self.new_variable() for variable in own}
        if not names:
            return inner
        atoms = tuple(
            Atom(*(names.get(slot, slot) if isinstance(slot, Var) else slot for slot in a)) for a in inner.atoms
        )
        return replace(inner, atoms=atoms, filters=tuple(renamed(f, names) for f in inner.filters))

    def select(self, select: CompValue) -> _Body:
        """A sub-SELECT as a look at the groups that it makes."""
        for part, construct in _MODIFIERS.items():
            if part not in ("groupby", "having") and _field(select, part, None):
                raise OutsideFragment(f"{construct} in a sub-SELECT")
        bodies = [self.closed(body) for body in self.group(select["where"])]
        if any(body.is_one_of for body in bodies):
            raise OutsideFragment("EXISTS with UNION below an aggregate")
        if any(body.rows for body in bodies):
            raise OutsideFragment(
                "a sub-SELECT inside a sub-SELECT; let a rule of its own derive what the inner one gives"
            )
        branches = [Branch(body.atoms, body.filters, body.binds, body.absences, body.hidden) for body in bodies]
        parts = Select(
            list(_field(select, "projection", ())),
            list(select["groupby"]["condition"]) if "groupby" in select else [],
            list(select["having"]["condition"]) if "having" in select else [],
        )
        read = read_select(parts, branches, self)
        return _Body(filters=read.filters, binds=read.binds, rows=(read.row,))

    def part(self, part: CompValue) -> list[_Body]:
        if part.name == "TriplesBlock":
            return [_Body(tuple(self.atoms(part["triples"])))]
        if part.name == "GroupOrUnionGraphPattern":
            return [self.closed(body) for graph in part["graph"] for body in self.group(graph)]
        raise OutsideFragment(_PATTERNS.get(part.name, part.name))

    def closed(self, body: _Body) -> _Body:
        """Refuses a nested group that looks at variables of the group around it: SPARQL would not let it."""
        outside = frozenset().union(*map(variables_of, body.filters)) - body.variables() - self.given
        if outside:
            raise OutsideFragment(
                f"a FILTER in a nested group on {min(map(str, outside))}, which the group does not bind"
            )
        return body

    def bind(self, part: CompValue, before: _Body) -> _Body:
        variable = Var(str(part["var"]))
        known = before.variables() | self.given
        if variable in known:
            raise OutsideFragment(f"BIND on {variable}, which is bound already")
        expression = self.expressions.translate(part["expr"])
        unknown = variables_of(expression) - known
        if unknown:
            raise OutsideFragment(f"BIND on {variable} from {min(map(str, unknown))}, which nothing before it binds")
        return _Body(binds=(Bind(variable, expression),))

    def filter(self, expression: Any) -> list[_Body]:
        bare = _unwrapped(expression)
        negated = False
        while isinstance(bare, CompValue) and bare.name == "UnaryNot":
            inner = _unwrapped(bare["expr"])
            if not (isinstance(inner, CompValue) and inner.name in ("Builtin_EXISTS", "Builtin_NOTEXISTS", "UnaryNot")):
                break
            bare, negated = inner, not negated
        if isinstance(bare, CompValue) and bare.name in ("Builtin_EXISTS", "Builtin_NOTEXISTS"):
            if (bare.name == "Builtin_EXISTS") != negated:
                return [self.present(body) for body in self.group(bare["graph"])]
            return [_Body(absences=tuple(self.absent(body) for body in self.group(bare["graph"])))]
        return [_Body(filters=tuple(_conjuncts(self.expressions.translate(expression))))]

    def present(self, body: _Body) -> _Body:
        if body.binds or body.absences or body.rows:
            raise OutsideFragment("BIND, NOT EXISTS or a sub-SELECT inside EXISTS")
        return body

    def absent(self, body: _Body) -> Absence:
        if body.binds or body.absences or body.rows:
            raise OutsideFragment("BIND, NOT EXISTS or a sub-SELECT inside NOT EXISTS")
        if not body.atoms:
            raise OutsideFragment("NOT EXISTS without a triple pattern")
        return Absence(body.atoms, body.filters)

    def atoms(self, triples: Iterable[Any]) -> Iterator[Atom]:
        for s, p, o in _threes(triples):
            yield from self.path(self.slot(s), p, self.slot(o))

    def path(self, s: Slot, path: Any, o: Slot) -> Iterator[Atom]:
        """The atoms of a path made of `/` and `^`."""
        if not isinstance(path, CompValue) or path.name in ("pname", "literal"):
            yield Atom(s, self.slot(path), o)
            return
        if "mod" in path:
            raise OutsideFragment(f"a property path with {path['mod']}")
        parts = path["part"]
        parts = [parts] if isinstance(parts, CompValue | URIRef) else list(parts)
        if path.name == "PathEltOrInverse":
            yield from self.path(o, parts[0], s)
        elif path.name == "PathSequence":
            ends = [s, *(self.new_variable() for _ in parts[1:]), o]
            for step, part in enumerate(parts):
                yield from self.path(ends[step], part, ends[step + 1])
        elif path.name in ("PathAlternative", "PathElt", "PathPrimary") and len(parts) == 1:
            yield from self.path(s, parts[0], o)
        else:
            raise OutsideFragment(
                "a property path with |" if path.name == "PathAlternative" else "a negated property set"
            )

    def slot(self, part: Any) -> Slot:
        if isinstance(part, BNode):
            if part not in self.nodes:
                self.nodes[part] = self.new_variable()
            return self.nodes[part]
        if isinstance(part, Variable):
            return Var(str(part))
        term = self.resolve(part)
        if not isinstance(term, URIRef | Literal):
            raise OutsideFragment(f"{part!r}")
        return term

    def new_variable(self) -> Var:
        self.fresh += 1
        return Var(f"_{self.fresh}")

    def resolve(self, part: Any) -> Any:
        """Prefixed names, relative IRIs and literals as terms."""
        if isinstance(part, CompValue) and part.name == "pname":
            return self.names.name(_field(part, "prefix", ""), _field(part, "localname", ""))
        if isinstance(part, CompValue) and part.name == "literal":
            datatype = self.resolve(_field(part, "datatype", None))
            return Literal(str(part["string"]), lang=_field(part, "lang", None), datatype=datatype)
        if isinstance(part, URIRef):
            return self.names.iri(part)
        return part

    @property
    def expressions(self) -> Expressions:
        return Expressions(self.resolve)


def _conjuncts(expression: Expr) -> Iterator[Expr]:
    # an error is false, so a conjunction is true exactly when each of its parts is
    if getattr(expression, "op", None) == "&&":
        for part in expression.args:  # type: ignore[union-attr]  # only Call has op
            yield from _conjuncts(part)
    else:
        yield expression


_WRAPPERS = frozenset(
    f"{level}Expression" for level in ("ConditionalOr", "ConditionalAnd", "Relational", "Additive", "Multiplicative")
)


def _unwrapped(node: Any) -> Any:
    """The expression without the levels of the grammar that hold nothing but it."""
    while isinstance(node, CompValue) and node.name in _WRAPPERS and set(node) == {"expr"}:
        node = node["expr"]
    return node


def _threes(blocks: Iterable[Any]) -> Iterator[tuple[Any, Any, Any]]:
    for block in blocks:
        parts = list(block)
        for start in range(0, len(parts), 3):
            yield parts[start], parts[start + 1], parts[start + 2]
