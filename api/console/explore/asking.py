"""Asks the replica in the visitor's name, under the limits of this twin."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from typing import Any, Final

from api.console.explore import questions
from api.console.explore.facts import About, Node, about_of, nodes_of
from api.console.explore.names import Kind
from api.web.access import Action, decide
from api.web.identity import Person
from api.web.twin import Twin
from kg.tokens import REPLICA

MOST_ROWS: Final = 10_000
"""Rows that a page holds; the API gives more where the twin allows it."""
_LOOK_S: Final = 5.0


async def ask(twin: Twin, person: Person, query: str, seconds: float, rows: int) -> dict[str, Any]:
    """The replica's answer, graphs as Turtle. Raises what the replica raises, NotAuthorised, or ServiceDown."""
    decide(person, Action.QUERY)
    body = {"query": query, "timeout_s": seconds, "limit": rows}
    return await twin.call(person, REPLICA, "query", body, timeout_s=2 * seconds + 5)


async def look(twin: Twin, person: Person, iri: str) -> About:
    """Everything that is shown of a node. Raises UnknownNode for what is no IRI."""
    texts = (questions.itself(iri), questions.about(iri), questions.through_unnamed(iri), questions.checks(iri))
    itself, facts, unnamed, checks = await asyncio.gather(*(_rows(twin, person, text) for text in texts))
    return about_of(iri, itself, facts, unnamed, checks, twin.info)


async def find(twin: Twin, person: Person, text: str, kind: Kind | None) -> list[Node]:
    """The nodes that somebody looks for; without a text those to begin with."""
    wanted = questions.search(text, kind) if text.strip() else questions.starts()
    return nodes_of(await _rows(twin, person, wanted), twin.info)


async def _rows(twin: Twin, person: Person, query: str) -> Sequence[Mapping[str, Mapping[str, str]]]:
    answer = await ask(twin, person, query, min(_LOOK_S, twin.settings.query_timeout_s), questions.MOST_FACTS + 1)
    return answer["results"]["results"]["bindings"]  # type: ignore[no-any-return]
