"""Random queries: values given beforehand change no row, and incremental results equal full ones."""

from __future__ import annotations

import os
import random
from collections import Counter

import pytest
from rdflib import BNode, Graph, Literal, Namespace, URIRef
from rdflib.namespace import RDF, SH, XSD
from rdflib.term import Node as RdfNode
from rdflib.term import Variable

from kg.graph import Transaction, WorkingGraph
from kg.names import GraphName
from reasoner.shacl import Validator, compile_shapes, full_report
from reasoner.shacl.model import Evidence, Shapes, Sparql
from reasoner.shacl.sight import Meter
from reasoner.shacl.sparql import Engine, machine
from reasoner.shacl.sparql.lookup import Row
from reasoner.shacl.sparql.translate import THIS
from reasoner.shacl.validator import sights_of

#: Random queries, 6 transactions each; more in `make soak`.
SEEDS = int(os.environ.get("TWINWRIGHT_QUERY_SEEDS", "60"))
EX = Namespace("http://example.org/")
NODES = [EX[f"n{i}"] for i in range(5)] + [BNode("b0")]
STEPS = ["ex:p0", "ex:p1", "ex:p2", "^ex:p0", "ex:p0/ex:p1", "ex:p1*", "(ex:p0|^ex:p2)+", "ex:p2?", "?p", "!ex:p1"]


class QueryMaker:
    """Writes random groups. At most `left` triple patterns, so that even a product of all of them stays small."""

    def __init__(self, rng: random.Random, focus: str) -> None:
        self.rng = rng
        self.focus = focus
        self.left = 5
        self.fresh = 0

    def variable(self) -> str:
        return self.rng.choice([self.focus, self.focus, "?a", "?b", "?c", "?d"])

    def triple(self) -> str:
        if not self.left:
            return ""
        self.left -= 1
        rng = self.rng
        end = rng.choice([self.variable(), self.variable(), self.variable(), "ex:n1"])
        return f"{rng.choice([self.variable(), self.variable(), 'ex:n0'])} {rng.choice(STEPS)} {end} . "

    def group(self, depth: int) -> str:
        rng = self.rng
        text = self.triple()
        for _ in range(rng.randint(0, 2)):
            makers = [self.triple, self.condition]
            if depth:
                makers += [self.optional, self.union, self.exists, self.subselect, self.bind, self.nested]
            text += rng.choice(makers)() if depth == 0 else self._deeper(rng.choice(makers), depth)
        return text

    def _deeper(self, maker: object, depth: int) -> str:
        self.depth = depth - 1
        return maker()  # type: ignore[operator]

    def nested(self) -> str:
        return f"{{ {self.group(self.depth)} }} "

    def optional(self) -> str:
        return f"OPTIONAL {{ {self.group(self.depth)} }} "

    def union(self) -> str:
        depth = self.depth
        return f"{{ {self.group(depth)} }} UNION {{ {self.group(depth)} }} "

    def exists(self) -> str:
        return f"FILTER {self.rng.choice(['', 'NOT '])}EXISTS {{ {self.group(self.depth)} }} "

    def condition(self) -> str:
        one, other = self.variable(), self.variable()
        return self.rng.choice(
            [f"FILTER ({one} != {other}) ", f"FILTER (!bound({one})) ", f"FILTER (bound({one}) || {one} = {other}) "]
        )

    def bind(self) -> str:
        self.fresh += 1
        value = self.rng.choice([self.variable(), f"EXISTS {{ {self.triple()} }}", f"STR({self.variable()})"])
        return f"BIND ({value} AS ?v{self.fresh}) FILTER (bound(?v{self.fresh})) "

    def subselect(self) -> str:
        rng, inner = self.rng, self.group(self.depth)
        kept = rng.sample(["?a", "?b", "?c"], rng.randint(0, 2))
        names = " ".join([self.focus, *kept])
        self.fresh += 1
        tail = f"HAVING (COUNT(?d) > {rng.randint(0, 1)})"
        return rng.choice(
            [
                f"{{ SELECT {names} WHERE {{ {inner} }} }} ",
                f"{{ SELECT DISTINCT {names} WHERE {{ {inner} }} }} ",
                f"{{ SELECT {names} WHERE {{ {inner} }} ORDER BY ?a LIMIT 2 }} ",
                f"{{ SELECT {names} (COUNT(?d) AS ?v{self.fresh}) WHERE {{ {inner} }} GROUP BY {names} {tail} }} ",
                f"{{ SELECT {self.focus} (MAX(?a) AS ?v{self.fresh}) WHERE {{ {inner} }} GROUP BY {self.focus} }} ",
            ]
        )


