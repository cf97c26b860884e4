"""The page Tour."""

from __future__ import annotations

import contextlib
from typing import Final

from nicegui import ui

from api.console.shell import Visit, page
from api.console.tour.both import Both
from api.console.tour.guide import Guide
from api.console.tour.step_card import StepCard
from api.tour import STEPS
from kg.errors import TwinError

_EVERY_S: Final = 0.5


@page("/tour", "Tour")
async def draw(visit: Visit) -> None:
    """Seven steps, and two witnesses beside them."""
    ui.add_head_html('<link rel="stylesheet" href="/console-static/tour.css">')
    ui.html("<h1>The first five minutes</h1>", sanitize=False)
    if visit.twin.panel is None:
        ui.label("The tour needs a simulated plant; this twin looks at a real one.").classes("tw-card tw-empty")
        return
    await TourPage(visit).begin()


class TourPage:
    """The page of one browser."""

    def __init__(self, visit: Visit) -> None:
        self._guide = Guide(visit)
        self._busy = False
        self._chosen = -1
        self._card: StepCard | None = None
        with ui.element("div").classes("tour-page"):
            with ui.element("nav").classes("tour-steps").props('aria-label="Steps of the tour"'):
                self._links = [self._link(number) for number in range(len(STEPS))]
            self._place = ui.element("section").classes("tw-card tour-step").props('aria-labelledby="tour-step"')
            with ui.element("div").classes("tour-side"):
                with ui.element("section").classes("tw-card").props('aria-labelledby="tour-seen"'):
                    ui.html('<h2 id="tour-seen">What was seen</h2>', sanitize=False)
                    self._seen = ui.element("div")
                self._both = Both()

    async def begin(self) -> None:
        """Draw the step where the visitor left off, and keep everything up."""
        await self._guide.look()
        current = self._guide.tour.current
        await self._choose(len(STEPS) - 1 if current is None else STEPS.index(current))
        await self._show()
        ui.timer(_EVERY_S, self._tick)

    async def _tick(self) -> None:
        if self._busy:
            return  # the look before takes longer than a tick
        self._busy = True
        try:
            await self._guide.look()
            await self._show()
        finally:
            self._busy = False

    async def _show(self) -> None:
        tour = self._guide.tour
        for number, (step, link) in enumerate(zip(STEPS, self._links, strict=True)):
            reached, of = tour.progress(step)
            link.set_text(f"{number + 1}. {step.title} · {'done' if tour.is_done(step) else f'{reached} of {of}'}")
            link.classes(
                add="tour-done" if tour.is_done(step) else "", remove="" if tour.is_done(step) else "tour-done"
            )
        self._both.show(self._guide.facts, self._guide.visit.twin.hub.model)
        if self._card is not None:
            await self._card.tick()

    def _link(self, number: int) -> ui.button:
        button = ui.button(STEPS[number].title, on_click=lambda: self._choose(number), color=None)
        return button.props("no-caps flat align=left").classes("tour-button tour-link")

    async def _choose(self, number: int) -> None:
        if number == self._chosen or not 0 <= number < len(STEPS):
            return
        with contextlib.suppress(TwinError):  # the plant does not answer, and the witnesses say so
            await self._guide.arrive(STEPS[number].id)
        self._chosen = number
        for place, link in enumerate(self._links):
            link.props(
                add="aria-current=step" if place == number else "", remove="" if place == number else "aria-current"
            )
        self._place.clear()
        self._seen.clear()
        with self._place:
            self._card = StepCard(self._guide, STEPS[number], number, self._choose, self._seen)
