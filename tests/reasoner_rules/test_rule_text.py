"""The text form of rules: reads as written, comes back from RDF as it was, and says where it is wrong."""

from __future__ import annotations

import os
import re
from importlib.resources import files
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from rdflib import Graph, Literal, URIRef
from rdflib.compare import isomorphic
from rdflib.namespace import RDF, RDFS, SH, XSD, Namespace

from kg.errors import RuleRefused, RuleTextRefused
from kg.terms import double_literal
from ontology import TW
from reasoner.rules import Rule, read_rules
from reasoner.rules.ir import Absence, Aggregate, Atom, Bind, Branch, Call, Const, Grouping, Ref, Row, Var
from reasoner.rules.operators import ON_TERMS, ON_VALUES
from reasoner.rules.reading.sparql import STANDARD_PREFIXES
from reasoner.rules.text import from_text, to_text
from reasoner.rules.text.parts import Filter, RuleText, Statement, items
from reasoner.rules.text.writer import TextWriter

#: Random rules; more in `make soak`.
EXAMPLES = int(os.environ.get("TWINWRIGHT_RULE_SEEDS", "12"))
E = Namespace("http://example.org/")
HEADER = "prefix : <http://example.org/>\n"
SHACL = "@prefix sh: <http://www.w3.org/ns/shacl#> . @prefix : <http://example.org/> .\n"
CANONICAL = """prefix : <http://example.org/>
prefix rdfs: <http://www.w3.org/2000/01/rdf-schema#>
prefix tw: <https://w3id.org/twinwright/core#>
prefix xsd: <http://www.w3.org/2001/XMLSchema#>

rule :Overspeed a tw:AgentRule "A machine above its rated speed"@en:
  off
  order 2
  if ?machine :speed ?speed
     and ?machine :rated ?rated
     and let ?limit = ?rated * 1.05 + 2.0e0
     and ?machine :mode ?limit
     and ?speed > ?limit
     and ?speed not in (1, -2, xsd:double("3"))
     and (?speed != 4 or not (?rated > 2 and isnumeric(?rated)))
     and not { ?machine :maintenance true }
     and not { ?machine :near ?other and ?other :speed ?more and ?more > ?speed }
  or if ?machine a :Broken
  then ?machine a :Overspeeding
     and ?machine :since "a \\"quote\\" and \\\\ a line\\n"
  with comment = "Why."
  with inputTolerance = [ input = :A ; tolerance = 0.5e0 ], [ input = :B, :C ; tolerance = 0.6 ]
  with priority = 80
  with <urn:odd/key;> = "x"^^:dt

about :Thing "A thing":
  with rdfs:seeAlso = "b", <urn:a;b>
"""


def rules_of(text: str) -> tuple[Rule, ...]:
    return read_rules(from_text(HEADER + text))


def test_the_canonical_text_comes_back_as_it_was() -> None:
    """Every construct once: heads, alternatives, let, not, lists, escapes, annotations, order, off."""
    graph = from_text(CANONICAL)

    assert to_text(graph) == CANONICAL
    assert isomorphic(from_text(to_text(graph)), graph)
    assert graph.value(E.Overspeed, SH.order) == Literal(2)
    assert graph.value(E.Overspeed, TW.priority) == Literal(80)
    assert graph.value(E.Overspeed, RDFS.label) == Literal("A machine above its rated speed", lang="en")
    assert read_rules(graph) == ()


COUNTED = """prefix : <http://example.org/>

rule :Load:
  if ?line a :Line
     and let ?n = count(*), ?power = sum(distinct ?p * 2) for each ?line, any ?shift
          in { ?m :of ?line and ?m :power ?p and ?m :shift ?shift and exists { ?m :runs ?any1 and ?any1 > ?p } }
          or { ?m :with ?line and ?m :shift ?shift and let ?p = 1 }
     and let ?all = max(?q) in { ?z :q ?q }
     and let ?mean = ?power / ?n
     and ?line :limit ?mean
     and ?mean < ?all
  then ?line :busy ?mean
"""


def test_aggregates_come_back_as_they_were() -> None:
    """Groups with keys that the rest knows or not, several blocks, exists inside; canonical and the same rule."""
    graph = from_text(COUNTED)

    assert to_text(graph) == COUNTED
    assert read_rules(from_text(to_text(graph))) == read_rules(graph)
    (rule,) = read_rules(graph)
    first, second = rule.rows
    assert [str(key) for key in first.grouping.keys] == ["?line", "?shift"]
    assert list(map(str, first.grouping.aggregates)) == ["COUNT(*)", "SUM(DISTINCT (?p * 2))"]
    assert second.slots == (Var("all"),)


