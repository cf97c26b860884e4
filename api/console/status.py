"""The strip under the header that appears when something is wrong with the twin itself: no core, no link, stops."""

from __future__ import annotations

from typing import TYPE_CHECKING

from nicegui import ui

from api.live.words import STOP_MODES
from kg.tokens import local_name
from ontology import TW

if TYPE_CHECKING:
    from api.console.shell import Visit

_EVERY_S = 1.0


def status_strip(visit: Visit) -> None:
    """Draws the strip and keeps it up. Read aloud when it changes."""
    strip = ui.element("div").classes("tw-strip tw-none").props("role=status aria-live=polite")
    shown: list[tuple[str, str]] = [("", "")]

    def look() -> None:
        words = condition(visit)
        if words == shown[0]:
            return
        shown[0] = words
        kind, sentence = words
        strip.clear()
        strip.classes(replace=f"tw-strip tw-{kind}" if kind else "tw-strip tw-none")
        if sentence:
            with strip:
                ui.label(sentence)

    look()
    ui.timer(_EVERY_S, look)


def condition(visit: Visit) -> tuple[str, str]:
    """(kind, sentence): what is wrong with the twin, the worst first; ("", "") where nothing is."""
    hub = visit.twin.hub
    if not hub.connected:
        return (
            "alarm",
            "The twin does not answer: what it says is old. The line itself runs on by its own control.",
        )
    model = hub.model
    if model.connected is False:
        return "alarm", "The controllers do not answer. Values are old, and nothing can be written."
    stops = [f"{_scope(scope)}: {STOP_MODES.get(mode, mode)}" for scope, mode in model.stops]
    frozen = [local_name(prop) for prop in model.frozen]
    told = []
    if stops:
        told.append("Stopped: " + ", ".join(stops) + ".")
    if frozen:
        told.append("Frozen, because the outcome of a write is unknown: " + ", ".join(frozen) + ".")
    return ("caution", " ".join(told)) if told else ("", "")


def _scope(iri: str) -> str:
    return "whole plant" if iri == str(TW.Plant) else local_name(iri)
