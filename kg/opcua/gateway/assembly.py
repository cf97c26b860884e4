"""Puts a gateway together from a data directory and a plant folder."""

from __future__ import annotations

import logging
import time
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from kg.bindings import Server
from kg.errors import PlantIncomplete
from kg.names import GraphName
from kg.opcua.gateway.device import Device
from kg.opcua.gateway.executor import Executor
from kg.opcua.gateway.lease import Lease
from kg.opcua.gateway.log import GatewayLog
from kg.opcua.gateway.service import Gateway
from kg.opcua.gateway.shipped import why_read_only
from kg.opcua.gateway.site import read_site
from kg.plantfolder import PlantFolder, load
from kg.store import DataPaths
from kg.tokens import AGENTS, GATEWAY, part_iri, read_tokens, socket_path, sources

_log = logging.getLogger(__name__)


def build(data: Path, plant: Path, *, user: str, password: str | None, endpoint: str | None = None) -> Gateway:
    """A gateway that is ready to run. Raises PlantIncomplete, ServiceDown (no tokens) or RecordFailed."""
    folder = load(plant)
    site = read_site(folder.graphs[GraphName.PLANT], folder.graphs[GraphName.POLICY])
    servers = _servers(folder.servers, endpoint)
    read_only = _why_read_only(folder, servers, password)
    if read_only is not None:
        _log.warning("Nothing will be written: %s", read_only)
    for prop, reason in site.excluded.items():
        _log.warning("%s is granted but can't be written: %s", prop, reason)
    log = GatewayLog(DataPaths(data).gateway)
    writers = servers if read_only is None else ()  # the password is shown to no server that is not written to
    devices = {s.iri: Device(s, folder.bindings, user, password or "") for s in writers}
    executor = Executor(site, devices, log, Lease(log), lambda: time.time_ns() // 1000, read_only)
    agent = folder.agents[0] if folder.agents else part_iri(AGENTS)
    known = sources(read_tokens(data), folder.persons, agent)
    return Gateway(executor, socket_path(data, GATEWAY), known)


def _why_read_only(plant: PlantFolder, servers: Sequence[Server], password: str | None) -> str | None:
    if not password:
        return "The gateway was given no password, so it cannot sign on as a writer."
    return why_read_only(plant, servers)


def _servers(servers: Sequence[Server], endpoint: str | None) -> tuple[Server, ...]:
    """The plant's servers; an endpoint given takes the place of the only one's. Raises PlantIncomplete."""
    if endpoint is None:
        return tuple(servers)
    if len(servers) != 1:
        raise PlantIncomplete(f"An endpoint can be given to a plant with one server; this has {len(servers)}.")
    return (replace(servers[0], url=endpoint),)
