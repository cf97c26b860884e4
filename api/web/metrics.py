"""What the web process counts, and what the twin's parts say of themselves, in the Prometheus text format."""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping
from typing import Any, Final

from prometheus_client import CollectorRegistry, Counter, Histogram
from prometheus_client.core import GaugeMetricFamily
from prometheus_client.exposition import CONTENT_TYPE_LATEST, generate_latest
from prometheus_client.registry import Collector
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from api.web.hub import Hub
from kg.tokens import CORE, REPLICA

MEDIA_TYPE: Final = CONTENT_TYPE_LATEST
_METHODS: Final = frozenset({"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"})
_BUCKETS: Final = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0)


class Meters:
    """Counts requests by route, not by address, so that ids do not fill the memory."""

    def __init__(self) -> None:
        self.registry = CollectorRegistry()
        labels = ("method", "route", "status")
        self.requests = Counter("twinwright_http_requests", "Requests answered.", labels, registry=self.registry)
        self.seconds = Histogram(
            "twinwright_http_seconds",
            "Seconds until a response began.",
            ("method", "route"),
            buckets=_BUCKETS,
            registry=self.registry,
        )


class Metered:
    """ASGI middleware around the API."""

    def __init__(self, app: ASGIApp, meters: Meters) -> None:
        self._app, self._meters = app, meters

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        # a client may invent methods, and each would be kept for ever
        method, began = scope["method"] if scope["method"] in _METHODS else "other", time.perf_counter()

        async def counted(message: Message) -> None:
            if message["type"] == "http.response.start":
                # the router has put it there by now, unless it found none
                route = getattr(scope.get("route"), "path", "none")
                self._meters.requests.labels(method, route, message["status"]).inc()
                self._meters.seconds.labels(method, route).observe(time.perf_counter() - began)
            await send(message)

        await self._app(scope, receive, counted)


def exposition(meters: Meters, hub: Hub, statuses: Mapping[str, Mapping[str, Any]]) -> bytes:
    """Everything there is to scrape now."""
    registry = CollectorRegistry()
    registry.register(_Parts(hub, statuses))
    return generate_latest(meters.registry) + generate_latest(registry)


class _Parts(Collector):
    def __init__(self, hub: Hub, statuses: Mapping[str, Mapping[str, Any]]) -> None:
        self._hub, self._statuses = hub, statuses

    def collect(self) -> Iterator[GaugeMetricFamily]:
        up = GaugeMetricFamily("twinwright_part_up", "1 where a part of the twin answers.", labels=("part",))
        for part, told in self._statuses.items():
            up.add_metric((part,), 0.0 if "error" in told else 1.0)
        yield up
        core, replica = self._statuses[CORE], self._statuses[REPLICA]
        gate = core.get("gate", {})
        yield from _gauges(
            (
                ("twinwright_seq", "Number of the newest Change.", core.get("seq")),
                ("twinwright_unsealed", "1 while nothing can be recorded.", core.get("unsealed")),
                ("twinwright_triples", "Triples of the working graph.", core.get("triples")),
                ("twinwright_gate_decided", "Changes decided since the core began.", gate.get("decided")),
                ("twinwright_gate_waiting", "Changes waiting for the Gate.", gate.get("waiting")),
                ("twinwright_violations", "Validation results that hold.", gate.get("violations")),
                ("twinwright_replica_seq", "Number of the newest Change in the replica.", replica.get("seq")),
                ("twinwright_replica_running", "Queries that run.", replica.get("running")),
                ("twinwright_web_seq", "Number of the newest Change seen by the web process.", self._hub.model.seq),
            )
        )
        waits = GaugeMetricFamily(
            "twinwright_gate_seconds",
            "From a Change's arrival until it is on record, of the newest few thousand.",
            labels=("of", "quantile"),
        )
        for name, figures in gate.get("waits", {}).items():
            for quantile, key in (("0.5", "p50_ms"), ("0.99", "p99_ms"), ("1", "max_ms")):
                if key in figures:
                    waits.add_metric((name, quantile), figures[key] / 1000)
        yield waits
        connected = GaugeMetricFamily("twinwright_link_connected", "1 where a server is connected.", labels=("url",))
        for link in core.get("link", {}).values():
            connected.add_metric((str(link.get("url")),), float(bool(link.get("connected"))))
        yield connected


def _gauges(figures: tuple[tuple[str, str, Any], ...]) -> Iterator[GaugeMetricFamily]:
    for name, help_text, value in figures:
        if value is not None:
            yield GaugeMetricFamily(name, help_text, value=float(value))
