"""The agents as a process of their own: `python -m agents --data DIR --plant DIR [--disabled]`."""

from __future__ import annotations

import argparse
import asyncio
import logging
import signal
import sys
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path

from rdflib import Graph

from agents.core import Core, HistorySamples
from agents.effects import Effects, HistoryCounts
from agents.measures import Measures
from agents.recovery import JournalPast
from agents.rules import read_agents
from agents.runtime import run, wall_clock_us
from kg import plantfolder
from kg.channel import AsyncClient
from kg.errors import ServiceDown, TwinError
from kg.history import HistoryReader
from kg.journal import JournalReader
from kg.names import GraphName
from kg.store import DataPaths
from kg.tokens import AGENTS, CORE, MEASURES, read_tokens, socket_path

_LOG = logging.getLogger(__name__)


async def serve(data: Path, plant: Path, *, disabled: bool) -> None:
    """Run agents and measures against the core of a data directory until cancelled."""
    folder = plantfolder.load(plant)
    described = Graph()
    for name in (GraphName.PLANT, GraphName.POLICY, GraphName.RULES):
        described += folder.graphs[name]
    agents, tokens, paths = read_agents(described), read_tokens(data), DataPaths(data)
    # measures are reported under a token of their own: an agent may not report what its conditions stand on
    channel, reporting = (AsyncClient(socket_path(data, CORE), _token(tokens, name)) for name in (AGENTS, MEASURES))
    with JournalReader.open(paths.journal) as journal, HistoryReader.open(paths.history) as history:
        past = JournalPast(journal, (agent.iri for agent in agents))
        try:
            await run(
                channel,
                agents,
                samples=HistorySamples(history),
                past=past,
                followers=(
                    Measures(reporting, wall_clock_us),
                    Effects(Core(channel), HistoryCounts(history), past, wall_clock_us),
                ),
                disabled=disabled,
            )
        finally:
            await channel.close()
            await reporting.close()


def _token(tokens: dict[str, str], name: str) -> str:
    if name not in tokens:
        raise ServiceDown(f"The twin has drawn no token named {name}.", part=name)
    return tokens[name]


async def _until_told(data: Path, plant: Path, disabled: bool) -> None:
    """Serve until SIGTERM or SIGINT."""
    serving = asyncio.ensure_future(serve(data, plant, disabled=disabled))
    loop = asyncio.get_running_loop()
    for sign in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(sign, serving.cancel)
    with suppress(asyncio.CancelledError):
        await serving


def main(arguments: Sequence[str] | None = None) -> int:
    """Exit code 0 after a clean stop, 1 after an error that somebody must act on."""
    parser = argparse.ArgumentParser(prog="python -m agents", description=__doc__)
    parser.add_argument("--data", type=Path, required=True, help="the twin's data directory")
    parser.add_argument("--plant", type=Path, required=True, help="the plant folder")
    parser.add_argument("--disabled", action="store_true", help="observe and measure only; make no proposals")
    given = parser.parse_args(arguments)
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(levelname)s %(name)s: %(message)s")
    code = 0
    try:
        asyncio.run(_until_told(given.data, given.plant, given.disabled))
    except* TwinError as errors:
        code = 1
        for error in _leaves(errors):
            _LOG.error("%s", error)
    return code


def _leaves(group: BaseExceptionGroup[TwinError]) -> list[BaseException]:
    found: list[BaseException] = []
    for error in group.exceptions:
        found += _leaves(error) if isinstance(error, BaseExceptionGroup) else [error]
    return found


if __name__ == "__main__":
    sys.exit(main())