def test_a_text_means_what_it_says() -> None:
    """The rule of the documentation, in the form of the IR."""
    (rule,) = rules_of("""
        rule :Overspeed:   # a remark
          if ?m :speed ?v and ?m :rated ?r
             and ?v > ?r * 1.05
             and not { ?m :maintenance true }
          then ?m a :Overspeeding""")

    m, v, r = Var("m"), Var("v"), Var("r")
    assert rule == Rule(
        str(E.Overspeed),
        Atom(m, RDF.type, E.Overspeeding),
        (Atom(m, E.speed, v), Atom(m, E.rated, r)),
        (Call(">", (Ref(v), Call("*", (Ref(r), Const(Literal("1.05", datatype=XSD.decimal)))))),),
        (),
        (Absence((Atom(m, E.maintenance, Literal(True)),)),),
    )


@pytest.mark.parametrize(
    ("text", "same"),
    [
        ("if ?a :p/:q ?b then ?a :r ?b", "if ?a :p ?x and ?x :q ?b then ?a :r ?b"),
        ("if ?a ^:p/:q ?b then ?a :r ?b", "if ?x :p ?a and ?x :q ?b then ?a :r ?b"),
        ("if ?a :p ?b and exists { ?b :q ?c } then ?a :r ?b", "if ?a :p ?b and ?b :q ?x then ?a :r ?b"),
        ("if ?a :p ?b and ((?b > 1)) then ?a :r ?b", "if ?a :p ?b and ?b > 1 then ?a :r ?b"),
        ("if ?a :p ?b and ?b -1 > 2 then ?a :r 1", "if ?a :p ?b and ?b - 1 > 2 then ?a :r 1"),
        ("then :a :b :c", "then\n:a\n:b :c"),
    ],
)
def test_shorter_ways_to_write_the_same(text: str, same: str) -> None:
    """Paths, exists and odd spaces mean the plain patterns; hidden variables have names of their own."""
    (short,), (plain,) = rules_of(f"rule :r: {text}"), rules_of(f"rule :r: {same}")
    hidden = next((slot for atom in short.body for slot in atom if str(slot).startswith("?_")), None)

    body = tuple(Atom(*(Var("x") if slot == hidden else slot for slot in atom)) for atom in short.body)
    assert (short.head, body, short.filters) == (plain.head, plain.body, plain.filters)


@pytest.mark.parametrize("package", ["ontology", "plants.bottling"])
def test_the_shipped_rules_come_back_as_they_were(package: str) -> None:
    """Domain rules and the line agent's: same rules, same RDF around them, one canonical text."""
    graph = Graph().parse(data=files(package).joinpath("rules.ttl").read_text(), format="turtle")

    text = to_text(graph)
    again = from_text(text)

    assert read_rules(again) == read_rules(graph)
    assert to_text(again) == text
    for document in (graph, again):
        document.remove((None, SH.construct, None))
    assert isomorphic(again, graph)


