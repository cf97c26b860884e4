"""What the parts of a text of rules become once they are recognised: terms, expressions, statements."""

from __future__ import annotations

import re
import sys
from collections.abc import Callable, Iterable
from difflib import get_close_matches
from typing import Final

import pyparsing as pp
from rdflib import Literal, URIRef
from rdflib.namespace import RDF, RDFS, XSD

from ontology import TW
from reasoner.rules.ir import Absence, Aggregate, Atom, Call, Const, Expr, Ref, Var
from reasoner.rules.operators import FORMS, ON_TERMS, ON_VALUES
from reasoner.rules.reading.expressions import REFUSED
from reasoner.rules.text.parts import FALSE, Counted, Filter, Item, Present, RuleText, Statement

_ARITY: Final = {
    name: arity
    for table in (ON_VALUES, ON_TERMS)
    for name, (arity, _) in table.items()
    if name.removeprefix("xsd:").isalpha() and name != "neg"
} | {name: arity for name, arity in FORMS.items() if name.isalpha()}
_ESCAPES: Final = {"n": "\n", "t": "\t", "r": "\r", '"': '"', "\\": "\\"}
_WORDS: Final = {"comment": RDFS.comment, "label": RDFS.label, "a": RDF.type}


class Mistake(Exception):
    """Something that parses and still is wrong; never leaves the parser."""

    def __init__(self, at: int, told: str) -> None:
        super().__init__(told)
        self.at = at
        self.told = told


def typed(datatype: URIRef) -> Callable[[pp.ParseResults], Literal]:
    return lambda found: Literal(found[0], datatype=datatype)


def unescaped(text: str, at: int, found: pp.ParseResults) -> str:
    def sign(escape: re.Match[str]) -> str:
        if escape[1][0] in "uU" and len(escape[1]) > 1:
            code = int(escape[1][1:], 16)
            if code > sys.maxunicode or 0xD800 <= code < 0xE000:
                raise Mistake(at, f"the text has \\{escape[1]}, which is no character")
            return chr(code)
        if escape[1] not in _ESCAPES:
            raise Mistake(at, f"the text has \\{escape[1]}, which stands for nothing")
        return _ESCAPES[escape[1]]

    return re.sub(r"\\(u[0-9A-Fa-f]{4}|U[0-9A-Fa-f]{8}|.)", sign, found[0][1:-1])


def quoted(found: pp.ParseResults) -> Literal:
    if len(found) == 1:
        return Literal(found[0])
    if isinstance(found[1], URIRef):
        return Literal(found[0], datatype=found[1])
    return Literal(found[0], lang=found[1][1:])


def constant(found: pp.ParseResults) -> Expr:
    return Ref(found[0]) if isinstance(found[0], Var) else Const(found[0])


def negation(found: pp.ParseResults) -> Expr:
    return Call("!", (found[0],))


def among(found: pp.ParseResults) -> tuple[str, tuple[Expr, ...]]:
    return ("not in" if found[0] == "not" else "in"), tuple(found[-1])


def comparison(found: pp.ParseResults) -> Expr:
    value: Expr = found[0]
    if len(found) == 1:
        return value
    relation = found[1]
    if relation[0] not in ("in", "not in"):
        return Call(relation[0], (value, relation[1]))
    among = Call("||", (Const(FALSE), *(Call("=", (value, choice)) for choice in relation[1])))
    return among if relation[0] == "in" else Call("!", (among,))


def call(text: str, at: int, found: pp.ParseResults) -> Expr:
    name = found[0] if not isinstance(found[0], URIRef) else str(found[0]).replace(str(XSD), "xsd:")
    name = name if ":" in name else name.lower()
    if name not in _ARITY:
        reason = f" ({REFUSED[name]})" if name in REFUSED else _nearest(name, _ARITY)
        raise Mistake(at, f"the function {name} may not stand in a rule{reason}")
    if _ARITY[name] not in (-1, len(found[1])):
        raise Mistake(at, f"the function {name} takes {_ARITY[name]} values, not {len(found[1])}")
    return Call(name, tuple(found[1]))


def aggregate(found: pp.ParseResults) -> Aggregate:
    is_all = isinstance(found[-1], str) and found[-1] == "*"
    return Aggregate(found[0], None if is_all else found[-1], found[1] == "distinct")


def look(found: pp.ParseResults) -> Counted:
    results, keys, blocks = found
    pairs = tuple(zip(results[::2], results[1::2], strict=True))
    return Counted(pairs, tuple(keys), tuple(tuple(block) for block in blocks))


def absence(found: pp.ParseResults) -> Absence:
    atoms, filters = _apart(found[0])
    return Absence(atoms, filters)


def presence(found: pp.ParseResults) -> Present:
    return Present(*_apart(found[0]))


def _apart(found: Iterable[Item]) -> tuple[tuple[Atom, ...], tuple[Expr, ...]]:
    parts = list(found)
    return (
        tuple(part for part in parts if isinstance(part, Atom)),
        tuple(part.expr for part in parts if isinstance(part, Filter)),
    )


def key_of(text: str, at: int, found: pp.ParseResults) -> URIRef:
    word = found[0]
    if word in _WORDS:
        return _WORDS[word]
    iri = URIRef(f"{TW._NS}{word}")
    if iri not in TW:
        hint = _nearest(word, [str(term).removeprefix(str(TW._NS)) for term in dir(TW)])
        raise Mistake(at, f"the vocabulary tw: has no {word}{hint}")
    return iri


def _nearest(word: str, known: Iterable[str]) -> str:
    near = get_close_matches(word, list(known), n=1)
    return f"; did you mean {near[0]}" if near else ""


def rule_statement(found: pp.ParseResults) -> Statement:
    rule = RuleText(
        tuple(found["heads"]),
        tuple(tuple(alternative) for alternative in found["alternatives"]),
        _only(found, "order"),
        "off" in found,
    )
    return _statement(found, rule)


def plain_statement(found: pp.ParseResults) -> Statement:
    return _statement(found, None)


def _statement(found: pp.ParseResults, rule: RuleText | None) -> Statement:
    types = tuple(kind for kind in found["types"] if kind != RDF.type)
    return Statement(found["iri"], types, _only(found, "label"), tuple(found["pairs"]), rule)


def _only(found: pp.ParseResults, name: str) -> Literal | None:
    if name not in found:
        return None
    named = found[name]
    literal: Literal = named[0] if isinstance(named, pp.ParseResults) else named
    return literal
