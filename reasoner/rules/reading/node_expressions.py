"""Node expressions of `sh:TripleRule` as slots of a head and parts of a body. Source: SHACL-AF 5.

Understood: the focus node `sh:this`, constants, `[ sh:path PATH ]` and `[ sh:path PATH ; sh:nodes EXPRESSION ]` with
sequence, inverse and alternative paths, and `sh:union`. Everything else is refused by name.
"""

from __future__ import annotations

from rdflib import BNode, Graph, Literal, URIRef
from rdflib.namespace import RDF, SH
from rdflib.term import Node as RdfNode

from reasoner.rules.ir import Atom, Bind, Const, Ref, Slot, Var
from reasoner.rules.reading.foci import THIS
from reasoner.rules.reading.parts import Names, Parts
from reasoner.shacl.parse_paths import IllFormed, read_list, read_path

_DEEPEST = 20


def triple_rule(document: Graph, rule: RdfNode, names: Names) -> tuple[Atom, list[Parts]]:
    """The head of a sh:TripleRule and the alternatives that bind its variables. Raises RuleRefused."""
    reader = _Expressions(document, names)
    predicate = reader.only(rule, SH.predicate)
    if not isinstance(predicate, URIRef) or predicate == SH.this:
        raise names.refused(f"sh:predicate {predicate.n3()} is no IRI; what a rule derives must be known")
    subject, of_subject = reader.slot(reader.only(rule, SH.subject), Var("subject"))
    value, of_object = reader.slot(reader.only(rule, SH.object), Var("object"))
    return Atom(subject, predicate, value), names.both(of_subject, of_object)


class _Expressions:
    """Reads the expressions of one rule."""

    def __init__(self, document: Graph, names: Names) -> None:
        self._document = document
        self._names = names

    def only(self, node: RdfNode, predicate: URIRef) -> RdfNode:
        found = list(self._document.objects(node, predicate))
        if len(found) != 1:
            short = f"sh:{str(predicate).removeprefix(str(SH))}"
            raise self._names.refused(f"it needs exactly one {short}; it has {len(found)}", construct=short)
        return found[0]

    def slot(self, expression: RdfNode, name: Var) -> tuple[Slot, list[Parts]]:
        """Where the value stands, and what binds it."""
        if expression == SH.this:
            return THIS, [Parts()]
        if isinstance(expression, URIRef | Literal):
            return expression, [Parts()]
        return name, self._bodies(expression, name, _DEEPEST)

    def _bodies(self, expression: RdfNode, end: Var, depth: int) -> list[Parts]:
        """The alternatives by which the variable is one of the expression's nodes."""
        if depth == 0:
            raise self._names.refused(f"its node expressions are nested more than {_DEEPEST} deep")
        if isinstance(expression, URIRef | Literal):
            return [Parts(binds=(Bind(end, Const(expression)),))]
        try:
            return self._of_blank(expression, end, depth - 1)
        except IllFormed as error:
            raise self._names.refused(str(error)) from None

    def _of_blank(self, expression: RdfNode, end: Var, depth: int) -> list[Parts]:
        kinds = {p for p in self._document.predicates(expression) if p != RDF.type}
        match sorted(str(kind).removeprefix(str(SH)) for kind in kinds):
            case ["path"]:
                return self._path(expression, SH.this, end, depth)
            case ["nodes", "path"]:
                return self._path(expression, self.only(expression, SH.nodes), end, depth)
            case ["union"]:
                members = read_list(self._document, self.only(expression, SH.union))
                found = [body for member in members for body in self._member(member, end, depth)]
                return self._names.bounded(found)
            case found:
                construct = ", ".join(f"sh:{name}" if ":" not in name else name for name in found) or "[ ]"
                raise self._names.refused(
                    f"the node expression with {construct} is not understood", construct=construct
                )

    def _path(self, expression: RdfNode, nodes: RdfNode, end: Var, depth: int) -> list[Parts]:
        path = read_path(self._document, self.only(expression, SH.path))
        if nodes == SH.this:
            return [Parts(atoms) for atoms in self._names.along(path, THIS, end)]
        if isinstance(nodes, BNode):
            start: Slot = self._names.fresh()
            before = self._bodies(nodes, start, depth)  # type: ignore[arg-type]  # fresh gives a variable
        else:
            start, before = nodes, [Parts()]  # type: ignore[assignment]  # terms are IRIs, literals or blank nodes
        return self._names.both(before, [Parts(atoms) for atoms in self._names.along(path, start, end)])

    def _member(self, expression: RdfNode, end: Var, depth: int) -> list[Parts]:
        if expression != SH.this:
            return self._bodies(expression, end, depth)
        return [Parts(binds=(Bind(end, Ref(THIS)),))]
