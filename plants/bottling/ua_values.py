"""Node ids, status codes and values of OPC UA from plain Python ones.

asyncua gives every integer and string of the standard a class of its own; here is the one place where they are made.
"""

from __future__ import annotations

from datetime import datetime

from asyncua import ua
from asyncua.ua.object_ids import ObjectIds
from asyncua.ua.status_codes import StatusCodes

GOOD = ua.StatusCode(ua.UInt32(StatusCodes.Good))
BAD_SENSOR = ua.StatusCode(ua.UInt32(StatusCodes.BadSensorFailure))

CURRENT_TIME = ua.NodeId(ua.Int32(ObjectIds.Server_ServerStatus_CurrentTime))
HAS_COMPONENT = ua.NodeId(ua.Int32(ObjectIds.HasComponent))
ANALOG_ITEM_TYPE = ua.NodeId(ua.Int32(ObjectIds.AnalogItemType))
BASE_DATA_VARIABLE_TYPE = ua.NodeId(ua.Int32(ObjectIds.BaseDataVariableType))


def status(name: str) -> ua.StatusCode:
    """The status code with this name, such as BadOutOfRange."""
    return ua.StatusCode(ua.UInt32(getattr(StatusCodes, name)))


def node_id(path: str, index: int) -> ua.NodeId:
    """A string node id in the namespace with this index."""
    return ua.NodeId(ua.String(path), ua.Int16(index))


def type_id(kind: ua.VariantType) -> ua.NodeId:
    """The node id of a built-in data type."""
    return ua.NodeId(ua.Int32(kind.value))


def data_value(variant: ua.Variant, source: datetime, server: datetime, code: ua.StatusCode = GOOD) -> ua.DataValue:
    """A value with both timestamps, in aware UTC."""
    return ua.DataValue(
        variant,
        StatusCode=code,
        SourceTimestamp=source,  # type: ignore[arg-type]  # asyncua's DateTime is a datetime for the type checker only
        ServerTimestamp=server,  # type: ignore[arg-type]
    )
