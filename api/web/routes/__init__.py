"""The routes of the HTTP API, one file a group. `ROUTERS` stands under /v1; `demo` is for demonstrations only."""

from __future__ import annotations

from api.web.routes import (
    autonomy,
    changes,
    decisions,
    demo,
    events,
    explanations,
    frozen,
    history,
    kpis,
    proposals,
    sparql,
    stops,
    violations,
)

ROUTERS = tuple(
    group.router
    for group in (
        *(changes, sparql, proposals, decisions, explanations, kpis, history, violations),
        *(events, stops, autonomy, frozen),
    )
)

__all__ = ["ROUTERS", "demo"]
