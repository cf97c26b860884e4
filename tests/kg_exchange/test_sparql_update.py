"""Which updates may run, what they do, and what those are told that may not."""

from __future__ import annotations

import contextlib
from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st
from rdflib import XSD, BNode, Literal, URIRef

from kg.change import Expected, Quad
from kg.errors import QueryRefused, UpdateRefused
from kg.exchange import Effect, read_update
from kg.names import GraphName
from kg.replica import Limits
from kg.replica.safety import MAX_BYTES
from tests.kg_exchange.conftest import BOT, KNOWN, answer_of, store_of

LINE, LIMIT = URIRef(f"{BOT}Line"), URIRef("https://w3id.org/twinwright/core#powerLimitKw")
OLD = Quad(LINE, LIMIT, Literal("2.2E2", datatype=XSD.double, normalize=False), GraphName.PLANT)
NEW = OLD._replace(o=Literal("2.30e2", datatype=XSD.double, normalize=False))
REPLACE = """WITH graph:plant
DELETE { bot:Line tw:powerLimitKw ?old } INSERT { bot:Line tw:powerLimitKw 2.30e2 }
WHERE { bot:Line tw:powerLimitKw ?old }"""

REFUSED = {
    "LOAD": ("LOAD <http://198.51.100.1/g>", "INSERT DATA or as an RDF Patch"),
    "LOAD INTO": ("LOAD SILENT <file:///etc/passwd> INTO GRAPH <urn:g>", "LOAD would fetch"),
    "CREATE": ("CREATE GRAPH <urn:g>", "the named graphs are .*plant"),
    "DROP": ("DROP ALL", "DELETE DATA or DELETE"),
    "CLEAR": ("CLEAR SILENT NAMED", "DELETE DATA or DELETE"),
    "COPY": ("COPY <urn:g> TO <urn:h>", "INSERT ... WHERE"),
    "MOVE": ("MOVE <urn:g> TO <urn:h>", "DELETE and INSERT"),
    "ADD": ("ADD DEFAULT TO <urn:h>", "INSERT ... WHERE"),
    "USING": ("DELETE { GRAPH graph:plant { ?s ?p ?o } } USING <urn:g> WHERE { ?s ?p ?o }", "GRAPH inside WHERE"),
    "USING NAMED": ("INSERT { } USING NAMED <urn:g> WHERE { ?s ?p ?o }", "GRAPH inside WHERE"),
    "SERVICE": ("INSERT { } WHERE { SERVICE <http://198.51.100.1/> { ?s ?p ?o } }", "SERVICE would send"),
    "SERVICE in a filter": (
        "DELETE { } WHERE { ?s ?p ?o FILTER EXISTS { SERVICE SILENT ?s { ?a ?b ?c } } }",
        "SERVICE would send",
    ),
    "second operation": ("INSERT DATA { } ; CLEAR ALL", "CLEAR would empty"),
    "no graph": ("INSERT DATA { bot:Line tw:powerLimitKw 1 }", "in no named graph.*GRAPH.*WITH.*plant"),
    "no graph in a template": ("INSERT { ?s ?p 1 } WHERE { ?s ?p ?o }", r"\?<s> \?<p> .*in no named graph"),
    "no graph beside one": ("INSERT DATA { <urn:a> <urn:b> 1 GRAPH graph:plant { } }", "in no named graph"),
    "no graph in DELETE WHERE": ("DELETE WHERE { ?s ?p ?o }", "in no named graph"),
    "unknown graph": ("INSERT DATA { GRAPH <urn:g> { <urn:a> <urn:b> 1 } }", "no named graph <urn:g>; there are"),
    "unknown WITH": ("WITH <urn:g> DELETE { } WHERE { }", "no named graph <urn:g>; there are"),
    "unknown prefix": ("\nINSERT DATA {\nGRAPH graph:plant { nix:a <urn:b> 1 } }", "Line 3: The prefix nix:"),
    "unknown prefix in WHERE": ("DELETE { } WHERE { nix:a ?p ?o }", "The prefix nix: has not been declared"),
    "relative IRI": ("INSERT DATA { GRAPH graph:plant {\n\n <a> <urn:b> 1 } }", "Line 3: No scheme"),
    "literal as subject": ("INSERT DATA { GRAPH graph:plant { 'a' <urn:b> 1 } }", "Line 1: .*subject|not a SPARQL"),
    "variable in data": ("INSERT DATA { GRAPH graph:plant { ?x <urn:b> 1 } }", r"takes no variables; \?x"),
    "blank node deleted": ("DELETE { GRAPH graph:plant { [] ?p ?o } } WHERE { ?s ?p ?o }", "blank node"),
    "blank node in DELETE DATA": ("DELETE DATA { GRAPH graph:plant { _:b <urn:p> 1 } }", "blank node"),
    "later WHERE": (f"INSERT DATA {{ }} ; {REPLACE}", "WHERE of operation 2 would have to see"),
    "two WHEREs": (f"{REPLACE} ; {REPLACE}", "WHERE of operation 2"),
    "query": ("SELECT * { ?s ?p ?o }", "This is a query"),
    "nothing": ("", "no operation"),
    "prologue alone": ("PREFIX e: <urn:e>", "no operation"),
    "syntax": ("INSERT DATA { GRAPH graph:plant { <urn:a> <urn:b> } }", "Line 1: } is not a valid"),
    "null character": ("INSERT DATA { }\x00", "control character"),
    "carriage return": ("INSERT DATA { } # \r ; CLEAR ALL", "control character"),
    "escaped quotation mark": ('INSERT DATA { } # "\\u0022', "Write the character itself"),
    "half a character": ("INSERT DATA { } # \ud800", "half a character"),
    "deep": (f"INSERT {{ }} WHERE {'{' * 65}{'}' * 65}", "deep"),
    "long": (f"INSERT DATA {{ }} # {'x' * MAX_BYTES}", "longer than"),
    "triple term": ("INSERT DATA { GRAPH graph:plant { << <urn:a> <urn:b> 1 >> <urn:c> 2 } }", "not a SPARQL"),
    "operator or IRI": ("DELETE { } WHERE { ?a ?b ?c FILTER(?a<?b&&?c>?d) }", "more than one way"),
}


