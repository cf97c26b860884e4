"""Who each token of the request channel is: the parts of the twin, the agents, and the persons named in the policy.

The supervisor draws fresh tokens at each start and leaves them in DATA/run/tokens.json, which only the owner of the
data directory may read. Every process maps the tokens it is given to a `Source`; nobody says who they are themselves.
"""

from __future__ import annotations

import json
import os
import secrets
from collections.abc import Iterable, Mapping
from pathlib import Path

from rdflib import Graph, Literal, URIRef
from rdflib.namespace import RDFS

from kg.change import Role, Source
from kg.errors import PlantIncomplete, ServiceDown
from ontology import TW

CORE = "core"
GATEWAY = "gateway"
REPLICA = "replica"
AGENTS = "agents"
MEASURES = "measures"
"""Under this token the agents' process reports features and KPIs; an agent may not report what it is judged by."""
WEB = "web"
"""Under this token the web process looks at the twin; what people do there is said under their own."""
PARTS = (CORE, GATEWAY, REPLICA, AGENTS, MEASURES, WEB)
"""Every part of a twin that speaks to another one. Core, gateway and replica serve a socket of their name."""

_PART_ROLES = {
    CORE: Role.CLOCK,
    GATEWAY: Role.GATEWAY,
    REPLICA: Role.VIEWER,
    MEASURES: Role.MEASURE,
    WEB: Role.VIEWER,
}


def part_iri(part: str) -> URIRef:
    """The IRI under which a part of the twin speaks."""
    return URIRef(f"urn:twinwright:{part}")


def socket_path(data: Path, part: str) -> Path:
    """The Unix socket on which a part serves."""
    return data / "run" / f"{part}.sock"


def tokens_path(data: Path) -> Path:
    return data / "run" / "tokens.json"


def create_tokens(data: Path, persons: Iterable[str]) -> dict[str, str]:
    """Fresh random tokens for the parts and persons, by name, written to DATA/run/tokens.json with mode 0600."""
    tokens = {name: secrets.token_urlsafe(32) for name in (*PARTS, *persons)}
    path = tokens_path(data)
    path.parent.mkdir(parents=True, exist_ok=True)
    path.parent.chmod(0o700)
    fresh = path.with_suffix(".new")
    fresh.unlink(missing_ok=True)
    with os.fdopen(os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w", encoding="utf-8") as file:
        json.dump(tokens, file, indent=1)
    fresh.replace(path)
    return tokens


def read_tokens(data: Path) -> dict[str, str]:
    """The tokens of the twin that runs on this data directory, by name. Raises ServiceDown where none has run."""
    path = tokens_path(data)
    try:
        held = json.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise ServiceDown(f"No twin runs on {data}.", data=str(data)) from None
    except (OSError, ValueError) as error:
        raise ServiceDown(f"{path} cannot be read: {error}.", data=str(data)) from error
    if not isinstance(held, dict) or not all(isinstance(token, str) and token for token in held.values()):
        raise ServiceDown(f"{path} does not hold tokens.", data=str(data))
    return {str(name): str(token) for name, token in held.items()}


def read_persons(policy: Graph) -> dict[str, Source]:
    """The persons of a policy by login, which is the last part of their IRI.

        bot:olga a tw:Person ; rdfs:label "Olga" ; tw:role "operator" .

    Raises PlantIncomplete for a role that does not exist or a login that a part of the twin uses.
    """
    persons: dict[str, Source] = {}
    for person, role in sorted(policy.subject_objects(TW.role)):
        if not isinstance(person, URIRef):
            raise PlantIncomplete("A person in the policy needs an IRI.", node=str(person))
        login = local_name(person)
        if login in persons or login in PARTS:
            raise PlantIncomplete(f"The login {login} of {person} is used twice.", node=str(person))
        persons[login] = Source(person, _role(person, role))
    return persons


def person_label(policy: Graph, person: URIRef) -> str:
    """The printed name of a person, or the login where the policy gives none."""
    label = policy.value(person, RDFS.label)
    return str(label) if isinstance(label, Literal) else local_name(person)


def sources(tokens: Mapping[str, str], persons: Mapping[str, Source], agent: URIRef) -> dict[str, Source]:
    """Token -> Source, for a Server of `kg.channel`. `agent` is the agent that runs in the agents' process."""
    known = {part: Source(part_iri(part), role) for part, role in _PART_ROLES.items()}
    known[AGENTS] = Source(agent, Role.AGENT)
    known.update(persons)
    return {token: known[name] for name, token in tokens.items() if name in known}


def viewers(tokens: Mapping[str, str]) -> dict[str, Source]:
    """Token -> Source for a Server that everybody known may only read from, so that roles do not matter."""
    return {token: Source(part_iri(name), Role.VIEWER) for name, token in tokens.items()}


def local_name(iri: str) -> str:
    """What stands behind the last # or / or : of an IRI."""
    return iri.replace("#", "/").replace(":", "/").rpartition("/")[2]


def _role(person: URIRef, role: object) -> Role:
    try:
        return Role(str(role).lower())
    except ValueError:
        roles = ", ".join(Role)
        raise PlantIncomplete(f"{person} has the role {role}; roles are {roles}.", node=str(person)) from None