@pytest.mark.parametrize(
    ("text", "place", "told"),
    [
        ("rule tw:r\n  if ?a tw:p ?b then ?a tw:q ?b", (2, 3), "expected `:` at the end of the line, found if"),
        ("rule tw:r:\n  if ?a tw:p\n  then ?a tw:q 1", (3, 3), "expected a variable, IRI, number or text, found then"),
        ("rule tw:r:\n  if ?a tw:p ?b .\n  then ?a tw:q 1", (2, 17), "Join conditions by `and`"),
        ("rule tw:r:\n  if ?a tw:p ?b or ?b > 3\n  then ?a tw:q 1", (2, 17), "Put an `or` inside a condition into"),
        ("rule tw:r:\n  if ?a tw:p ?b && ?b > 3\n  then ?a tw:q 1", (2, 17), "Write `and`"),
        (
            "rule tw:r:\n  if ?a tw:p 1 and not { ?a tw:q 1\n  then ?a tw:q 1",
            (3, 3),
            "expected `and` or `}`, found then",
        ),
        ("rule tw:r:\n  if ?a x:p ?b\n  then ?a tw:q 1", (2, 9), "nothing declares the prefix x:"),
        ("rule tw:r:\n  if ?a tw:p ?b and abs(?a, ?b) > 1\n  then ?a tw:q 1", (2, 21), "abs takes 1 values, not 2"),
        ("rule tw:r:\n  if ?a tw:p ?b and now() > 1\n  then ?a tw:q 1", (2, 21), "time is an input"),
        ("rule tw:r:\n  if ?a tw:p ?b and strlength(?b) > 1\n  then ?a tw:q 1", (2, 21), "did you mean strlen"),
        ("rule tw:r:\n  then ?a tw:q 1\n  with priorty = 8", (3, 8), "did you mean priority"),
        ("rule tw:r:\n  then ?a tw:q 1\n  with priority 8", (3, 17), "expected '=', found 8"),
        ("rule tw:r:\n  if ?a tw:p ?b", (2, 16), "found the end of the text"),
        ("rule tw:r:\n  then ?a <q> 1", (2, 11), "is relative"),
        ('rule tw:r:\n  then ?a tw:q "\\x"', (2, 16), "stands for nothing"),
        ('rule tw:r:\n  then ?a tw:q "\\uD800"', (2, 16), "is no character"),
        ("rule tw:r:\n  if " + "(" * 5000 + "1", (1, 1), "nested too deeply"),
        ("rul tw:r:", (1, 1), "expected a rule, `about` or `prefix`"),
        ("rule tw:r:\n  if m tw:p ?b\n  then ?b tw:q 1", (2, 6), "found m. Variables begin with `?`"),
        ("rule tw:r:\n  if ?m speed ?b\n  then ?b tw:q 1", (2, 9), "found speed. Variables begin with `?`"),
        ("rule tw:r:\n  when ?m a tw:M\n  then ?m tw:q 1", (2, 3), "expected `if` or `then`, found when."),
        ("rule tw:r:\n  if ?m a tw:M and not ( then", (2, 26), "expected a condition, found then."),
    ],
)
def test_a_mistake_is_shown_with_its_place(text: str, place: tuple[int, int], told: str) -> None:
    """Line, column, what was expected, and how to mend the usual mistakes."""
    with pytest.raises(RuleTextRefused) as caught:
        from_text(text)

    assert told in caught.value.message
    assert (caught.value.facts["line"], caught.value.facts["column"]) == place


@pytest.mark.parametrize(
    "text",
    [
        "if m tw:p 1", "if then", "if and ?m a tw:M", "if ? a tw:M", "if { ?m a tw:M }", "if (", "if not ( then",
        "if ?m a tw:M and in 5", "if ?m a tw:M and let ?n = x", "if ?m a tw:M and let ?n = count ?m",
        "if let ?n = sum(m) in { ?m a tw:M }", "if let ?n = sum(?m) in { m }", "if let ?n = sum(?m) for x",
        "if ?m tw:p ?n and ?n > then", "if ?m tw:p ?n and ?n in 5", "if ?m tw:p ?n and abs(", "if exists {",
        "order x", "off on", "if - then", "then ?m a tw:M with", "then ?m a tw:M with priority =",
        "then ?m a tw:M with a = [ b",
    ],
)  # fmt: skip
def test_no_slip_shows_the_inside_of_the_parser(text: str) -> None:
    """What was expected is named, whatever stands there instead."""
    with pytest.raises(RuleTextRefused) as caught:
        from_text(f"rule tw:r:\n  {text}")

    expected = caught.value.message.partition(", found")[0]
    assert re.search(r"Group|Suppress|Re:|Forward|[|\\\[\]]|\w:\(", expected) is None
    assert len(expected) < 100


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("rule :r: then :a :b 1 rule :r: then :a :b 2", "stands twice"),
        ("rule :r: if ?a :p ?b and let ?b = 1 then ?a :q 1", r"BIND on \?b, which is bound already"),
        ("rule :r: if ?a :p ?b and ?b > ?c or if ?a :q ?b then ?a :q 1", r"nested group on \?b|nested group on \?c"),
    ],
)
def test_what_a_rule_may_not_do_is_refused_in_texts_too(text: str, told: str) -> None:
    """The rule is named, as for SPARQL."""
    with pytest.raises(RuleRefused, match=told) as caught:
        from_text(HEADER + text)

    assert caught.value.facts["rule"] == str(E.r)


