"""RDF files read as triples, in every format that is told by a file's name."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from rdflib import RDF, BNode, Literal, URIRef
from rdflib.namespace import XSD

from kg.errors import BadFile, BadTerm
from kg.exchange.rdf_files import EXTENSIONS, FORMATS, RdfReader, to_text

EX = "http://example.org/"
A, P = URIRef(EX + "a"), URIRef(EX + "p")
TEXTS = {
    "ttl": "@prefix ex: <http://example.org/> . ex:a ex:p _:b .",
    "n3": "@prefix ex: <http://example.org/> . ex:a ex:p _:b .",
    "nt": f"<{A}> <{P}> _:b .",
    "nq": f"<{A}> <{P}> _:b <urn:g> .",
    "trig": f"<urn:g> {{ <{A}> <{P}> _:b }}",
    "rdf": f'<r:RDF xmlns:r="{RDF}" xmlns:e="{EX}"><r:Description r:about="{A}"><e:p r:nodeID="b"/>'
    "</r:Description></r:RDF>",
    "jsonld": f'{{"@id": "{A}", "{P}": {{"@id": "_:b"}}}}',
    "trix": '<TriX xmlns="http://www.w3.org/2004/03/trix/trix-1/"><graph><triple>'
    f"<uri>{A}</uri><uri>{P}</uri><id>b</id></triple></graph></TriX>",
    "hext": f'["{A}", "{P}", "_:b", "localId", "", ""]',
}
TEXTS |= {"owl": TEXTS["rdf"], "xml": TEXTS["rdf"], "json": TEXTS["jsonld"]}
WRITTEN = {
    "turtle": "ttl",
    "ntriples": "nt",
    "json-ld": "jsonld",
    "nquads": "nq",
    "trig": "trig",
    "n3": "n3",
    "xml": "rdf",
}


def put(folder: Path, name: str, text: str | bytes) -> Path:
    path = folder / name
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    return path


@pytest.mark.parametrize("extension", TEXTS)
def test_every_format_gives_the_same_triple(extension: str, tmp_path: Path) -> None:
    """Named graphs are read as one; capitals in the name don't matter."""
    ((s, p, o),) = RdfReader().triples(put(tmp_path, f"x.{extension.upper()}", TEXTS[extension]))

    assert (s, p) == (A, P)
    assert isinstance(o, BNode)
    assert {f".{extension}" for extension in TEXTS} == set(EXTENSIONS)


def test_lexical_forms_are_kept_and_strings_are_plain(tmp_path: Path) -> None:
    """Unlike rdflib's own parsers, which normalise."""
    text = f'<{A}> <{P}> "01"^^<{XSD.integer}> , "no"^^<{XSD.integer}> , "x"^^<{XSD.string}> , "y"@en-GB .'

    found = [o.n3() for _, _, o in RdfReader().triples(put(tmp_path, "x.ttl", text))]

    assert found == [f'"01"^^<{XSD.integer}>', f'"no"^^<{XSD.integer}>', '"x"', '"y"@en-gb']


def test_labels_of_one_file_stay_and_those_of_two_stay_apart(tmp_path: Path) -> None:
    """A label that is taken gets a number that nobody uses."""
    reader = RdfReader()
    first = put(tmp_path, "1.ttl", f"_:b <{P}> _:b-2 .")
    second = put(tmp_path, "2.ttl", f"_:b <{P}> _:b , _:b-2 , _:c .")

    nodes = [[(str(s), str(o)) for s, _, o in reader.triples(path)] for path in (first, second)]

    assert nodes == [[("b", "b-2")], [("b-3", "b-3"), ("b-3", "b-2-2"), ("b-3", "c")]]


def test_the_first_declaration_of_a_prefix_counts(tmp_path: Path) -> None:
    """For one triple written as in Turtle, with or without its dot."""
    reader = RdfReader()
    for name, namespace in (("1.ttl", EX), ("2.ttl", "urn:")):
        list(reader.triples(put(tmp_path, name, f"@prefix ex: <{namespace}> . ex:a ex:p 1 .")))

    fact = reader.fact(' ex:a a rdf:List . ', {"rdf": str(RDF)})  # fmt: skip

    assert reader.prefixes == {"ex": EX}
    assert fact == (A, RDF.type, RDF.List) == reader.fact("ex:a a rdf:List", {"rdf": str(RDF)})


