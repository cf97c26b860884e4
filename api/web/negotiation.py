"""Which representation a client gets: what it accepts, with weights, against what there is.

`?format=NAME` goes before the header Accept, so that a link in a browser can name one. Of equally welcome media types
the one that the server prefers wins. Source: RFC 9110, 12.5.1; what is malformed there is passed over.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Final

from api.web.errors import NotAcceptable

VARY: Final = {"Vary": "Accept"}
"""Belongs on every answer whose media type was chosen, also on the refusal."""

_QUOTED = re.compile(r'"[^"]*"')
_RANGE = re.compile(r"[!#$%&'*+.^_`|~0-9a-z-]+/[!#$%&'*+.^_`|~0-9a-z-]+")
_WEIGHT = re.compile(r"0(\.\d{0,3})?|1(\.0{0,3})?")
_LONGEST = 4096


@dataclass(frozen=True, slots=True)
class Offer:
    """One representation: its name for `?format=`, and the media type that its response carries."""

    name: str
    media: str
    also: tuple[str, ...] = ()
    """Further names."""

    @property
    def content_type(self) -> str:
        """The header's value; text says that it is UTF-8."""
        return f"{self.media}; charset=utf-8" if self.media.startswith("text/") else self.media


def best(offers: Sequence[Offer], accept: str | None, name: str | None = None) -> Offer | None:
    """The offer to send, the server's favourite first in `offers`; None where nothing is acceptable."""
    if name is not None:
        wanted = name.strip().lower()
        return next((offer for offer in offers if wanted in (offer.name, offer.media, *offer.also)), None)
    ranges = _ranges(accept or "")
    if not ranges:
        return offers[0] if offers else None
    weighted = [(_weight(offer.media, ranges), -place, offer) for place, offer in enumerate(offers)]
    weight, _, offer = max(weighted, key=lambda item: item[:2], default=(0.0, 0, None))
    return offer if weight > 0 else None


def choose(offers: Sequence[Offer], accept: str | None, name: str | None = None) -> Offer:
    """The offer to send. Raises NotAcceptable listing what there is."""
    found = best(offers, accept, name)
    if found is None:
        raise not_acceptable(offers, accept if name is None else f"format={name}")
    return found


def not_acceptable(offers: Iterable[Offer], asked: str | None) -> NotAcceptable:
    """The refusal, with the media types and the names that there are."""
    there = list(offers)
    media = list(dict.fromkeys(offer.media for offer in there))
    names = list(dict.fromkeys(offer.name for offer in there))
    return NotAcceptable(
        f"There is nothing for {(asked or 'that')[:200]}, but {', '.join(media)}; ?format= takes {', '.join(names)}.",
        available=", ".join(media),
        formats=", ".join(names),
    )


def prefers_page(accept: str | None) -> bool:
    """True for a browser that opens a link: nothing is more welcome to it than HTML, which it names."""
    ranges = _ranges(accept or "")
    page = max((weight for media, weight in ranges if media == "text/html"), default=0.0)
    return page > 0 and page == max(weight for _, weight in ranges)


def _ranges(header: str) -> list[tuple[str, float]]:
    """(media range, weight) of an Accept header. Parameters other than the weight are passed over."""
    found = []
    for part in _QUOTED.sub("", header[:_LONGEST]).lower().split(","):
        media, *parameters = (piece.strip() for piece in part.split(";"))
        weights = [value.strip() for name, _, value in (p.partition("=") for p in parameters) if name.strip() == "q"]
        if _RANGE.fullmatch(media) and all(_WEIGHT.fullmatch(weight) for weight in weights):
            found.append((media, float(weights[0]) if weights else 1.0))
    return found


def _weight(media: str, ranges: Sequence[tuple[str, float]]) -> float:
    """The weight that the most specific range gives a media type; 0 where none matches."""
    kind = media.partition("/")[0]
    for pattern in (media, f"{kind}/*", "*/*"):
        weights = [weight for given, weight in ranges if given == pattern]
        if weights:
            return max(weights)
    return 0.0
