"""The write gateway: the only part of the twin that may write to a controller, in a process of its own.

It holds the write credentials, its own allow-list with range, step and rate, the fencing tokens, the stop switches
and a durable log; it asks the controller itself before each write and believes only the controller's feedback after
it. It works without the core: stops and freezes can be set and lifted while the core is down, and without the core's
lease it writes nothing, not even the heartbeat.

Speaks the request channel towards the twin and OPC UA towards the plant. Knows no graph, no rules, no shapes and no
agents, and loads no code of the plant's.
"""

from __future__ import annotations

from kg.opcua.gateway.executor import Executor, Pace
from kg.opcua.gateway.lease import Lease
from kg.opcua.gateway.log import GatewayLog
from kg.opcua.gateway.records import Freeze, Intent, Order, Outcome, Result, Stop, StopMode
from kg.opcua.gateway.service import Gateway
from kg.opcua.gateway.site import Site, Target, read_site

__all__ = [
    "Executor",
    "Freeze",
    "Gateway",
    "GatewayLog",
    "Intent",
    "Lease",
    "Order",
    "Outcome",
    "Pace",
    "Result",
    "Site",
    "Stop",
    "StopMode",
    "Target",
    "read_site",
]
