"""The canonical Turtle form: the same graph, one text."""

from __future__ import annotations

from importlib.resources import files
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from rdflib import RDF, XSD, BNode, Graph, Literal, URIRef
from rdflib.compare import isomorphic

from ontology.turtle import canonical, main, reformat

EX = "https://example.org/x#"
OURS = sorted(
    Path(str(path)) for room in ("ontology", "shapes", "plants") for path in Path(str(files(room))).rglob("*.ttl")
)

names = st.sampled_from(["a", "b.c", "d-e", "ORD-1", "_f", "g.", "h/i", ""]).map(lambda name: URIRef(EX + name))
blanks = st.integers(0, 4).map(lambda n: BNode(f"b{n}"))
texts = st.text(st.characters(codec="utf-8", exclude_categories=["Cs", "Cc"]) | st.sampled_from('\n\t\r"\\'))
literals = st.one_of(
    texts.map(Literal),
    texts.map(lambda text: Literal(text, lang="en")),
    st.integers(-(10**20), 10**20).map(Literal),
    st.booleans().map(Literal),
    st.floats(allow_nan=False, allow_infinity=False).map(Literal),
    st.decimals(allow_nan=False, allow_infinity=False, places=3).map(Literal),
    st.just(Literal("2026-01-05T05:00:00Z", datatype=XSD.dateTime)),
)
triples = st.tuples(names | blanks, names | st.just(RDF.type), names | blanks | literals)


def graph_of(items: list[tuple[URIRef | BNode, URIRef, URIRef | BNode | Literal]]) -> Graph:
    graph = Graph()
    graph.bind("ex", EX)
    for item in items:
        graph.add(item)
    return graph


@settings(deadline=None, max_examples=80)
@given(st.lists(triples, max_size=12))
def test_the_canonical_text_says_the_same(
    items: list[tuple[URIRef | BNode, URIRef, URIRef | BNode | Literal]],
) -> None:
    """What is written reads back as the same graph, and writing it again changes nothing."""
    graph = graph_of(items)

    text = canonical(graph)

    again = Graph().parse(data=text, format="turtle")
    assert isomorphic(again, graph), text
    assert canonical(again) == text


@settings(deadline=None, max_examples=30)
@given(st.lists(triples, max_size=8), st.randoms())
def test_order_and_names_of_blank_nodes_do_not_matter(items: list[tuple[object, ...]], rng: object) -> None:
    """The same triples in another order, with other names for blank nodes, give the same text."""
    shuffled = list(items)
    rng.shuffle(shuffled)  # type: ignore[attr-defined]
    renamed = [tuple(BNode(f"z{t}") if isinstance(t, BNode) else t for t in item) for item in shuffled]

    assert canonical(graph_of(renamed)) == canonical(graph_of(items))  # type: ignore[arg-type]


def test_lists_and_blank_nodes_are_nested_where_they_are_used() -> None:
    """A path reads as a path, `a` comes first, and numbers are plain."""
    text = """@prefix ex: <https://example.org/x#> .
    @prefix unused: <https://example.org/unused#> .
    ex:s ex:path ( ex:p [ ex:inverse ex:q ] ) ; ex:n 1.5e1, 2, true ; a ex:T ."""

    assert reformat(text) == (
        "@prefix ex: <https://example.org/x#> .\n\n"
        "ex:s a ex:T ;\n"
        "    ex:n 1.5E1, 2, true ;\n"
        "    ex:path ( ex:p [ ex:inverse ex:q ] ) .\n"
    )


def test_the_comment_at_the_head_stays_and_others_go(tmp_path: Path) -> None:
    """A file keeps the block of `#` lines with which it begins."""
    file = tmp_path / "x.ttl"
    file.write_text("# Why.\n# And how.\n@prefix ex: <https://example.org/x#> .\n# gone\nex:a ex:b ex:c .\n")

    assert main(["--check", str(file)]) == 1
    assert main([str(file)]) == 0

    assert file.read_text() == "# Why.\n# And how.\n\n@prefix ex: <https://example.org/x#> .\n\nex:a ex:b ex:c .\n"
    assert main(["--check", str(file)]) == 0


@pytest.mark.parametrize("file", OURS, ids=lambda file: f"{file.parent.name}/{file.name}")
def test_our_files_are_canonical(file: Path) -> None:
    """A difference in one of our Turtle files is a difference in what it says."""
    assert reformat(file.read_text(encoding="utf-8")) == file.read_text(encoding="utf-8")