@pytest.mark.parametrize(
    ("document", "told"),
    [
        (":S a sh:NodeShape ; sh:targetClass :C ; sh:closed true .", "is a shape and says"),
        (":a :b [ :c 1 ] , _:x . :d :e _:x . _:x :c 2 .", "spoken of twice"),
        ("[] :a 1 .", "a subject by itself"),
        (":a a [ :b 1 ] .", "a type without an IRI"),
        (":a :b _:x . _:x :c _:y . _:y :c _:x .", "spoken of twice"),
    ],
)
def test_what_no_text_can_hold_is_named(document: str, told: str) -> None:
    """Nothing is lost in silence; a text of the rules alone can still be had."""
    graph = Graph().parse(data=f"{SHACL} {document}", format="turtle")

    with pytest.raises(RuleTextRefused, match=told):
        to_text(graph)

    assert "rule" not in to_text(graph, partly=True)


def test_prefixes_declared_for_queries_become_those_of_the_text() -> None:
    """`sh:prefixes` and `sh:declare` are resolved; the rest of the header stays."""
    document = """
        <http://example.org/> a :Document ; sh:declare [ sh:prefix "x" ; sh:namespace "http://example.org/" ] .
        :r a sh:SPARQLRule ; sh:prefixes <http://example.org/> ;
            sh:construct "CONSTRUCT { ?a x:p 1 } WHERE { ?a x:q 1 }" .
        :more sh:declare [ sh:prefix "y" ; sh:namespace "http://other.example/" ] ."""

    text = to_text(Graph().parse(data=f"{SHACL} {document}", format="turtle"))

    assert text == (
        "prefix : <http://example.org/>\n\nabout <http://example.org/> a :Document:\n\n"
        "rule :r:\n  if ?a :q 1\n  then ?a :p 1\n"
    )
    assert to_text(from_text(text)) == text


# random rules

_VARIABLES = (Var("a"), Var("b"), Var("c"))
_NUMBERS = st.one_of(
    st.integers(-50, 50).map(Literal),
    st.sampled_from(["0.5", "12.25", "-3.0"]).map(lambda text: Literal(text, datatype=XSD.decimal)),
)
_TEXTS = st.one_of(
    st.text(st.sampled_from('ab"\\\n\t é{}?#'), max_size=5).map(Literal),
    st.sampled_from([Literal("x", lang="en"), Literal("x", datatype=XSD.string), Literal(True), Literal(False)]),
    st.sampled_from([Literal("2026-01-01", datatype=XSD.date), Literal("odd", datatype=E.kind)]),
)
_IRIS = st.sampled_from([E.p, E.q, E["x.y"], URIRef("urn:odd;iri"), URIRef("http://other.example/z#"), RDF.type])
_DOUBLES = st.floats(allow_nan=False, allow_infinity=True)
_CONSTANTS = st.one_of(_NUMBERS, _TEXTS, _IRIS, _DOUBLES.map(lambda value: Literal(value, datatype=XSD.double)))
_ATOMS = st.builds(
    Atom,
    st.one_of(st.sampled_from(_VARIABLES), _IRIS),
    st.one_of(_IRIS, st.sampled_from(_VARIABLES)),
    st.one_of(st.sampled_from(_VARIABLES), _CONSTANTS),
)
_FUNCTIONS = {
    name: arity for table in (ON_VALUES, ON_TERMS) for name, (arity, _) in table.items() if not name.startswith("_")
}


