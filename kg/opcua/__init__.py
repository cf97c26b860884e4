"""The twin's two hands at an OPC UA server: the link that reads, and the gateway that writes, in a process of its own.

Speaks Readings, Changes and status codes towards the twin, asyncua towards the plant; asyncua stays in here and each
of its habits is dealt with in one file. Knows the plant by its bindings only: no graph, no Gate, no journal, no
rules and no agents. The core's half (link, dispatcher, echo filter) holds no write credentials; the gateway
(`kg.opcua.gateway`) loads no user code and works without the core.
"""

from __future__ import annotations

from kg.opcua.dispatch import Dispatcher
from kg.opcua.echo import EchoFilter
from kg.opcua.facts import LINK, Gap, connection_change, gap_change
from kg.opcua.link import Link, LinkOptions
from kg.opcua.outcomes import OpenRequest, open_requests, outcome_change, stage_change
from kg.opcua.session import Timeouts
from kg.opcua.subscription import Counters, Sampling, Sink

__all__ = [
    "LINK",
    "Counters",
    "Dispatcher",
    "EchoFilter",
    "Gap",
    "Link",
    "LinkOptions",
    "OpenRequest",
    "Sampling",
    "Sink",
    "Timeouts",
    "connection_change",
    "gap_change",
    "open_requests",
    "outcome_change",
    "stage_change",
]
