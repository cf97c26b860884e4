"""What the link says about itself, as Changes: connected or not, and the gaps in what it has seen."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from rdflib import RDF, XSD, Literal, URIRef

from kg.change import Change, Kind, Quad, Role, Source
from kg.names import GraphName
from ontology import TW

LINK = Source(URIRef("urn:twinwright:link"), Role.LINK)
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class Gap:
    """A span of wall time in which values of a server may have been missed."""

    server: URIRef
    from_us: int
    until_us: int
    cause: str

    @property
    def iri(self) -> URIRef:
        """The same for the same server and beginning, so that saying it twice adds nothing."""
        return URIRef(f"{self.server}.gap.{self.from_us}")

    def quads(self) -> tuple[Quad, ...]:
        node, state = self.iri, GraphName.STATE
        return (
            Quad(node, RDF.type, TW.Gap, state),
            Quad(node, TW.ofServer, self.server, state),
            Quad(node, TW.gapFrom, instant(self.from_us), state),
            Quad(node, TW.gapUntil, instant(self.until_us), state),
            Quad(node, TW.gapCause, Literal(self.cause), state),
        )


def connection_change(server: URIRef, connected: bool, at_us: int, cause: str | None = None) -> Change:
    """`server tw:connected true` or `false` in `state`, and the opposite no more."""
    now, before = (Quad(server, TW.connected, Literal(truth), GraphName.STATE) for truth in (connected, not connected))
    word = "connected" if connected else "disconnected"
    return Change(
        Kind.OBSERVATION,
        LINK,
        adds=(now,),
        removes=(before,),
        at_us=at_us,
        reason=cause,
        detail={"link": word, "server": str(server), "cause": cause},
    )


def gap_change(server: URIRef, from_us: int, until_us: int, cause: str, forget: Gap | None = None) -> Change:
    """A gap node in `state`. `forget` takes an old one out of the graph; the journal keeps it."""
    gap = Gap(server, from_us, until_us, cause)
    return Change(
        Kind.OBSERVATION,
        LINK,
        adds=gap.quads(),
        removes=forget.quads() if forget is not None else (),
        at_us=until_us,
        reason=cause,
        detail={"link": "gap", "server": str(server), "from_us": from_us, "until_us": until_us, "cause": cause},
    )


def instant(at_us: int) -> Literal:
    """An xsd:dateTime in UTC with microseconds."""
    text = (_EPOCH + timedelta(microseconds=at_us)).isoformat(timespec="microseconds").replace("+00:00", "Z")
    return Literal(text, datatype=XSD.dateTime, normalize=False)
