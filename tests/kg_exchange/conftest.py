"""A small dataset in the named graphs, and what an answer of the replica looks like."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Any

import pyoxigraph
import pytest

from kg.change import Quad
from kg.exchange import Effect, read_update
from kg.replica import PREFIXES, Limits, check_query, run_query
from kg.wire import quads_to_text, text_to_quads

BOT = "https://w3id.org/twinwright/plants/bottling#"
KNOWN = PREFIXES | {"bot": BOT}


def store_of(quads: Iterable[Quad]) -> pyoxigraph.Store:
    """The quads in Oxigraph."""
    store = pyoxigraph.Store()
    store.extend(pyoxigraph.parse(quads_to_text(quads), format=pyoxigraph.RdfFormat.N_QUADS))
    return store


def quads_of(store: pyoxigraph.Store) -> frozenset[Quad]:
    """The quads that Oxigraph holds."""
    text = pyoxigraph.serialize(store, format=pyoxigraph.RdfFormat.N_QUADS) or b""
    return frozenset(text_to_quads(text.decode()))


def answer_of(store: pyoxigraph.Store, query: str, limits: Limits | None = None) -> Mapping[str, Any]:
    """What a replica would answer."""
    return run_query(store, check_query(query), KNOWN, limits or Limits()).to_json()


@pytest.fixture
def effect_of() -> Callable[[str, Iterable[Quad]], Effect]:
    """An update evaluated over quads."""

    def evaluate(text: str, quads: Iterable[Quad] = ()) -> Effect:
        update = read_update(text, KNOWN)
        return update.effect(answer_of(store_of(quads), update.query) if update.query else None)

    return evaluate