@pytest.mark.parametrize(("text", "says"), REFUSED.values(), ids=REFUSED.keys())
def test_refuses_with_a_remedy_that_fits(text: str, says: str) -> None:
    """Each refusal names the construct and what to do in its place."""
    with pytest.raises(UpdateRefused, match=says):
        read_update(text, KNOWN)


@pytest.mark.parametrize(
    ("text", "line"),
    [
        ("INSERT DATA {\n GRAPH graph:plant {\n <urn:a> <urn:b> } }", 3),
        ("INSERT DATA { } ;\n\nINSERT DATA {\n GRAPH graph:plant { <urn:a> <urn:b c> 1 } }", 4),
        ("WITH graph:plant DELETE { ?s ?p ?o }\nWHERE {\n ?s ?p }", 3),
        ("INSERT {\n\n GRAPH graph:plant { ?s ?p <urn:b> . . } } WHERE { ?s ?p ?o }", 3),
    ],
)
def test_a_mistake_is_named_with_its_line(text: str, line: int) -> None:
    """The line of the mistake, not of the operation that holds it."""
    with pytest.raises(UpdateRefused) as refused:
        read_update(text, KNOWN)

    assert refused.value.facts["line"] == line


def test_a_value_is_replaced(effect_of: Callable[..., Effect]) -> None:
    """WITH, DELETE, INSERT and WHERE; lexical forms stay as they are written and found."""
    effect = effect_of(REPLACE, [OLD])

    assert effect == Effect((NEW,), (OLD,), (Expected(LINE, LIMIT, OLD.o),))


def test_where_sees_all_graphs_as_one(effect_of: Callable[..., Effect]) -> None:
    """Without WITH the pattern is matched against the union, as in queries."""
    effect = effect_of("DELETE { GRAPH ?g { ?s ?p ?o } } WHERE { ?s tw:powerLimitKw ?o GRAPH ?g { ?s ?p ?o } }", [OLD])

    assert effect.removes == (OLD,)


def test_solutions_that_give_no_quad_are_passed_over(effect_of: Callable[..., Effect]) -> None:
    """Unbound variables and literals in the wrong place, as the standard has it."""
    text = """INSERT { GRAPH graph:plant { ?s ?p ?nothing . ?o ?p ?s . ?s ?o ?s . ?s ?p "kept" } GRAPH ?o { ?s ?p ?s } }
    WHERE { ?s ?p ?o OPTIONAL { ?s <urn:none> ?nothing } }"""

    effect = effect_of(text, [OLD])

    assert effect.adds == (OLD._replace(o=Literal("kept")),)


def test_a_graph_that_where_found_must_be_ours(effect_of: Callable[..., Effect]) -> None:
    """A variable graph is looked at in each solution."""
    with pytest.raises(UpdateRefused, match="no named graph <https"):
        effect_of("INSERT { GRAPH ?s { ?s ?p ?o } } WHERE { ?s ?p ?o }", [OLD])


