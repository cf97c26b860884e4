"""Changes as a person's program makes them: dated, and without a claim to who speaks."""

from __future__ import annotations

from typing import Any, Final

from kg.change import Change, Kind, Role, Source
from kg.tokens import part_iri

#: Stands in a Change that is sent; the core puts the authenticated source in its place.
SENDER: Final = Source(part_iri("sender"), Role.VIEWER)


def change_at(kind: Kind, at_us: int, **parts: Any) -> Change:
    """A Change to be sent, made at a moment of wall time."""
    return Change(kind=kind, source=SENDER, at_us=at_us, **parts)
