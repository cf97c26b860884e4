"""Why a fact holds, asked of the core over its channel."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from rdflib import RDF

from kg.change import Source
from kg.errors import BadValue
from kg.proof import Proof
from kg.terms import Term, term_text


def inferred(core: Any) -> tuple[Term, ...]:
    """A fact that follows by rules alone."""
    graph, engine = core.gate.graph, core.gate.conditions
    for triple in list(graph.triples()):
        if triple.p == graph.terms.node(RDF.type):
            proof = engine.explain(*map(graph.terms.term, triple))
            if proof is not None and proof.rule is not None:
                return proof.fact
    raise AssertionError("nothing is inferred")


async def test_a_fact_is_proved_and_its_alternatives_are_listed(
    core: Any, send: Callable[..., Any], olga: Source
) -> None:
    """The shortest proof with the seq of its absences; as many as were asked for; none of what does not hold."""
    fact = inferred(core)
    s, p, o = map(term_text, fact)
    shortest = core.gate.conditions.explain(*fact).stamped(core.gate.seq)

    one = await core.service.proof(olga, {"s": s, "p": p, "o": o})
    several = await core.service.proof(olga, {"s": s, "p": p, "o": o, "alternatives": 3})
    none = await core.service.proof(olga, {"s": s, "p": p, "o": s, "alternatives": 3})
    for most in (0, 1000, "3", 2.5, True):
        with pytest.raises(BadValue):
            await core.service.proof(olga, {"s": s, "p": p, "o": o, "alternatives": most})

    assert Proof.from_json(one) == shortest
    assert Proof.from_json(several["proofs"][0]) == shortest
    assert 1 <= len(several["proofs"]) <= 3
    assert isinstance(several["more"], bool)
    assert none == {"proofs": [], "more": False}
    assert (await send("proof", {"s": s, "p": p, "o": s}, olga)) == {}
