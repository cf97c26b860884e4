"""Raising and lowering the agents' level of autonomy: a recorded change of the policy, in an engineer's name."""

from __future__ import annotations

from rdflib import URIRef

from api.acts import autonomy_change
from api.prepare import Prepared
from kg.change import Role
from kg.channel import AsyncClient
from kg.errors import BadTerm, NotAuthorised
from kg.plantfolder import PlantFolder
from kg.tokens import CORE, REPLICA, socket_path
from kg.wire import change_to_json, json_to_verdict

_LEVELS = "SELECT ?node ?level { GRAPH graph:policy { ?node a tw:Autonomy ; tw:level ?level } } ORDER BY ?node"


async def set_autonomy(prepared: Prepared, level: str, at_us: int, reason: str) -> int | None:
    """Give every tw:Autonomy of the policy this level; the seq of the change, or None where nothing had to change.

    Raises NotAuthorised where the policy knows no engineer or the Gate says no.
    """
    login = engineer(prepared.plant)
    replica = AsyncClient(socket_path(prepared.data, REPLICA), prepared.tokens[login])
    core = AsyncClient(socket_path(prepared.data, CORE), prepared.tokens[login])
    try:
        answer = await replica.call("query", {"query": _LEVELS}, timeout_s=20.0)
        change = autonomy_change(_held(answer["results"]["results"]["bindings"]), level, reason, at_us)
        if change is None:
            return None
        verdict = json_to_verdict(await core.call("submit", {"change": change_to_json(change)}))
    finally:
        await replica.close()
        await core.close()
    if not verdict.admitted:
        told = "; ".join(given.sentence for given in verdict.reasons)
        raise NotAuthorised(f"The autonomy stays as it is: {told}", level=level)
    return verdict.seq


def engineer(plant: PlantFolder) -> str:
    """The login of the first engineer. Raises NotAuthorised where there is none."""
    for login, person in sorted(plant.persons.items()):
        if person.role is Role.ENGINEER:
            return login
    raise NotAuthorised(f"The policy of {plant.name} names no engineer, and only engineers change autonomy.")


def _held(rows: list[dict[str, dict[str, str]]]) -> list[tuple[URIRef, str]]:
    held = [(URIRef(row["node"]["value"]), row["level"]["value"]) for row in rows]
    if not held:
        raise BadTerm("The policy holds no tw:Autonomy to change.")
    return held
