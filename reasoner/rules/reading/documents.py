"""The rules of a SHACL document: `sh:SPARQLRule` by itself, and what shapes carry by `sh:rule`.

A rule of a shape fires for every focus node of the shape that conforms to all its `sh:condition`s, in the least
fixpoint of the stratified set. SHACL-AF has one pass in the order of `sh:order` instead; an order under which the pass
would find something else is refused. Source: SHACL-AF 8.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace

from rdflib import BNode, Graph, Literal, URIRef
from rdflib.namespace import RDF, SH
from rdflib.term import Node as RdfNode

from kg.errors import RuleRefused
from reasoner.rules.ir import Atom, Rule, Var, atoms_of
from reasoner.rules.reading import sparql
from reasoner.rules.reading.conditions import Conditions
from reasoner.rules.reading.foci import THIS, Classes, focus_bodies
from reasoner.rules.reading.node_expressions import triple_rule
from reasoner.rules.reading.parts import Names
from reasoner.rules.strata import RuleSet
from reasoner.shacl.parse import read_shape

KINDS = (SH.SPARQLRule, SH.TripleRule)
"""The classes of rules that are understood."""
_DEEPEST = 50


def read_rules(document: Graph) -> tuple[Rule, ...]:
    """The rules of a document, in the order of their IRIs; deactivated ones are left out.

    Helper rules that a rule needs follow it. Raises RuleRefused naming the rule and the construct, and ShapeRefused for
    a condition that is no well-formed shape.
    """
    return tuple(rule for _, rules in each_rule(document) for rule in rules)


def each_rule(document: Graph, *, also_off: bool = False) -> Iterator[tuple[RdfNode, list[Rule]]]:
    """The nodes that are rules, by IRI, with what each is compiled to; `also_off` for deactivated ones too."""
    reader = _Reader(document, also_off)
    nodes = {*document.objects(None, SH.rule), *(s for kind in KINDS for s in document.subjects(RDF.type, kind))}
    for name, node in sorted((reader.name(node), node) for node in nodes):
        yield node, reader.rules(name, node)


def check_orders(rules: RuleSet, own: Iterable[Rule]) -> None:
    """Refuses a sh:order by which one of `own` would run before a rule whose facts it reads."""
    own = tuple(own)
    if len({rule.order for rule in own}) < 2:
        return
    for rule in own:
        for atom in atoms_of(rule):
            for source in own:
                if source.order > rule.order and _feeds(rules, source, atom):
                    raise RuleRefused(
                        f"Rule {rule.name} has sh:order {rule.order:g} and reads {atom}, which rule {source.name} "
                        f"derives with sh:order {source.order:g}; rules here see all that follows, so give it a lower "
                        f"order or none.",
                        rule=rule.name,
                    )


def _feeds(rules: RuleSet, source: Rule, atom: Atom) -> bool:
    wanted, given = rules.key(atom), rules.key(source.head)
    if wanted is None or given is None or wanted.predicate != given.predicate:
        return False
    return wanted.cls is None or given.cls is None or wanted.cls == given.cls


@dataclass(frozen=True, slots=True)
class _Reader:
    """Reads the rules of one document."""

    document: Graph
    also_off: bool

    def name(self, node: RdfNode) -> str:
        """The rule's IRI; for a rule without one that of its shape, with a digest of what it says."""
        if isinstance(node, URIRef):
            return str(node)
        shapes = sorted(shape for shape in self.document.subjects(SH.rule, node) if isinstance(shape, URIRef))
        if not shapes:
            raise RuleRefused("A rule and a shape both without an IRI can't be named in a proof.", rule=str(node))
        said = _said(self.document, node, _DEEPEST)
        return f"{shapes[0]}.rule-{hashlib.sha256(said.encode()).hexdigest()[:8]}"

    def rules(self, name: str, node: RdfNode) -> list[Rule]:
        if is_off(self.document, node) and not self.also_off:
            return []
        kinds = [kind for kind in KINDS if (node, RDF.type, kind) in self.document]
        if len(kinds) != 1:
            raise RuleRefused(f"Rule {name} must be one of sh:SPARQLRule and sh:TripleRule.", rule=name)
        carriers = sorted(self.document.subjects(SH.rule, node), key=str)
        if carriers:
            active = [shape for shape in carriers if self.also_off or not is_off(self.document, shape)]
            return self._of_shapes(name, node, kinds[0], active) if active else []
        if kinds[0] == SH.TripleRule or (node, SH.condition, None) in self.document:
            construct = "sh:TripleRule" if kinds[0] == SH.TripleRule else "sh:condition"
            raise RuleRefused(
                f"Rule {name}: {construct} needs a shape that carries the rule (sh:rule), for its focus nodes.",
                rule=name,
                construct=construct,
            )
        order = _order(self.document, node, name)
        return [replace(rule, order=order) for rule in self._sparql(name, node, frozenset())]

    def _of_shapes(self, name: str, node: RdfNode, kind: RdfNode, shapes: list[RdfNode]) -> list[Rule]:
        names, order = Names(name), _order(self.document, node, name)
        classes = Classes(names, order)
        foci = [body for shape in shapes for body in focus_bodies(self.document, shape, names, classes)]
        conditions = Conditions(names, classes, foci, order)
        bodies = foci
        for condition in sorted(self.document.objects(node, SH.condition), key=lambda found: found.n3()):
            bodies = names.both(bodies, conditions.conforming(read_shape(self.document, condition), THIS))
        if kind == SH.TripleRule:
            head, values = triple_rule(self.document, node, names)
            rules = [Rule(name, head, ())]
            bodies = names.both(bodies, values)
        else:
            rules = list(self._sparql(name, node, frozenset((THIS,))))
        if not bodies:
            raise names.refused("its targets and conditions never hold together, so it could never fire")
        fired = [replace(body.before(rule), order=order) for body in bodies for rule in rules]
        return [*fired, *classes.rules, *conditions.rules]

    def _sparql(self, name: str, node: RdfNode, given: frozenset[Var]) -> tuple[Rule, ...]:
        texts = list(self.document.objects(node, SH.construct))
        if len(texts) != 1 or not isinstance(texts[0], Literal):
            raise RuleRefused(f"Rule {name} needs exactly one sh:construct; it has {len(texts)}.", rule=name)
        bound = {prefix: str(namespace) for prefix, namespace in self.document.namespaces()}
        prefixes = sparql.STANDARD_PREFIXES | bound | _declared(self.document, node, name)
        if not given:
            return sparql.parse_construct(name, str(texts[0]), prefixes)
        return sparql.parse_construct(name, str(texts[0]), prefixes, given=given)


