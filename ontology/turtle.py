"""One way to write a graph down as Turtle, so that two equal graphs give the same text and a diff shows what changed.

    python -m ontology.turtle PATHS          rewrite files, and all .ttl files in folders
    python -m ontology.turtle --check PATHS  exit with 1 and name the files that are written otherwise

Subjects by IRI, `a` first among the predicates, then by name; lists and blank nodes nested where they are used;
only the prefixes that occur. Comments are lost, except for a block of `#` lines at the head of a file.
"""

from __future__ import annotations

import argparse
import re
import sys
from collections.abc import Callable, Iterable, Sequence
from decimal import Decimal
from pathlib import Path

from rdflib import RDF, XSD, BNode, Graph, Literal, URIRef
from rdflib.compare import to_canonical_graph
from rdflib.term import Node

_WIDTH = 118
_LOCAL = re.compile(r"[A-Za-z0-9_]([A-Za-z0-9_.-]*[A-Za-z0-9_-])?")
_INTEGER = re.compile(r"[+-]?[0-9]+")
_DECIMAL = re.compile(r"[+-]?[0-9]*\.[0-9]+")
_ESCAPES = {"\\": "\\\\", '"': '\\"', "\n": "\\n", "\r": "\\r", "\t": "\\t"}


def canonical(graph: Graph, header: str = "") -> str:
    """The graph as Turtle, below the header. Equal graphs with equal prefixes give equal texts."""
    if not _nested(graph).issuperset(o for o in graph.objects() if isinstance(o, BNode)):
        graph = _with_stable_labels(graph)
    writer = _Writer(graph)
    blocks = [writer.block(subject) for subject in writer.top_level()]
    lines = [f"@prefix {prefix}: <{namespace}> ." for prefix, namespace in sorted(writer.used.items())]
    parts = ([header.rstrip("\n")] if header else []) + (["\n".join(lines)] if lines else []) + blocks
    return "\n\n".join(parts) + "\n"


def reformat(text: str) -> str:
    """A Turtle text in canonical form; the `#` lines at its head are kept."""
    return canonical(Graph().parse(data=text, format="turtle"), header_of(text))


def header_of(text: str) -> str:
    """The block of `#` lines with which a text begins; empty where there is none."""
    lines = text.splitlines()
    end = next((i for i, line in enumerate(lines) if not line.startswith("#")), len(lines))
    return "\n".join(lines[:end])


class _Writer:
    """Renders the nodes of one graph and notes which prefixes it used."""

    def __init__(self, graph: Graph) -> None:
        self._graph = graph
        self._prefixes = {str(namespace): prefix for prefix, namespace in graph.namespaces() if prefix}
        self._nested = _nested(graph)
        self.used: dict[str, str] = {}

    def top_level(self) -> Iterable[Node]:
        """Named subjects by IRI, then the blank nodes that are not nested anywhere."""
        subjects = set(self._graph.subjects())
        named = sorted(s for s in subjects if isinstance(s, URIRef))
        loose = [s for s in subjects if isinstance(s, BNode) and s not in self._nested]
        return [*named, *sorted(loose, key=self.block)]

    def block(self, subject: Node) -> str:
        """Subject, predicates and objects, ended by a full stop."""
        if isinstance(subject, BNode) and not any(self._graph.triples((None, None, subject))):
            head = "[]"
        else:
            head = self._term(subject, 0)
        return f"{head} {self._predicates(subject, 4)} ."

    def _predicates(self, subject: Node, indent: int) -> str:
        rows = [(self._verb(p), self._objects(subject, p, indent)) for p in set(self._graph.predicates(subject))]
        rows.sort(key=lambda row: (row[0] != "a", row[0]))
        return f" ;\n{' ' * indent}".join(f"{verb} {objects}" for verb, objects in rows)

    def _objects(self, subject: Node, predicate: Node, indent: int) -> str:
        objects = list(self._graph.objects(subject, predicate))
        deeper = indent + 4 if len(objects) > 1 else indent
        return _joined(sorted(self._term(o, deeper) for o in objects), ", ", f",\n{' ' * deeper}", indent)

    def _verb(self, predicate: Node) -> str:
        return "a" if predicate == RDF.type else self._term(predicate, 0)

    def _term(self, term: Node, indent: int) -> str:
        if isinstance(term, Literal):
            return self._literal(term)
        if isinstance(term, URIRef):
            return self._iri(term)
        if self._is_list(term):
            items = [self._term(item, indent + 4) for item in self._graph.items(term)]
            pad = f"\n{' ' * (indent + 4)}"
            return "( " + _joined(items, " ", pad, indent) + " )" if items else "()"
        if term in self._nested:
            inner = self._predicates(term, indent + 4)
            flat = f"[ {inner} ]"
            return flat if "\n" not in flat else f"[\n{' ' * (indent + 4)}{inner}\n{' ' * indent}]"
        return f"_:{term}"

    def _iri(self, iri: URIRef) -> str:
        if iri == RDF.nil:
            return "()"
        cut = max(iri.rfind("#"), iri.rfind("/")) + 1
        namespace, local = str(iri)[:cut], str(iri)[cut:]
        prefix = self._prefixes.get(namespace)
        if prefix is None or not _LOCAL.fullmatch(local):
            return f"<{iri}>"
        self.used[prefix] = namespace
        return f"{prefix}:{local}"

    def _literal(self, literal: Literal) -> str:
        text, datatype = str(literal), literal.datatype
        if literal.language:
            return f"{_quoted(text)}@{literal.language}"
        if datatype is None or datatype == XSD.string:
            return _quoted(text)
        plain = _PLAIN[datatype](text) if datatype in _PLAIN else None
        return plain if plain is not None else f"{_quoted(text)}^^{self._iri(datatype)}"

    def _is_list(self, term: Node) -> bool:
        """True for a blank node that begins a list used in one place only, each cell with nothing else to say."""
        while term != RDF.nil:
            if term not in self._nested or set(self._graph.predicates(term)) != {RDF.first, RDF.rest}:
                return False
            rests = list(self._graph.objects(term, RDF.rest))
            if len(rests) != 1 or len(list(self._graph.objects(term, RDF.first))) != 1:
                return False
            term = rests[0]
        return True