def test_a_blank_node_that_where_found_is_not_named(effect_of: Callable[..., Effect]) -> None:
    """A change could not say which one it means."""
    with pytest.raises(UpdateRefused, match=r"\?o is a blank node"):
        effect_of("DELETE { GRAPH graph:plant { ?s ?p ?o } } WHERE { ?s ?p ?o }", [OLD._replace(o=BNode("b"))])


def test_a_truncated_answer_is_never_half_applied() -> None:
    """The row limit of the replica refuses the whole update."""
    data = [OLD._replace(s=URIRef(f"urn:{number}")) for number in range(5)]
    update = read_update("DELETE WHERE { GRAPH graph:plant { ?s ?p ?o } }", KNOWN)
    assert update.query is not None
    answer = answer_of(store_of(data), update.query, Limits(rows=4))

    with pytest.raises(UpdateRefused, match="more than 4 solutions, so nothing was changed"):
        update.effect(answer)


def test_what_is_removed_must_have_been_there(effect_of: Callable[..., Effect]) -> None:
    """The read set holds removed triples; not those that the same update had added, nor those that come back."""
    text = """DELETE DATA { GRAPH graph:plant { <urn:a> <urn:p> 1, 2 } } ;
    INSERT DATA { GRAPH graph:plant { <urn:a> <urn:p> 2, 3 } } ;
    DELETE DATA { GRAPH graph:plant { <urn:a> <urn:p> 3 } }"""

    effect = effect_of(text)

    one = Literal("1", datatype=XSD.integer, normalize=False)
    assert effect.read_set == (Expected(URIRef("urn:a"), URIRef("urn:p"), one),)


def test_a_mistake_in_where_keeps_its_line() -> None:
    """The query has the pattern on the line on which the update has it."""
    update = read_update("PREFIX e: <urn:e:>\n# first\nDELETE { }\nWHERE {\n?s e:p 'x' BIND(1 AS ?s) }", KNOWN)

    assert update.query is not None
    assert update.query.split("\n")[4] == "?s e:p 'x' BIND(1 AS ?s) }"
    with pytest.raises(QueryRefused, match="error at 5:"):
        answer_of(store_of([]), update.query)


@pytest.mark.parametrize(
    "text",
    [
        "INSERT DATA { GRAPH graph:plant { <urn:a> <urn:p> '}', \"{\", '''}'{''', \"\"\"\\\"}\"\"\" } } # } {",
        "BASE <http://e/> PREFIX : <x#> INSERT DATA { GRAPH graph:plant { <a#b> :p :a\\;b, :c.d, :e\\'f } } ;",
        "PREFIX e: <urn:e:> INSERT DATA { } ; PREFIX e: <urn:f:> INSERT DATA { GRAPH graph:plant { e:a e:b e:c } };",
        "DELETE DATA { GRAPH graph:plant { <urn:a> <urn:p> TRUE, .5, -1, +1.0e-3, 'x'@en-GB, 'y'^^xsd:token } . }",
        "INSERT { graph graph:plant { ?s a ?o ; <urn:q> ?o, () . } } WHERE { ?s (<urn:a>/^<urn:b>*)|!<urn:c> ?o }",
        "WITH graph:plant DELETE { ?s ?p ?o . } WHERE { { SELECT ?s { ?s ?p ?o } LIMIT 3 } ?s ?p ?o }",
        "DELETE { } WHERE { ?s ?p ?o FILTER(?o < 3 && ?o >= 1 || REGEX(STR(?o), '[{]') || ?o IN (<urn:a>, ?p)) }",
    ],
)
def test_ordinary_updates_pass(text: str, effect_of: Callable[..., Effect]) -> None:
    """Braces in strings and comments, escapes, prefixes that change, paths, lists and sub-selects."""
    assert effect_of(text, [OLD]) is not None


def test_a_long_update_is_read() -> None:
    """A text near the greatest length; what is longer goes as a patch."""
    rows = " ".join(f"<urn:a{number}> <urn:b> {number} ." for number in range(1_500))
    text = f"INSERT DATA {{ GRAPH graph:plant {{ {rows} }} }}"

    effect = read_update(text, KNOWN).effect()

    assert len(effect.adds) == 1_500


@given(st.text(max_size=60), st.booleans())
def test_any_text_is_read_or_refused(text: str, inside: bool) -> None:
    """No text brings the reader to another error than its own."""
    with contextlib.suppress(UpdateRefused):
        read_update(f"INSERT DATA {{ GRAPH graph:plant {{ {text} }} }}" if inside else text, KNOWN)
