"""The grammar of the text form of rules: a text becomes statements, or a sentence with line and column says why not.

    prefix bot: <https://example.org/bot#>

    rule bot:Overspeed "A machine above its rated speed":
      if ?machine pack:curMachSpeed ?speed
         and ?machine tw:ratedSpeed ?rated
         and ?speed > ?rated * 1.05
         and not { ?machine tw:maintenance true }
      then ?machine a tw:Overspeeding
      with priority = 80

Knows terms and expressions, but not what a rule may do; that is checked when the rule is read as SPARQL.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import reduce
from typing import Any, Final

import pyparsing as pp
from pyparsing.exceptions import ParseBaseException
from rdflib import URIRef
from rdflib.namespace import RDF, XSD

from kg.errors import RuleTextRefused
from reasoner.rules.ir import Atom, Bind, Call, Expr, Slot, Var
from reasoner.rules.text import actions
from reasoner.rules.text.parts import Filter, Key, Nested, Pair, Statement

_HINTS: Final = {
    "or": "Put an `or` inside a condition into parentheses, or write `or if` for another alternative.",
    "&&": "Write `and`.",
    "||": "Write `or`, in parentheses.",
    "!": "Write `not`.",
    "==": "Write `=`.",
    ".": "Join conditions by `and`.",
    ";": "Join conditions by `and`, each with its subject.",
    ",": "Join conditions by `and`; only values after `with` are lists.",
}
_BARE: Final = re.compile(
    r"(?!(?:and|or|if|then|not|exists|let|for|in|with|rule|about|off|order)\b)[A-Za-z_]\w*(?![\w:])"
)
_BARE_HINT: Final = "Variables begin with `?`, names with a prefix such as `bot:`."
_VERB: Final = re.compile(r"\w+[ \t]+[?\"\w]")
_HEADING: Final = re.compile(r"(?:^|\n)[ \t]*rule\b[^\n]*:\s*$")
_THEN: Final = "`and`, `or if` or `then`"
_NOT: Final = "Expected `not`"
"""What pyparsing says where any condition may stand, since `not` is what it tried last."""
_INTERNAL: Final = re.compile(r"\w:\(|\.\.\.|\} \||^Expected [{\[]")


def parse(text: str, standard: Mapping[str, str]) -> tuple[Statement, ...]:
    """The statements of a text; `standard` are the prefixes known without declaration. Raises RuleTextRefused."""
    grammar = _Grammar(standard)
    try:
        found = grammar.document().parse_string(text, parse_all=True)
    except ParseBaseException as error:
        raise _unexpected(text, error) from None
    except actions.Mistake as error:
        raise _refused(text, error.at, error.told, error.told) from None
    except RecursionError:
        raise RuleTextRefused("This text is nested too deeply.", line=1, column=1) from None
    return tuple(found)


def _unexpected(text: str, error: ParseBaseException) -> RuleTextRefused:
    rest = text[error.loc :].lstrip()
    sign = next((sign for sign in _HINTS if rest.startswith(sign)), None)
    word = rest.split(None, 1)[0] if rest else "the end of the text"
    found = sign or (word if len(word) < 40 else word[:40] + "...")
    expected = _expected(error.msg)
    if expected == f"expected {_THEN}" and _HEADING.search(text[: error.loc]):
        expected = "expected `if` or `then`"
    is_term = expected.startswith("expected a ") or (expected == f"expected {_THEN}" and _VERB.match(rest))
    told = _HINTS.get(sign or "") or (_BARE_HINT if is_term and _BARE.match(rest) else None)
    hint = f". {told.rstrip('.')}" if told is not None else ""
    return _refused(text, error.loc, f"{expected}, found {found}{hint}", expected)


def _expected(said: str) -> str:
    """What pyparsing expected, without its own notation."""
    if said.endswith(_NOT) or _INTERNAL.search(said):
        return "expected a condition"
    return said[0].lower() + said[1:]


def _refused(text: str, at: int, told: str, expected: str) -> RuleTextRefused:
    at = len(text) - len(text[at:].lstrip())
    line, column = pp.lineno(at, text), pp.col(at, text)
    return RuleTextRefused(f"Line {line}, column {column}: {told}.", line=line, column=column, expected=expected)


class _Grammar:
    """The grammar with the prefixes of one text."""

    def __init__(self, standard: Mapping[str, str]) -> None:
        self._prefixes = dict(standard)
        self._hidden = 0

    def document(self) -> pp.ParserElement:
        statement = self._rule() | self._about()
        document: pp.ParserElement = (self._prefix() | statement)[...] + pp.StringEnd().set_name(
            "a rule, `about` or `prefix`"
        )
        document.ignore("#" + pp.rest_of_line)
        return document

    # names and terms

    def _prefix(self) -> pp.ParserElement:
        name = pp.Regex(r"(?P<name>[A-Za-z][\w-]*(?:\.[\w-]+)*)?:").set_name("a prefix such as `bot:`")
        iri = pp.Regex(r'<[^<>"{}|^`\\\x00-\x20]*>').set_name("an IRI in angle brackets")

        def declare(found: pp.ParseResults) -> list[Any]:
            self._prefixes[found[0].removesuffix(":")] = found[1][1:-1]
            return []

        return (_word("prefix") - name - iri).set_parse_action(declare)

    def _iri(self) -> pp.ParserElement:
        full = pp.Regex(r'<[^<>"{}|^`\\\x00-\x20]*>')
        short = pp.Regex(r"(?:[A-Za-z][\w-]*(?:\.[\w-]+)*)?:(?:[A-Za-z0-9_](?:[A-Za-z0-9_.-]*[A-Za-z0-9_-])?)?")

        def resolve(text: str, at: int, found: pp.ParseResults) -> URIRef:
            if found[0].startswith("<"):
                if ":" not in found[0]:
                    raise actions.Mistake(at, f"the IRI {found[0]} is relative; write it in full")
                return URIRef(found[0][1:-1])
            prefix, local = found[0].split(":", 1)
            if prefix not in self._prefixes:
                told = f"nothing declares the prefix {prefix}:; write `prefix {prefix}: <...>` above"
                raise actions.Mistake(at, told)
            return URIRef(self._prefixes[prefix] + local)

        return (full | short).set_parse_action(resolve).set_name("an IRI")

    def _literal(self) -> pp.ParserElement:
        number = (
            pp.Regex(r"[+-]?(?:[0-9]+\.?[0-9]*|\.[0-9]+)[eE][+-]?[0-9]+").set_parse_action(actions.typed(XSD.double))
            | pp.Regex(r"[+-]?[0-9]*\.[0-9]+").set_parse_action(actions.typed(XSD.decimal))
            | pp.Regex(r"[+-]?[0-9]+").set_parse_action(actions.typed(XSD.integer))
        )
        truth = pp.Keyword("true") | pp.Keyword("false")
        quoted = pp.Regex(r'"(?:[^"\\\n\r]|\\.)*"').set_parse_action(actions.unescaped)
        language = pp.Regex(r"@[A-Za-z]+(?:-[A-Za-z0-9]+)*").leave_whitespace()
        typed = pp.Suppress("^^") - self._iri()
        text = (quoted + pp.Optional(language | typed)).set_parse_action(actions.quoted)
        return (number | truth.set_parse_action(actions.typed(XSD.boolean)) | text).set_name(
            "a number, text or boolean"
        )

    def _variable(self) -> pp.ParserElement:
        return (
            pp.Regex(r"\?\w+").set_parse_action(lambda found: Var(found[0][1:])).set_name("a variable such as ?speed")
        )

    # triples

    def _term(self) -> pp.ParserElement:
        return (self._variable() | self._literal() | self._iri()).set_name("a variable, IRI, number or text")

    def _triple(self) -> pp.ParserElement:
        """A triple pattern; a path of `/` and `^` gives several."""
        step = pp.Optional("^") + self._iri()
        path = pp.Group(_a() | self._variable() | pp.DelimitedList(pp.Group(step), "/")).set_name("a property")
        return (self._term() + path - self._term()).set_parse_action(self._atoms)

    def _atoms(self, found: pp.ParseResults) -> list[Atom]:
        start, path, end = found
        if isinstance(path[0], Var | URIRef):
            return [Atom(start, path[0], end)]
        ends: list[Slot] = [start, *(self._fresh() for _ in path[1:]), end]
        steps = [(step[-1], len(step) == 2) for step in path]
        return [
            Atom(ends[i + 1], iri, ends[i]) if inverse else Atom(ends[i], iri, ends[i + 1])
            for i, (iri, inverse) in enumerate(steps)
        ]

    def _fresh(self) -> Var:
        self._hidden += 1
        return Var(f"_p{self._hidden}")

    # expressions

    def _condition(self) -> pp.ParserElement:
        """An expression without `and` and `or` outside of parentheses."""
        whole, negated = pp.Forward(), pp.Forward()
        primary = (
            self._call(whole)
            | pp.Suppress("(") - whole - pp.Suppress(")")
            | self._term().copy().add_parse_action(actions.constant)
        ).set_name("a value")
        signed = pp.Forward()
        signed <<= (self._literal().copy().add_parse_action(actions.constant) | _negative(signed) | primary).set_name(
            "a value"
        )
        product = _chain(signed, "* /")
        total = _chain(product, "+ -")
        listed = pp.Suppress("(") - pp.Optional(pp.DelimitedList(whole)) - pp.Suppress(")")
        among = (pp.Optional(pp.Keyword("not")) + pp.Keyword("in") - pp.Group(listed)).set_parse_action(actions.among)
        compared = total + pp.Optional(pp.Group(pp.one_of("= != <= >= < >") - total) | among)
        compared.set_parse_action(actions.comparison)
        negation = (_word("not") + ~pp.FollowedBy("{") - negated).set_parse_action(actions.negation)
        negated <<= (negation | compared).set_name("a condition")
        both = _joined(negated, "and", "&&")
        whole <<= _joined(both, "or", "||")
        return negated.set_name("a condition")

    def _call(self, argument: pp.ParserElement) -> pp.ParserElement:
        name = pp.Regex(r"[A-Za-z]+(?=\s*\()") | self._iri() + pp.FollowedBy("(")
        arguments = pp.Suppress("(") - pp.Optional(pp.DelimitedList(argument)) - pp.Suppress(")")
        return (~_KEYWORDS + name + pp.Group(arguments)).set_parse_action(actions.call)

    # statements

    def _body(self) -> pp.ParserElement:
        triple, condition = self._triple(), self._condition()
        test = condition.copy().add_parse_action(lambda found: Filter(found[0]))
        part = (triple | test).set_name("a condition")
        inner = pp.Group(part + (_word("and") - part)[...])
        block = pp.Suppress("{") - inner - pp.Suppress(pp.Literal("}").set_name("`and` or `}`"))
        absence = (_word("not") + block).set_parse_action(actions.absence)
        present = (_word("exists") - block).set_parse_action(actions.presence)
        let = (_word("let") - self._variable() - pp.Suppress("=") - condition).set_parse_action(
            lambda found: Bind(found[0], found[1])
        )
        plain = (absence | present | let | triple | test).set_name("a condition")
        item = (self._counted(plain) | plain).set_name("a condition")
        return pp.Group(item + (_word("and") - item)[...])

    def _counted(self, plain: pp.ParserElement) -> pp.ParserElement:
        """`let ?n = count(*), ?sum = sum(?x) for each ?key in { ... } or { ... }`."""
        name = pp.Regex(r"(?:count|sum|min|max|avg)(?=\s*\()")
        operand = pp.Optional(pp.Keyword("distinct")) + (pp.Literal("*") | self._condition()).set_name("`*` or a value")
        aggregate = (name - pp.Suppress("(") - operand - pp.Suppress(")")).set_parse_action(actions.aggregate)
        result = self._variable() + pp.Suppress("=") + aggregate
        results = _word("let") + result + (pp.Suppress(",") - result)[...]
        key = (pp.Optional(pp.Keyword("any")) + self._variable()).set_parse_action(
            lambda found: Key(found[-1], len(found) == 1)
        )
        keys = _word("for") - _word("each") - pp.DelimitedList(key)
        block = pp.Suppress("{") - pp.Group(plain + (_word("and") - plain)[...]) - pp.Suppress("}")
        blocks = _word("in") - block + (_word("or") + pp.FollowedBy("{") - block)[...]
        opening = pp.Group(results) + pp.Group(pp.Optional(keys)) | pp.Group(pp.Empty()) + pp.Group(keys)
        opening.set_name("a condition")
        counted: pp.ParserElement = (opening - pp.Group(blocks)).set_parse_action(actions.look)
        return counted

    def _rule(self) -> pp.ParserElement:
        body = self._body()
        either = _word("if") - body + (_word("or") + _word("if") - body)[...]
        then = _word("then").set_name(_THEN)
        heads = then - self._triple() + (_word("and") - self._triple())[...]
        switch = pp.Keyword("off")("off") | _word("order") - self._literal()("order")
        rule: pp.ParserElement = self._opening("rule") + switch[...] + pp.Group(pp.Optional(either))("alternatives")
        rule = rule - pp.Group(heads)("heads") - self._pairs()
        return rule.set_parse_action(actions.rule_statement)

    def _about(self) -> pp.ParserElement:
        about: pp.ParserElement = self._opening("about") + self._pairs()
        return about.set_parse_action(actions.plain_statement)

    def _opening(self, word: str) -> pp.ParserElement:
        types = pp.Optional(_a() - pp.DelimitedList(self._iri()))
        label = pp.Optional(self._literal()("label"))
        opening = _word(word) - self._iri()("iri") + pp.Group(types)("types") + label
        return opening + pp.Suppress(pp.Literal(":").set_name("`:` at the end of the line"))

    def _pairs(self) -> pp.ParserElement:
        value = pp.Forward()
        word = pp.Regex(r"[A-Za-z]\w*(?!\w*:)").set_parse_action(actions.key_of)
        key = (word | self._iri()).set_name("a property such as `priority`")
        pair = (key - pp.Suppress("=") - pp.Group(pp.DelimitedList(value))).set_parse_action(
            lambda found: Pair(found[0], tuple(found[1]))
        )
        nested = pp.Suppress("[") - pp.DelimitedList(pair, ";") - pp.Suppress("]")
        value <<= (
            nested.set_parse_action(lambda found: Nested(tuple(found))) | self._literal() | self._iri()
        ).set_name("a value")
        return pp.Group((_word("with") - pair)[...])("pairs")


def _word(word: str) -> pp.ParserElement:
    return pp.Suppress(pp.Keyword(word)).set_name(f"`{word}`")


_KEYWORDS: Final = pp.MatchFirst([pp.Keyword(word) for word in ("not", "and", "or", "then", "let", "exists")])


def _a() -> pp.ParserElement:
    return pp.Keyword("a").set_parse_action(lambda: RDF.type)


def _negative(operand: pp.ParserElement) -> pp.ParserElement:
    return (pp.Suppress("-") - operand).set_parse_action(lambda found: Call("neg", (found[0],)))


def _chain(operand: pp.ParserElement, signs: str) -> pp.ParserElement:
    def together(found: pp.ParseResults) -> Expr:
        pairs = zip(found[1::2], found[2::2], strict=True)
        first: Expr = found[0]
        return reduce(lambda left, pair: Call(pair[0], (left, pair[1])), pairs, first)

    chain: pp.ParserElement = operand + (pp.one_of(signs) - operand)[...]
    return chain.set_parse_action(together)


def _joined(operand: pp.ParserElement, word: str, op: str) -> pp.ParserElement:
    def together(found: pp.ParseResults) -> Expr:
        return found[0] if len(found) == 1 else Call(op, tuple(found))

    chain: pp.ParserElement = operand + (_word(word) - operand)[...]
    return chain.set_parse_action(together)