def _nested(graph: Graph) -> set[Node]:
    """Blank nodes that are the object of exactly one triple and, going up such triples, do not meet themselves."""
    above: dict[Node, list[Node]] = {}
    for subject, _, o in graph:
        if isinstance(o, BNode):
            above.setdefault(o, []).append(subject)
    nested: set[Node] = set()
    for start in above:
        chain, node = [], start
        while node not in chain and node not in nested and len(above.get(node, ())) == 1:
            chain.append(node)
            node = above[node][0]
        if node not in chain:
            nested.update(chain)
    return nested


def _with_stable_labels(graph: Graph) -> Graph:
    relabelled = Graph()
    for prefix, namespace in graph.namespaces():
        relabelled.bind(prefix, namespace, replace=True)
    for triple in to_canonical_graph(graph):
        relabelled.add(triple)
    return relabelled


def _joined(items: Sequence[str], flat: str, broken: str, indent: int) -> str:
    line = flat.join(items)
    fits = len(line) + indent <= _WIDTH - 40 and "\n" not in line
    return line if fits or len(items) == 1 else broken.join(items)


def _quoted(text: str) -> str:
    if "\n" in text:
        body = text.replace("\\", "\\\\").replace('"""', '\\"\\"\\"')
        return f'"""{body[:-1]}\\""""' if body.endswith('"') else f'"""{body}"""'
    return '"' + "".join(_ESCAPES.get(c, c) for c in text) + '"'


def _double(text: str) -> str | None:
    try:
        number = Decimal(repr(float(text)))
    except ValueError:
        return None
    if not number.is_finite():
        return None
    sign, digits, exponent = number.normalize().as_tuple()
    fraction = "".join(map(str, digits[1:])) or "0"
    return f"{'-' if sign else ''}{digits[0]}.{fraction}E{int(exponent) + len(digits) - 1}"


_PLAIN: dict[URIRef, Callable[[str], str | None]] = {
    XSD.integer: lambda text: text if _INTEGER.fullmatch(text) else None,
    XSD.decimal: lambda text: text if _DECIMAL.fullmatch(text) else None,
    XSD.boolean: lambda text: text if text in ("true", "false") else None,
    XSD.double: _double,
}


def _files(paths: Iterable[Path]) -> Iterable[Path]:
    for path in paths:
        yield from sorted(path.rglob("*.ttl")) if path.is_dir() else [path]


def main(arguments: Sequence[str] | None = None) -> int:
    """0, or 1 where `--check` found files that are not canonical."""
    parser = argparse.ArgumentParser(prog="python -m ontology.turtle", description="Write Turtle in canonical form.")
    parser.add_argument("--check", action="store_true", help="change nothing; fail where a file is not canonical")
    parser.add_argument("paths", nargs="+", type=Path, help="files, or folders with .ttl files")
    options = parser.parse_args(arguments)
    different = []
    for file in _files(options.paths):
        old = file.read_text(encoding="utf-8")
        new = reformat(old)
        if new != old:
            different.append(file)
            if not options.check:
                file.write_text(new, encoding="utf-8")
    word = "not canonical" if options.check else "rewritten"
    sys.stdout.writelines(f"{file}: {word}\n" for file in different)
    return 1 if options.check and different else 0


if __name__ == "__main__":
    raise SystemExit(main())