def _expressions(variables: tuple[Var, ...]) -> st.SearchStrategy[Any]:
    constants = st.one_of(_NUMBERS, _TEXTS, _IRIS, st.floats(allow_nan=False, allow_infinity=False).map(double_literal))
    leaves = st.one_of(st.sampled_from(variables).map(Ref), constants.map(Const))

    def call(inner: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
        known = [
            st.tuples(*[inner] * (2 if arity == -1 else arity)).map(lambda args, name=name: Call(name, args))
            for name, arity in sorted(_FUNCTIONS.items())
        ]
        forms = [
            st.lists(inner, min_size=2, max_size=3).map(lambda args: Call("||", tuple(args))),
            st.lists(inner, min_size=2, max_size=3).map(lambda args: Call("&&", tuple(args))),
            inner.map(lambda arg: Call("!", (arg,))),
            st.tuples(inner, inner, inner).map(lambda args: Call("if", args)),
            st.sampled_from(variables).map(lambda var: Call("bound", (Ref(var),))),
            st.tuples(inner, st.lists(inner, max_size=3), st.booleans()).map(_among),
        ]
        return st.one_of(*known, *forms)

    return st.recursive(leaves, call, max_leaves=6)


def _among(parts: Any) -> Call:
    value, choices, negated = parts
    choices = [Const(choice) if not isinstance(choice, Ref | Const | Call) else choice for choice in choices]
    among = Call("||", (Const(Literal(False)), *(Call("=", (value, choice)) for choice in choices)))
    return Call("!", (among,)) if negated else among


@st.composite
def _alternatives(draw: st.DrawFn) -> tuple[Any, ...]:
    first = Atom(_VARIABLES[0], E.p, _VARIABLES[1])
    atoms = (first, *draw(st.lists(_ATOMS, max_size=3)))
    bound = tuple(sorted({slot for atom in atoms for slot in atom if isinstance(slot, Var)}, key=str))
    binds: list[Bind] = []
    for name in draw(st.sampled_from([(), ("x",), ("x", "y")])):
        binds.append(Bind(Var(name), draw(_expressions((*bound, *(bind.var for bind in binds))))))
    if binds and draw(st.booleans()):
        atoms = (*atoms, Atom(_VARIABLES[0], E.q, binds[-1].var))
    known = (*bound, *(bind.var for bind in binds))
    filters = draw(st.lists(_expressions(known).filter(lambda e: getattr(e, "op", "") != "&&"), max_size=2))
    absences = draw(
        st.lists(
            st.builds(
                Absence,
                st.lists(_ATOMS, min_size=1, max_size=2).map(tuple),
                st.lists(_expressions(known).filter(lambda e: getattr(e, "op", "") != "&&"), max_size=1).map(tuple),
            ),
            max_size=2,
        )
    )
    return atoms, tuple(filters), tuple(binds), tuple(absences)


@st.composite
def _bodies(draw: st.DrawFn) -> tuple[Any, ...]:
    """A body, sometimes with a look at groups."""
    body = draw(_alternatives())
    if draw(st.integers(0, 3)):
        return (*body, ())
    branches = tuple(Branch(*branch) for branch in draw(st.lists(_alternatives(), min_size=1, max_size=2)))
    operands = st.sampled_from((None, Ref(_VARIABLES[0]), Call("*", (Ref(_VARIABLES[1]), Const(Literal(2))))))
    aggregates = draw(st.lists(st.builds(_aggregate, operands, st.booleans()), min_size=1, max_size=2, unique=True))
    keys = draw(st.sampled_from([(), _VARIABLES[:1], _VARIABLES[:2]]))
    slots = (*keys, *(Var(f"n{index}") for index, _ in enumerate(aggregates)))
    return (*body, (Row(Grouping(keys, tuple(aggregates), branches), slots),))


def _aggregate(operand: Any, distinct: bool) -> Aggregate:
    op = "sum" if isinstance(operand, Call) else "count"
    return Aggregate(op, operand, distinct and operand is not None)


@settings(max_examples=EXAMPLES, deadline=None, derandomize=True, database=None)
@given(
    heads=st.lists(_ATOMS, min_size=1, max_size=2, unique=True),
    bodies=st.lists(_bodies(), min_size=1, max_size=2, unique=True),
)
def test_any_rule_comes_back_from_text_and_rdf(heads: list[Atom], bodies: list[Any]) -> None:
    """Rule -> text -> RDF -> rule: the same; and the text is canonical."""
    rule = RuleText(tuple(heads), tuple(items(Branch(*body), rows) for *body, rows in bodies))
    text = TextWriter(STANDARD_PREFIXES | {"": str(E)}).document([Statement(E.r, rule=rule)])

    graph = from_text(text)

    assert read_rules(graph) == tuple(Rule(str(E.r), head, *b, rows=rows) for *b, rows in bodies for head in heads)
    assert to_text(graph) == text


def test_filters_are_read_as_their_conjuncts() -> None:
    """`and` between conditions and `and` in parentheses are the same filters."""
    (together,) = rules_of("rule :r: if ?a :p ?b and (?b > 1 and ?b < 3) then ?a :q 1")
    (apart,) = rules_of("rule :r: if ?a :p ?b and ?b > 1 and ?b < 3 then ?a :q 1")

    assert together == apart
    assert [type(item) for item in items(apart)] == [Atom, Filter, Filter]
