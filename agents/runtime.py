"""The agents' process: one subscription, one watch, one task for each agent; measures beside them.

Killed at any moment it leaves nothing half done. When the core goes away or finds this process too slow, it begins
again from a snapshot; the desks keep their open decisions meanwhile.
"""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Callable, Sequence
from contextlib import aclosing
from dataclasses import dataclass, field
from typing import Protocol

from agents.core import Channel, Core, NoSamples, Samples, Snapshot
from agents.desk import Desk
from agents.recovery import NoPast, Past
from agents.rules import AgentDescription
from agents.watch import Watch
from kg.change import Published
from kg.errors import PlantIncomplete, ServiceDown, TwinError

_LOG = logging.getLogger(__name__)
_RETRY_S = (0.2, 0.5, 1.0, 2.0, 5.0)


def wall_clock_us() -> int:
    """Wall time now, microseconds."""
    return time.time_ns() // 1000


class Follower(Protocol):
    """Sees what the core publishes, beside the agents: features and KPIs."""

    def started(self, snapshot: Snapshot) -> None:
        """The graph as it is; what was known before is void where it contradicts this."""

    def published(self, event: Published) -> None:
        """An event. Must not block."""

    async def work(self) -> None:
        """Report until cancelled."""


@dataclass(slots=True)
class Runtime:
    """Agents that share one subscription."""

    core: Core
    watch: Watch
    desks: tuple[Desk, ...]
    followers: tuple[Follower, ...] = ()
    ready: asyncio.Event = field(default_factory=asyncio.Event)
    """Set once the first snapshot has been taken in."""
    own: dict[str, None] = field(default_factory=dict)
    """Ids of the desks' decisions and requests, by which echoes are known."""

    async def listen(self) -> None:
        """Follow the core until cancelled, over its restarts."""
        tries = 0
        while True:
            from_seq = self.watch.seq if self.ready.is_set() else None
            try:
                async with aclosing(self.core.events(from_seq)) as events:
                    async for item in events:
                        tries = 0
                        if isinstance(item, Snapshot):
                            self._begin(item)
                        elif not self._take(item):
                            self.ready.clear()  # the model has changed: the next subscription brings a snapshot
                            break
            except ServiceDown as error:
                _LOG.warning("the core is away, trying again: %s", error.message)
            await asyncio.sleep(_RETRY_S[min(tries, len(_RETRY_S) - 1)])
            tries += 1

    def _begin(self, snapshot: Snapshot) -> None:
        self.watch.load(snapshot.quads, snapshot.seq, snapshot.release)
        self.watch.plant_us = max(self.watch.plant_us, snapshot.plant_us)
        for follower in self.followers:
            follower.started(snapshot)
        self.ready.set()
        for desk in self.desks:
            desk.missed_events()

    def _take(self, event: Published) -> bool:
        is_complete = self.watch.apply(event, self.own)
        for desk in self.desks:
            desk.published(event)
        for follower in self.followers:
            follower.published(event)
        return is_complete


async def run(
    core: Channel,
    agents: Sequence[AgentDescription],
    *,
    samples: Samples | None = None,
    followers: Sequence[Follower] = (),
    past: Past | None = None,
    disabled: bool = False,
    now_us: Callable[[], int] = wall_clock_us,
) -> None:
    """Run the agents until cancelled; then the subscription ends and open proposals stay for the next run to withdraw.

    `disabled`: observe only; no proposal is made. `past` tells what an earlier run left open and what was missed.
    Raises PlantIncomplete where no agent is described.
    """
    if not agents:
        raise PlantIncomplete("The plant describes no agent (tw:Agent).")
    client = Core(core)
    watch = Watch(rule for agent in agents for rule in agent.rules)
    described = () if disabled else agents
    own: dict[str, None] = {}
    past, samples = past or NoPast(), samples or NoSamples()
    desks = tuple(Desk(agent, client, watch, samples, past, now_us, own=own) for agent in described)
    runtime = Runtime(client, watch, desks, tuple(followers), own=own)
    async with asyncio.TaskGroup() as tasks:
        tasks.create_task(runtime.listen(), name="listen")
        await runtime.ready.wait()
        await _take_up(desks, past)
        for desk in desks:
            tasks.create_task(_guarded(desk), name=f"agent {desk.agent.label}")
        for follower in followers:
            tasks.create_task(follower.work(), name=type(follower).__name__)


async def _take_up(desks: Sequence[Desk], past: Past) -> None:
    by_agent = {desk.agent.iri: desk for desk in desks}
    for item in await asyncio.to_thread(past.left):
        desk = by_agent.get(item.proposal.agent)
        if desk is not None:
            await desk.take_up(item)


async def _guarded(desk: Desk) -> None:
    """One agent's errors are its own: the others go on, and it begins its turn again."""
    while True:
        try:
            await desk.work()
        except TwinError as error:
            _LOG.error("agent %s: %s", desk.agent.label, error)
        except Exception:  # noqa: BLE001 - the top of a task: one agent's defect must not stop the others
            _LOG.exception("agent %s failed and begins again", desk.agent.label)
        await asyncio.sleep(1.0)