@pytest.mark.parametrize(
    "text", ["", "ex:a", "ex:a ex:p", "ex:a ex:p 1, 2", "1 a 2", "no:a a no:b", "<a> <b> <c>", ". ."]
)
def test_what_is_not_one_triple_is_refused(text: str) -> None:
    """A sentence with the text."""
    reader = RdfReader()
    reader.prefixes["ex"] = EX

    with pytest.raises(BadTerm):
        reader.fact(text, {})


@pytest.mark.parametrize(
    ("name", "text", "error", "says"),
    [
        ("x.foo", "", BadFile, "known are .hext"),
        ("x", "", BadFile, "cannot be told from its name"),
        ("x.ttl", f"<{A}> <{P}>\n\n  ;; 1 .", BadTerm, r"x\.ttl, line 3, column 3: "),
        ("x.nt", f"<{A}> <{P}> 1 .", BadTerm, "line 1"),
        ("x.rdf", "<rdf:RDF", BadTerm, "not closed"),
        ("x.jsonld", "{", BadTerm, "line 1"),
        ("x.jsonld", '{"@context": "http://example.org/c"}', BadTerm, "write it into the file"),
        ("x.n3", "{ <urn:a> <urn:b> <urn:c> } <urn:d> <urn:e> .", BadTerm, "formula"),
        ("x.ttl", f"<{A}> <{P}> <<( <{A}> <{P}> <{A}> )>> .", BadTerm, "Triples about triples"),
        ("x.trix", "<TriX", BadTerm, "does not parse as trix"),
        ("x.hext", "[1", BadTerm, "does not parse as hext"),
        ("x.hext", '["a","b"]', BadTerm, "does not parse as hext"),
        ("x.ttl", b"\xff\xfe", BadTerm, "UTF-8"),
    ],
)  # fmt: skip
def test_what_cannot_be_read_is_named(name: str, text: Any, error: type[Exception], says: str, tmp_path: Path) -> None:
    """The file, and the line where there is one."""
    path = put(tmp_path, name, text)

    with pytest.raises(error, match=says):
        list(RdfReader().triples(path))


@pytest.mark.parametrize("extension", ["ttl", "hext"])
def test_a_file_that_is_not_there(extension: str, tmp_path: Path) -> None:
    """And a folder that is called like a file."""
    folder = tmp_path / f"folder.{extension}"
    folder.mkdir()

    for path in (tmp_path / f"absent.{extension}", folder):
        with pytest.raises(BadFile, match="cannot be read"):
            list(RdfReader().triples(path))


IRIS = st.sampled_from([A, P, URIRef(EX + "b#c"), URIRef("urn:x:y"), RDF.type])
BLANKS = st.sampled_from([BNode("b"), BNode("b-2")])
LITERALS = st.builds(Literal, st.text(st.characters(codec="utf-8", exclude_characters="\x00"))) | st.sampled_from(
    [Literal("x", lang="en"), Literal("01", datatype=XSD.integer, normalize=False), Literal("no", datatype=XSD.double)]
)


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(facts=st.lists(st.tuples(IRIS | BLANKS, IRIS, IRIS | BLANKS | LITERALS), max_size=6))
@pytest.mark.parametrize("form", [form for form in FORMATS if form != "xml"])
def test_what_is_written_is_read_back(form: str, facts: list[Any], tmp_path: Path) -> None:
    """Any text in a literal, any blank node; RDF/XML can't write every character and every predicate."""
    path = put(tmp_path, f"x.{WRITTEN[form]}", to_text(facts, form, {"ex": EX}))

    assert set(RdfReader().triples(path)) == set(facts)


@pytest.mark.parametrize("extension", TEXTS)
def test_a_byte_order_mark_is_passed_over(extension: str, tmp_path: Path) -> None:
    """As some editors write it."""
    ((s, p, _),) = RdfReader().triples(put(tmp_path, f"x.{extension}", b"\xef\xbb\xbf" + TEXTS[extension].encode()))

    assert (s, p) == (A, P)
