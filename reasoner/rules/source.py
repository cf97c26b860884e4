"""Python source for the joins of a rule, so that no rule is interpreted while readings flow.

Each function is a nest of loops over index look-ups in the order of `reasoner.rules.order`. Constants are parameters
of a maker around the function; rules of one shape, such as the thousand subclass rules of an ontology, share one code
object.

What a function is given: `view` to look things up in, `meter` to count steps. One step is one match looked at. Rows of
groups come from their tables.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from kg.errors import RuleRefused
from kg.terms import Node
from reasoner.rules import nodes as runtime
from reasoner.rules.expression_source import ExpressionSource
from reasoner.rules.groups import Table
from reasoner.rules.ir import Absence, Atom, Bind, Body, Constant, Expr, Grouping, Row, Rule, Var, variables_of
from reasoner.rules.nodes import Nodes
from reasoner.rules.operators import truth
from reasoner.rules.order import SCAN, Filter, Step, arranged, cost, inside
from reasoner.rules.values import to_term

_GLOBALS: dict[str, Any] = {
    "HOLDS": runtime.holds,
    "BOUND": runtime.bound_or_none,
    "AND": runtime.both,
    "OR": runtime.either,
    "FIRST": runtime.first,
    "TRUTH": truth,
    "TO_TERM": to_term,
    "float": float,
    "None": None,
}
_makers: dict[str, Callable[..., Callable[..., Any]]] = {}
_DEEPEST = 18


class BodyWriter:
    """What writing the functions of a body needs."""

    def __init__(
        self,
        name: str,
        body: Body,
        nodes: Nodes,
        node_of: Callable[[Constant], Node],
        tables: Mapping[Grouping, Table] | None = None,
    ) -> None:
        self.name = name
        """Of the rule, for messages."""
        self.nodes = nodes
        self.node_of = node_of
        self.joined = body.joined_variables()
        self._tables = tables or {}

    def table(self, row: Row) -> Table:
        return self._tables[row.grouping]


class Writer(BodyWriter):
    """Writes and compiles the functions of one rule."""

    def __init__(
        self,
        rule: Rule,
        nodes: Nodes,
        node_of: Callable[[Constant], Node],
        tables: Mapping[Grouping, Table],
    ) -> None:
        super().__init__(rule.name, rule, nodes, node_of, tables)
        self.rule = rule

    def fire(self, index: int, relevant: Callable[[Atom], bool]) -> Callable[..., None]:
        """f(s, p, o, view, out, meter): heads that the body gives with this triple as atom `index`, into `out`."""
        return self._on_triple(self.rule.body[index], index, relevant, absences=True)

    def nominate(self, index: int) -> Callable[..., None]:
        """Like `fire`, but without looking at absences: heads that may have lost a derivation."""
        return self._on_triple(self.rule.body[index], index, None, absences=False)

    def fire_absent(self, absence: Absence, atom: Atom, relevant: Callable[[Atom], bool]) -> Callable[..., None]:
        """Like `fire`, for a triple that no longer stands in the way as this atom of an absence."""
        return self._on_triple(atom, None, relevant, absences=True, within=absence)

    def nominate_absent(self, absence: Absence, atom: Atom) -> Callable[..., None]:
        """Like `nominate`, for a triple that now stands in the way."""
        return self._on_triple(atom, None, None, absences=False, within=absence)

    def fire_row(self, index: int, relevant: Callable[[Atom], bool]) -> Callable[..., None]:
        """f(row, None, None, view, out, meter): like `fire`, for a row of a group."""
        return self._on_row(index, relevant, absences=True)

    def nominate_row(self, index: int) -> Callable[..., None]:
        """Like `nominate`, for a row of a group that has gone."""
        return self._on_row(index, None, absences=False)

    def seed(self, relevant: Callable[[Atom], bool]) -> Callable[..., None]:
        """f(view, out, meter): all heads that the body gives."""
        code = Code(self, "view, out, meter", relevant)
        code.steps(arranged(self.rule, frozenset()), self._emit_head(code))
        return code.compiled()

    def check(self, relevant: Callable[[Atom], bool]) -> Callable[..., Any]:
        """f(s, o, view, meter, older): premises that `older` accepts and that give this head, or None."""
        head = self.rule.head
        code = Code(self, "s, o, view, meter, older", relevant, ordered=True)
        code.match(head, ("s", None, "o"), local=True)
        code.steps(arranged(self.rule, code.bound), code.emit_proof)
        return code.compiled()

    def _on_triple(
        self,
        atom: Atom,
        index: int | None,
        relevant: Callable[[Atom], bool] | None,
        *,
        absences: bool,
        within: Absence | None = None,
    ) -> Callable[..., None]:
        code = Code(self, "s, p, o, view, out, meter", relevant, either=not absences)
        code.match(atom, ("s", "p", "o"), local=within is not None)
        if within is not None:
            code.test_ready(within)
            code.bound &= self.rule.bound_variables()
        code.steps(arranged(self.rule, code.bound, skip=index, absences=absences), self._emit_head(code))
        return code.compiled()

    def _on_row(self, index: int, relevant: Callable[[Atom], bool] | None, *, absences: bool) -> Callable[..., None]:
        code = Code(self, "row, p, o, view, out, meter", relevant, either=not absences)
        code.match_row(self.rule.rows[index], "row")
        code.steps(arranged(self.rule, code.bound, skip_row=index, absences=absences), self._emit_head(code))
        return code.compiled()

    def _emit_head(self, code: Code) -> Callable[[], None]:
        head = self.rule.head
        tested = isinstance(head.s, Var) and not any(atom.s == head.s for atom in self.rule.body)
        return lambda: code.emit_head(head, tested=tested)


class Code(ExpressionSource):
    """One function being written: lines, constants, and which variables are bound."""

    def __init__(
        self,
        writer: BodyWriter,
        parameters: str,
        relevant: Callable[[Atom], bool] | None,
        *,
        ordered: bool = False,
        either: bool = False,
    ) -> None:
        """With `either` rows of groups are looked for as they are and as they were."""
        super().__init__(writer.nodes, writer.node_of)
        self.writer = writer
        self.relevant = relevant
        self.ordered = ordered
        self.either = either
        self.bound: frozenset[Var] = frozenset()
        self._parameters = parameters
        self._lines: list[str] = []
        self._helpers: list[str] = []
        self._depth = 2
        self._loops = 0
        self._premises: list[str] = []

    # lines and names

    def line(self, text: str) -> None:
        self._lines.append("    " * self._depth + text)

    def enter(self, text: str) -> None:
        self.line(text)
        self._depth += 1

    def loop(self, text: str) -> None:
        self._loops += 1
        if self._loops > _DEEPEST:
            name = self.writer.name
            raise RuleRefused(f"Rule {name} joins more than {_DEEPEST} patterns; split it.", rule=name)
        self.enter(text)
        self.line("n += 1")
        self.line("if n > left: meter.over(n, RULE)")

    # matching

    def match(self, atom: Atom, given: tuple[str | None, str | None, str | None], *, local: bool = False) -> None:
        """Bind the variables of an atom to a triple that is given, testing constants and repetitions."""
        for slot, text in zip(atom, given, strict=True):
            if text is None:
                continue
            if not isinstance(slot, Var):
                self.enter(f"if {text} == {self.source(slot)}:")
            elif slot in self.bound:
                self.enter(f"if {text} == {self.name(slot)}:")
            else:
                self.line(f"{self.name(slot)} = {text}")
                self.bound |= {slot}
        if isinstance(atom.p, Var) and given[1] is not None:
            self.enter(f"if not view.own({given[1]}, {given[2]}):")
        if not local:
            self._premise(atom)

    def test_ready(self, absence: Absence) -> None:
        """Test the filters of an absence that speak of nothing but the triple just matched."""
        for expr in absence.filters:
            if variables_of(expr) <= self.bound:
                self.filter(expr)

    def steps(self, steps: Sequence[Step], emit: Callable[[], None]) -> None:
        for step in steps:
            if isinstance(step, Atom):
                self.atom(step)
            elif isinstance(step, Bind):
                self.bind(step)
            elif isinstance(step, Filter):
                self.filter(step.expr)
            elif isinstance(step, Row):
                self.row(step)
            else:
                self.absence(step)
        emit()

    def atom(self, atom: Atom, *, local: bool = False) -> None:
        if isinstance(atom.p, Var):
            self._wild(atom)
        else:
            self._look_up(atom, self.source(atom.p))
        if not local:
            self._premise(atom)

    def _look_up(self, atom: Atom, p: str) -> None:
        """One look-up with a known predicate."""
        known_s = not isinstance(atom.s, Var) or atom.s in self.bound
        known_o = not isinstance(atom.o, Var) or atom.o in self.bound
        if known_s and known_o:
            self.line("n += 1")
            self.enter(f"if view.has({self.source(atom.s)}, {p}, {self.source(atom.o)}):")
        elif known_s:
            self.loop(f"for {self.source(atom.o)} in view.objects({self.source(atom.s)}, {p}):")
        elif known_o:
            self.loop(f"for {self.source(atom.s)} in view.subjects({p}, {self.source(atom.o)}):")
        elif atom.s == atom.o:
            name = self.source(atom.s)
            self.loop(f"for {name}, o_ in view.pairs({p}):")
            self.enter(f"if {name} == o_:")
        else:
            self.loop(f"for {self.source(atom.s)}, {self.source(atom.o)} in view.pairs({p}):")
        self.bound |= {slot for slot in (atom.s, atom.o) if isinstance(slot, Var)}

    def _wild(self, atom: Atom) -> None:
        """A look-up with a variable predicate, which leaves out what the rule set itself derives."""
        p = self.source(atom.p)
        if atom.p not in self.bound:
            if cost(atom, self.bound) >= SCAN:
                self.loop("for s_, p_, o_ in view.triples():")
                self.match(atom, ("s_", "p_", "o_"), local=True)
                return
            self.loop(f"for {p} in view.predicates({self.source(atom.s)}):")
            self.bound |= atom.variables() & {atom.p}
        self._look_up(atom, p)
        self.enter(f"if not view.own({p}, {self.source(atom.o)}):")

    def _premise(self, atom: Atom) -> None:
        """Remember an atom that may match facts of the same component; in a check, demand that they are older."""
        if self.relevant is None or not self.relevant(atom):
            return
        text = f"({', '.join(self.source(slot) for slot in atom)})"
        self._premises.append(text)
        if self.ordered:
            self.enter(f"if older({text}):")

    def row(self, row: Row) -> None:
        """The rows of a grouping that agree with what is bound."""
        keys = row.key_slots()
        places = tuple(place for place, slot in enumerate(keys) if slot in self.bound)
        values = f"({''.join(f'{self.name(keys[place])}, ' for place in places)})"
        table = self.writer.table(row)
        method: Callable[..., Any]
        if len(places) == len(keys):
            method, arguments = (table.at_either if self.either else table.at), values
        else:
            method, arguments = (table.where_either if self.either else table.where), f"{places!r}, {values}"
        look_up = self.constant(method, ("table", row, len(places) == len(keys)))
        name = f"r{self._loops}"
        self.loop(f"for {name} in {look_up}({arguments}):")
        self.match_row(row, name, known=frozenset(places))

    def match_row(self, row: Row, text: str, *, known: frozenset[int] = frozenset()) -> None:
        """Bind the variables of a row that is given, testing those that are bound; `known` places agree already."""
        for place, slot in enumerate(row.slots):
            if place in known:
                continue
            if slot in self.bound:
                self.enter(f"if {text}[{place}] == {self.name(slot)}:")
                continue
            self.line(f"{self.name(slot)} = {text}[{place}]")
            self.bound |= {slot}
            if slot in self.writer.joined:
                self.enter(f"if {self.name(slot)} is not None:")

    def bind(self, bind: Bind) -> None:
        value = f"BOUND(lambda: {self.node(bind.expr)})"
        if bind.var in self.bound:
            self.enter(f"if {self.name(bind.var)} == {value}:")
            return
        self.line(f"{self.name(bind.var)} = {value}")
        self.bound |= {bind.var}
        if bind.var in self.writer.joined:
            self.enter(f"if {self.name(bind.var)} is not None:")

    def absence(self, absence: Absence) -> None:
        """Go on only where the absence has no match; the search is a function of its own."""
        inner = Code(self.writer, "", None)
        inner.share(self)
        inner.bound = self.bound & absence.variables()
        outer = "".join(f"{name}, " for name in sorted(map(self.name, inner.bound)))
        for step in inside(absence, inner.bound):
            if isinstance(step, Atom):
                inner.atom(step, local=True)
            elif isinstance(step, Filter):
                inner.filter(step.expr)
        inner.line("meter.spent += n")
        inner.line("return True")
        name = f"matches{len(self._helpers)}"
        self._helpers += inner._function(name, f"{outer}view, meter")
        self.enter(f"if not {name}({outer}view, meter):")

    # filters and results

    def filter(self, expr: Expr) -> None:
        self.enter(f"if {self.test(expr)}:")

    def emit_head(self, head: Atom, *, tested: bool) -> None:
        """The head; `tested` where its subject may be a literal."""
        if tested and isinstance(head.s, Var):
            self.enter(f"if not {self.nodes('is_literal')}({self.name(head.s)}):")
        premises = "".join(f"{text}, " for text in self._premises)
        self.line(f"out.append((({', '.join(map(self.source, head))}), ({premises})))")

    def emit_proof(self) -> None:
        self.line("meter.spent += n")
        self.line(f"return ({''.join(f'{text}, ' for text in self._premises)})")

    def _function(self, name: str, parameters: str) -> list[str]:
        opening = [f"    def {name}({parameters}):", "        n = 0", "        left = meter.limit - meter.spent"]
        return [*opening, *self._lines, "        meter.spent += n", ""]

    def compiled(self) -> Callable[..., Any]:
        lines = [*self._helpers, *self._function("f", self._parameters), "    return f"]
        text = f"def make({', '.join(['RULE', *self._constants])}):\n" + "\n".join(lines) + "\n"
        maker = _makers.get(text)
        if maker is None:
            scope = dict(_GLOBALS)
            exec(compile(text, "<rule>", "exec"), scope)  # noqa: S102  # our own source, built from names we chose
            maker = _makers[text] = scope["make"]
        return maker(self.writer.name, *self._constants.values())
