"""The parts of a rule as SPARQL, in the style of our own rule documents."""

from __future__ import annotations

from collections.abc import Iterator

from reasoner.rules.ir import Absence, Atom, Bind, Expr
from reasoner.rules.text.expressions import SPARQL, ExpressionWriter
from reasoner.rules.text.parts import Counted, Filter, Item, Present, RuleText
from reasoner.rules.text.terms import TermWriter


class SparqlWriter:
    """Writes CONSTRUCT queries that declare the prefixes they use."""

    def __init__(self, prefixes: dict[str, str]) -> None:
        self._prefixes = prefixes
        self._start()

    def construct(self, rule: RuleText) -> str:
        """The query of one rule."""
        self._start()
        heads = " . ".join(map(self._atom, rule.heads))
        lines = [f"CONSTRUCT {{ {heads} }}", *self._where(rule.alternatives)]
        used = [f"PREFIX {prefix}: <{namespace}>" for prefix, namespace in sorted(self._terms.used.items())]
        return "\n".join([*used, *lines])

    def _start(self) -> None:
        self._terms = TermWriter(self._prefixes, signed=False)
        self._expressions = ExpressionWriter(self._terms, SPARQL)

    def _where(self, alternatives: tuple[tuple[Item, ...], ...]) -> Iterator[str]:
        if not alternatives:
            yield "WHERE { }"
        elif len(alternatives) == 1:
            yield "WHERE {"
            yield from (f"  {self._item(item)}" for item in alternatives[0])
            yield "}"
        else:
            yield "WHERE {"
            for index, alternative in enumerate(alternatives):
                yield f"  {'} UNION {' if index else '{'}"
                yield from (f"    {self._item(item)}" for item in alternative)
            yield "  }"
            yield "}"

    def _item(self, item: Item) -> str:
        match item:
            case Atom():
                return f"{self._atom(item)} ."
            case Bind(var=var, expr=expr):
                return f"BIND ({self._expressions.text(expr)} AS {var})"
            case Filter(expr=expr):
                return f"FILTER ({self._expressions.text(expr)})"
            case Absence(atoms=atoms, filters=filters):
                return f"FILTER NOT EXISTS {self._block(atoms, filters)}"
            case Counted():
                return self._select(item)
            case Present(atoms=atoms, filters=filters):
                return f"FILTER EXISTS {self._block(atoms, filters)}"

    def _select(self, look: Counted) -> str:
        """The groups as a sub-SELECT."""
        chosen = [str(key.var) for key in look.keys if key.is_open]
        chosen += [f"({self._expressions.aggregate(aggregate)} AS {var})" for var, aggregate in look.results]
        blocks = [" ".join(map(self._item, block)) for block in look.blocks]
        where = blocks[0] if len(blocks) == 1 else " UNION ".join(f"{{ {block} }}" for block in blocks)
        by = f" GROUP BY {' '.join(str(key.var) for key in look.keys)}" if look.keys else ""
        return f"{{ SELECT {' '.join(chosen)} WHERE {{ {where} }}{by} }}"

    def _block(self, atoms: tuple[Atom, ...], filters: tuple[Expr, ...]) -> str:
        parts = [" . ".join(map(self._atom, atoms)), *(f"FILTER ({self._expressions.text(expr)})" for expr in filters)]
        return f"{{ {' '.join(part for part in parts if part)} }}"

    def _atom(self, atom: Atom) -> str:
        s, p, o = atom
        return f"{self._terms.slot(s)} {self._terms.slot(p)} {self._terms.slot(o)}"
