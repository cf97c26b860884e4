"""Rules written as SPARQL CONSTRUCT in SHACL documents (`sh:SPARQLRule`), in the form of the rule IR.

Understood in WHERE: triple patterns, property paths made of `/` and `^`, nested groups, UNION, BIND, FILTER with the
operators of `reasoner.rules.operators`, FILTER EXISTS and FILTER NOT EXISTS. Everything else is refused by name, never
ignored. Source: SHACL Advanced Features 8.3, SPARQL 1.1 sections 16.2, 17, 18.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field, replace
from itertools import product
from typing import Any
from urllib.parse import urljoin

from pyparsing.exceptions import ParseBaseException
from rdflib import BNode, Graph, Literal, URIRef
from rdflib.namespace import OWL, RDF, RDFS, SH, XSD
from rdflib.plugins.sparql.parser import parseQuery
from rdflib.plugins.sparql.parserutils import CompValue
from rdflib.term import Variable

from kg.errors import RuleRefused
from ontology import ISA95, PACK, TW, UA
from reasoner.rules.expressions import Expressions, OutsideFragment
from reasoner.rules.ir import Absence, Atom, Bind, Expr, Rule, Slot, Var, renamed, variables_of

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


def read_rules(document: Graph) -> tuple[Rule, ...]:
    """The rules of a document, in the order of their IRIs; deactivated ones are left out.

    Raises RuleRefused naming the rule and the construct.
    """
    bound = {prefix: str(ns) for prefix, ns in document.namespaces()}
    rules: list[Rule] = []
    for node in sorted(document.subjects(RDF.type, SH.SPARQLRule), key=str):
        if not isinstance(node, URIRef):
            raise RuleRefused("A sh:SPARQLRule without an IRI can't be named in a proof.", rule=str(node))
        if _flag(document, node, SH.deactivated):
            continue
        if (node, SH.condition, None) in document:
            raise RuleRefused(f"Rule {node}: sh:condition is not understood; put it into the WHERE.", rule=str(node))
        texts = list(document.objects(node, SH.construct))
        if len(texts) != 1 or not isinstance(texts[0], Literal):
            raise RuleRefused(f"Rule {node} needs exactly one sh:construct; it has {len(texts)}.", rule=str(node))
        prefixes = STANDARD_PREFIXES | bound | _declared(document, node)
        order = _order(document, node)
        rules += [replace(rule, order=order) for rule in parse_construct(str(node), str(texts[0]), prefixes)]
    return tuple(rules)


def parse_construct(name: str, text: str, prefixes: dict[str, str] | None = None) -> tuple[Rule, ...]:
    """The rules of one CONSTRUCT query: one for each triple of its template and each alternative of its WHERE."""
    try:
        prologue, query = parseQuery(text)
    except ParseBaseException as error:
        raise RuleRefused(f"Rule {name} does not parse: {error}", rule=name, text=text) from None
    try:
        names = _prologue(prologue, STANDARD_PREFIXES if prefixes is None else prefixes)
        return tuple(_Reader(names).rules(name, query))
    except OutsideFragment as outside:
        raise RuleRefused(
            f"Rule {name} uses {outside}, which rules may not.", rule=name, construct=str(outside)
        ) from None


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

    def __add__(self, other: _Body) -> _Body:
        return _Body(
            self.atoms + other.atoms,
            self.filters + other.filters,
            self.binds + other.binds,
            self.absences + other.absences,
        )

    def variables(self) -> frozenset[Var]:
        """Those that the body binds."""
        return frozenset().union(*(a.variables() for a in self.atoms)) | {bind.var for bind in self.binds}


@dataclass(slots=True)
class _Reader:
    """Walks one parse tree."""

    names: _Names
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
        heads = [self.head(triple) for triple in _threes(query["template"])]
        for body in self.group(query["where"]):
            for head in heads:
                yield Rule(name, head, body.atoms, body.filters, body.binds, body.absences)

    def head(self, triple: tuple[Any, Any, Any]) -> Atom:
        if any(isinstance(part, BNode) for part in triple):
            raise OutsideFragment("a blank node in the CONSTRUCT template")
        return Atom(*(self.slot(part) for part in triple))

    def group(self, group: CompValue) -> list[_Body]:
        """The alternatives of a group; more than one where it holds a UNION."""
        if group.name == "SubSelect":
            raise OutsideFragment("a sub-SELECT")
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
            alternatives = [a + self.renamed(b, a.variables()) for a, b in product(alternatives, new)]
        return alternatives

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

    def part(self, part: CompValue) -> list[_Body]:
        if part.name == "TriplesBlock":
            return [_Body(tuple(self.atoms(part["triples"])))]
        if part.name == "GroupOrUnionGraphPattern":
            return [self.closed(body) for graph in part["graph"] for body in self.group(graph)]
        raise OutsideFragment(_PATTERNS.get(part.name, part.name))

    def closed(self, body: _Body) -> _Body:
        """Refuses a nested group that looks at variables of the group around it: SPARQL would not let it."""
        outside = frozenset().union(*map(variables_of, body.filters)) - body.variables()
        if outside:
            raise OutsideFragment(
                f"a FILTER in a nested group on {min(map(str, outside))}, which the group does not bind"
            )
        return body

    def bind(self, part: CompValue, before: _Body) -> _Body:
        variable = Var(str(part["var"]))
        if variable in before.variables():
            raise OutsideFragment(f"BIND on {variable}, which is bound already")
        expression = self.expressions.translate(part["expr"])
        unknown = variables_of(expression) - before.variables()
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
        if body.binds or body.absences:
            raise OutsideFragment("BIND or NOT EXISTS inside EXISTS")
        return body

    def absent(self, body: _Body) -> Absence:
        if body.binds or body.absences:
            raise OutsideFragment("BIND or NOT EXISTS inside NOT EXISTS")
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


def _declared(document: Graph, rule: URIRef) -> dict[str, str]:
    prefixes: dict[str, str] = {}
    for owner in document.objects(rule, SH.prefixes):
        for declaration in document.objects(owner, SH.declare):
            prefix, namespace = document.value(declaration, SH.prefix), document.value(declaration, SH.namespace)
            if prefix is None or namespace is None:
                raise RuleRefused(f"Rule {rule}: a sh:declare of {owner} lacks prefix or namespace.", rule=str(rule))
            prefixes[str(prefix)] = str(namespace)
    return prefixes


def _flag(document: Graph, node: URIRef, predicate: URIRef) -> bool:
    return any(isinstance(value, Literal) and value.value is True for value in document.objects(node, predicate))


def _order(document: Graph, node: URIRef) -> float:
    value = document.value(node, SH.order)
    if value is None:
        return 0.0
    if not isinstance(value, Literal) or isinstance(value.value, bool):
        raise RuleRefused(f"Rule {node}: sh:order must be a number; it is {value!r}.", rule=str(node))
    try:
        return float(value)
    except ValueError:
        raise RuleRefused(f"Rule {node}: sh:order must be a number; it is {value!r}.", rule=str(node)) from None
