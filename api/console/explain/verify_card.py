"""The button that proves the record, and what it found."""

from __future__ import annotations

from nicegui import context, ui

from api.console.explain.verify import Verified, verification_of
from api.console.explain.wording import clock
from api.console.shell import Visit
from kg.errors import TwinError

_OFTEN_S = 0.3
_WHAT = "Every entry carries the hash of the one before. Verifying recomputes them all."


def verify_card(visit: Visit) -> None:
    """Draws the card. Everybody who may read may verify."""
    verification = verification_of(visit.twin.data)
    client = context.client
    with ui.element("section").classes("tw-card xp-verify").props('aria-label="Is the record what was written?"'):
        button = (
            ui.button("Verify the record", icon="verified", color=None).props("outline no-caps").classes("xp-button")
        )
        with ui.element("div").props("role=status aria-live=polite"):
            word = ui.label(_WHAT)
            detail = ui.label("").classes("tw-quiet xp-hash")

    def progress() -> None:
        if verification.is_running and verification.progress:
            word.set_text(verification.progress)

    async def verify() -> None:
        button.disable()
        word.classes(remove="tw-alarm-text")
        detail.set_text("")
        watching = ui.timer(_OFTEN_S, progress)
        try:
            found = await verification.run()
        except TwinError as error:
            word.set_text(f"{error.message} {error.remedy}")
            word.classes("tw-alarm-text")
        else:
            word.set_text(verdict(found))
            word.classes(add="" if found.ok else "tw-alarm-text")
            detail.set_text(particulars(found))
        finally:
            watching.cancel()
            if client.has_socket_connection:
                button.enable()

    button.on_click(verify)


def verdict(found: Verified) -> str:
    """The result in a sentence."""
    if not found.ok:
        more = len(found.problems) - 1
        return f"The record was changed. {found.problems[0]}" + (f" And {more} more." if more > 0 else "")
    cut = "" if found.anchored else " No head was kept, so a cut at the end would not be seen."
    return f"✓ The record is what was written.{cut}"


def particulars(found: Verified) -> str:
    """Figures, head and hash."""
    return (
        f"{found.entries:,} entries, head {found.head:,} with hash {found.hash}. {found.samples:,} samples under "
        f"{found.seals:,} seals, {found.unsealed:,} not yet sealed. "
        f"Looked at {clock(found.at_us)} UTC in {found.took_s:.1f} s."
    )