def shapes_for(rng: random.Random) -> Shapes:
    """A constraint and a target, each with a query of its own."""
    graph, names = Graph(), BNode()
    for p, o in ((SH.prefix, Literal("ex")), (SH.namespace, Literal(str(EX), datatype=XSD.anyURI))):
        graph.add((names, p, o))
    graph.add((EX.names, SH.declare, names))
    for name, focus, holder in ((EX.S, "$this", SH.sparql), (EX.T, "?this", SH.target)):
        body = QueryMaker(rng, focus).group(2)
        node = BNode()
        for p, o in (
            (SH.select, Literal(f"SELECT DISTINCT {focus} ?a ?b WHERE {{ {body} }}")),
            (SH.prefixes, EX.names),
        ):
            graph.add((node, p, o))
        graph.add((name, RDF.type, SH.NodeShape))
        graph.add((name, holder, node))
    for node in NODES[:4]:
        if isinstance(node, URIRef):
            graph.add((EX.S, SH.targetNode, node))
    graph.add((EX.T, SH["class"], EX.Nothing))
    return compile_shapes(graph)


class World:
    """A small graph under random queries."""

    def __init__(self, seed: int) -> None:
        self.rng = random.Random(seed)
        self.shapes = shapes_for(self.rng)
        self.graph = WorkingGraph()
        self.first = Transaction(self.graph)
        for _ in range(10):
            self.change(self.first)

    def triple(self) -> tuple[RdfNode, RdfNode, RdfNode]:
        return self.rng.choice(NODES), EX[f"p{self.rng.randrange(3)}"], self.rng.choice(NODES)

    def change(self, transaction: Transaction) -> None:
        held = list(self.graph.triples())
        if held and self.rng.random() < 0.4:
            transaction.remove(*self.rng.choice(held), GraphName.PLANT)
        else:
            transaction.add(*(self.graph.terms.node(term) for term in self.triple()), GraphName.PLANT)


def _counted(rows: list[Row]) -> Counter[frozenset[tuple[Variable, object]]]:
    return Counter(frozenset(row.items()) for row in rows)


@pytest.mark.parametrize("seed", range(SEEDS))
def test_random_queries(seed: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """Rows are those of an evaluation from the bottom up; checks agree with full validation after each change."""
    world = World(seed)
    shapes, graph = world.shapes, world.graph
    constraint = next(c for root in shapes.roots for c in root.constraints if isinstance(c, Sparql))
    engine, sight = Engine(graph.terms), sights_of(graph, Meter())[Evidence.ENTAILED]
    foci = [{THIS: graph.terms.node(node)} for node in NODES]
    found = [_counted(engine.solve(constraint.query, sight, focus)) for focus in foci]
    with monkeypatch.context() as patched:
        patched.setattr(machine, "_passed", lambda *_: {})
        assert [_counted(engine.solve(constraint.query, sight, focus)) for focus in foci] == found

    validator = Validator(graph, shapes, budget=50_000_000)
    validator.start(world.first)
    assert set(validator.results()) == set(full_report(graph, shapes))
    for _ in range(6):
        transaction = Transaction(graph)
        world.change(transaction)
        assert validator.check(transaction).undecided == ()
        assert set(validator.results()) == set(full_report(graph, shapes))
