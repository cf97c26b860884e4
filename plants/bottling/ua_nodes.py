"""The browse tree: machine -> Command, Status, Admin, ... -> variables, with units and ranges on analog items."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Final

from asyncua import ua
from asyncua.common.node import Node
from asyncua.server.server import Server

from plants.bottling.tags import NAMESPACE, Tag
from plants.bottling.ua_values import ANALOG_ITEM_TYPE, BASE_DATA_VARIABLE_TYPE, HAS_COMPONENT, node_id, type_id

_UNECE: Final = "http://www.opcfoundation.org/UA/units/un/cefact"

#: UCUM code -> (UN/ECE Recommendation 20 common code, sign, name), as EUInformation wants it (Part 8, 5.6.3).
UNITS: Final = {
    "/min": ("C94", "/min", "reciprocal minute"),
    "kW": ("KWT", "kW", "kilowatt"),
    "Cel": ("CEL", "°C", "degree Celsius"),
    "1": ("C62", "", "one"),
}


async def build_nodes(server: Server, tags: Iterable[Tag]) -> dict[str, ua.NodeId]:
    """Creates objects and variables; returns the node id of each tag's path."""
    index = await server.register_namespace(NAMESPACE)
    objects: dict[str, Node] = {}
    nodes: dict[str, ua.NodeId] = {}
    for tag in tags:
        parent = await _parent(server, objects, tag.path.rpartition(".")[0], index)
        nodes[tag.path] = await _variable(server, parent, tag, index)
    return nodes


async def _parent(server: Server, objects: dict[str, Node], path: str, index: int) -> Node:
    """The object with this path, created with all objects above it. Equipment hangs below the line."""
    if path in objects:
        return objects[path]
    above, _, name = path.rpartition(".")
    if above:
        parent = await _parent(server, objects, above, index)
    elif path == "Line":
        parent = server.nodes.objects
    else:
        parent = await _parent(server, objects, "Line", index)
    objects[path] = await parent.add_object(node_id(path, index), ua.QualifiedName(name, index))
    return objects[path]


async def _variable(server: Server, parent: Node, tag: Tag, index: int) -> ua.NodeId:
    is_analog = tag.low is not None and tag.high is not None
    identity, name = node_id(tag.path, index), tag.path.rpartition(".")[2]
    item = ua.AddNodesItem()
    item.RequestedNewNodeId = identity
    item.BrowseName = ua.QualifiedName(name, index)
    item.NodeClass = ua.NodeClass.Variable
    item.ParentNodeId = parent.nodeid
    item.ReferenceTypeId = HAS_COMPONENT
    item.TypeDefinition = ANALOG_ITEM_TYPE if is_analog else BASE_DATA_VARIABLE_TYPE
    item.NodeAttributes = _attributes(tag, name)
    (result,) = await server.iserver.isession.add_nodes([item])
    result.StatusCode.check()
    if tag.low is not None and tag.high is not None:
        await _add_analog_properties(server.get_node(identity), tag.low, tag.high, tag.unit)
    return identity


def _attributes(tag: Tag, name: str) -> ua.VariableAttributes:
    access = ua.AccessLevel.CurrentRead.mask | (ua.AccessLevel.CurrentWrite.mask if tag.is_writable else 0)
    kind = ua.VariantType[tag.data_type]
    attributes = ua.VariableAttributes()
    attributes.DisplayName = ua.LocalizedText(name)
    attributes.Description = ua.LocalizedText(tag.name)
    attributes.DataType = type_id(kind)
    attributes.Value = ua.Variant(tag.read(), kind)
    attributes.ValueRank = ua.ValueRank.Scalar
    attributes.AccessLevel = access
    attributes.UserAccessLevel = access
    attributes.Historizing = False
    return attributes


async def _add_analog_properties(node: Node, low: float, high: float, unit: str | None) -> None:
    await node.add_property(0, "EURange", ua.Range(Low=low, High=high))
    if unit is not None:
        code, sign, name = UNITS[unit]
        # Part 8, 5.6.3.4: the common code's characters as a base-256 number
        unit_id = int.from_bytes(code.encode("ascii"), "big")
        information = ua.EUInformation(
            NamespaceUri=_UNECE,
            UnitId=unit_id,
            DisplayName=ua.LocalizedText(sign),
            Description=ua.LocalizedText(name),
        )
        await node.add_property(0, "EngineeringUnits", information)


def paths_by_node(nodes: Mapping[str, ua.NodeId]) -> dict[ua.NodeId, str]:
    """The paths of all variables, by node id."""
    return {identity: path for path, identity in nodes.items()}
