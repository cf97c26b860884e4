"""Statements about rules as text for engineers, in the one canonical layout."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Final

from rdflib.namespace import RDF, RDFS

from ontology import TW
from reasoner.rules.ir import Absence, Atom, Bind, Call, Expr
from reasoner.rules.text.expressions import NOT, OR, TEXT, ExpressionWriter
from reasoner.rules.text.parts import (
    Counted,
    Filter,
    Item,
    Nested,
    Pair,
    Present,
    RuleText,
    Statement,
    Value,
    membership,
)
from reasoner.rules.text.terms import TermWriter

_WIDTH: Final = 110
_JOIN: Final = "\n     and "
_OUTDENT: Final = "\n          "
_BARE: Final = {RDFS.comment: "comment", RDFS.label: "label", RDF.type: "a"}


class TextWriter:
    """Writes statements and notes the prefixes that they use."""

    def __init__(self, prefixes: Mapping[str, str]) -> None:
        self._terms = TermWriter(prefixes, signed=True)
        self._expressions = ExpressionWriter(self._terms, TEXT)

    def document(self, statements: Iterable[Statement]) -> str:
        """The whole text. Equal statements with equal prefixes give equal texts."""
        blocks = ["\n".join(self._statement(statement)) for statement in statements]
        used = [f"prefix {prefix}: <{namespace}>" for prefix, namespace in sorted(self._terms.used.items())]
        return "\n\n".join((["\n".join(used)] if used else []) + blocks) + "\n"

    def _statement(self, statement: Statement) -> Iterator[str]:
        opening = f"{'about' if statement.rule is None else 'rule'} {self._terms.iri(statement.iri)}"
        if statement.types:
            opening += f" a {', '.join(map(self._terms.iri, statement.types))}"
        if statement.label is not None:
            opening += f" {self._terms.term(statement.label)}"
        yield f"{opening}:"
        if statement.rule is not None:
            yield from self._rule(statement.rule)
        for pair in statement.pairs:
            yield f"  with {self._pair(pair, ',' + chr(10) + '    ')}"

    def _rule(self, rule: RuleText) -> Iterator[str]:
        if rule.off:
            yield "  off"
        if rule.order is not None:
            yield f"  order {self._terms.term(rule.order)}"
        for index, alternative in enumerate(rule.alternatives):
            yield f"  {'or if' if index else 'if'} {_JOIN.join(map(self._item, alternative))}"
        yield f"  then {_JOIN.join(map(self._atom, rule.heads))}"

    def _pair(self, pair: Pair, separator: str) -> str:
        key = _BARE.get(pair.key) or (
            str(pair.key).removeprefix(str(TW._NS)) if pair.key in TW else self._terms.iri(pair.key)
        )
        values = [self._value(value) for value in pair.values]
        line = f"{key} = {', '.join(values)}"
        return line if len(values) < 2 or len(line) <= _WIDTH else f"{key} = {separator.join(values)}"

    def _value(self, value: Value) -> str:
        if isinstance(value, Nested):
            return f"[ {' ; '.join(self._pair(pair, ', ') for pair in value.pairs)} ]"
        return self._terms.term(value)

    # the parts of a body

    def _item(self, item: Item) -> str:
        match item:
            case Atom():
                return self._atom(item)
            case Bind(var=var, expr=expr):
                return f"let {var} = {self._expressions.text(expr, NOT)}"
            case Filter(expr=expr):
                return self._filter(expr)
            case Absence(atoms=atoms, filters=filters):
                return self._block("not", atoms, filters)
            case Counted():
                return self._counted(item)
            case Present(atoms=atoms, filters=filters):
                return self._block("exists", atoms, filters)

    def _counted(self, look: Counted) -> str:
        results = [f"{var} = {self._expressions.aggregate(aggregate)}" for var, aggregate in look.results]
        keys = [f"{'' if key.is_open else 'any '}{key.var}" for key in look.keys]
        opening = [f"let {', '.join(results)}"] if results else []
        opening += [f"for each {', '.join(keys)}"] if keys else []
        told = " ".join(opening)
        blocks = [list(map(self._item, block)) for block in look.blocks]
        blocked = " or ".join(f"{{ {' and '.join(block)} }}" for block in blocks)
        line = f"{told} in {blocked}"
        if len(line) <= _WIDTH:
            return line
        return f"{told}{_OUTDENT}in {f'{_OUTDENT}or '.join(map(_wrapped, blocks))}"

    def _filter(self, expr: Expr) -> str:
        line = self._expressions.text(expr, NOT)
        if len(line) <= _WIDTH or not isinstance(expr, Call) or expr.op != "||" or membership(expr):
            return line
        parts = [self._expressions.text(arg, OR + 1) for arg in expr.args]
        return f"({f'{_OUTDENT}or '.join(parts)})"

    def _block(self, word: str, atoms: tuple[Atom, ...], filters: tuple[Expr, ...]) -> str:
        parts = [*map(self._atom, atoms), *(self._expressions.text(expr, NOT) for expr in filters)]
        line = f"{word} {{ {' and '.join(parts)} }}"
        if len(line) <= _WIDTH:
            return line
        return f"{word} {{ {f'{_OUTDENT}and '.join(parts)} }}"

    def _atom(self, atom: Atom) -> str:
        s, p, o = atom
        return f"{self._terms.slot(s)} {'a' if p == RDF.type else self._terms.slot(p)} {self._terms.slot(o)}"


def _wrapped(block: list[str]) -> str:
    line = f"{{ {' and '.join(block)} }}"
    return line if len(line) <= _WIDTH else f"{{ {f'{_OUTDENT}     and '.join(block)} }}"
