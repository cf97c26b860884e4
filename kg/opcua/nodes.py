"""From node ids as the plant model writes them to node ids as a running server understands them.

The model names a node by its namespace URI, because the index of a namespace may change whenever a server restarts.
Source: OPC 10000-6, 5.1.12 (ExpandedNodeId as text; `;` and `%` in a URI are escaped as %3B and %25).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from asyncua import ua
from asyncua.ua.uaerrors import UaError

from kg.errors import PlantIncomplete


def split(node_id: str) -> tuple[str, str]:
    """Namespace URI and identifier of `nsu=<uri>;s=<text>`; identifiers are s=, i=, g= or b=.

    Raises PlantIncomplete.
    """
    head, separator, identifier = node_id.partition(";")
    if not head.startswith("nsu=") or not separator or identifier[:2] not in ("s=", "i=", "g=", "b="):
        raise PlantIncomplete(f"A node id reads nsu=<namespace URI>;s=<name>; this one is {node_id!r}.", node=node_id)
    return head.removeprefix("nsu=").replace("%3B", ";").replace("%25", "%"), identifier


def resolve(node_ids: Iterable[str], namespaces: Sequence[str]) -> Mapping[str, ua.NodeId | None]:
    """The server's own node ids; None where the server does not know the namespace.

    `namespaces` is the server's NamespaceArray as read in this session. Raises PlantIncomplete.
    """
    index = {uri: number for number, uri in enumerate(namespaces)}
    return {node_id: _resolve(node_id, index) for node_id in node_ids}


def _resolve(node_id: str, index: Mapping[str, int]) -> ua.NodeId | None:
    uri, identifier = split(node_id)
    number = index.get(uri)
    if number is None:
        return None
    try:
        return ua.NodeId.from_string(f"ns={number};{identifier}")
    except (UaError, ValueError) as error:
        raise PlantIncomplete(f"This is not a node id: {node_id!r}.", node=node_id) from error