def _said(document: Graph, node: RdfNode, depth: int) -> str:
    """What a blank node says, the same whatever it is called."""
    if not isinstance(node, BNode) or depth == 0:
        return node.n3() if not isinstance(node, BNode) else "..."
    parts = (f"{p.n3()} {_said(document, o, depth - 1)}" for p, o in document.predicate_objects(node))
    return f"[{' ; '.join(sorted(parts))}]"


def _declared(document: Graph, rule: RdfNode, name: str) -> dict[str, str]:
    prefixes: dict[str, str] = {}
    for owner in document.objects(rule, SH.prefixes):
        for declaration in document.objects(owner, SH.declare):
            prefix, namespace = document.value(declaration, SH.prefix), document.value(declaration, SH.namespace)
            if prefix is None or namespace is None:
                raise RuleRefused(f"Rule {name}: a sh:declare of {owner} lacks prefix or namespace.", rule=name)
            prefixes[str(prefix)] = str(namespace)
    return prefixes


def is_off(document: Graph, node: RdfNode) -> bool:
    """True where the node is deactivated."""
    return any(isinstance(value, Literal) and value.value is True for value in document.objects(node, SH.deactivated))


def _order(document: Graph, node: RdfNode, name: str) -> float:
    value = document.value(node, SH.order)
    if value is None:
        return 0.0
    if isinstance(value, Literal) and not isinstance(value.value, bool):
        try:
            return float(value)
        except ValueError:
            pass
    raise RuleRefused(f"Rule {name}: sh:order must be a number; it is {value!r}.", rule=name)
