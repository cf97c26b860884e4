"""Own writes recognised when they come back as telemetry, and writes by others noticed.

A setpoint that changes is either the echo of a request in flight or somebody else's doing: an operator's, another
system's, the controller's own. The link's readings pass through here on their way to the Gate.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from rdflib import Literal, URIRef

from kg.bindings import WriteGrant
from kg.change import Change, Kind, Quad, Reading, ReadingFlag, TagId
from kg.names import GraphName
from kg.opcua.facts import LINK
from kg.opcua.outcomes import OpenRequest
from ontology import TW


@dataclass(frozen=True, slots=True)
class _Expected:
    value: float
    tolerance: float
    request: str
    until_us: int


class EchoFilter:
    """Watches the writable properties. `tags` maps their properties to history's tags, `grants` gives tolerances."""

    def __init__(
        self,
        grants: Iterable[WriteGrant],
        tags: Mapping[URIRef, TagId],
        held: Iterable[Reading] = (),
    ) -> None:
        """`held` are the last readings of an earlier run, so that a change in between is noticed too."""
        self._tolerance = {grant.prop: grant.tolerance for grant in grants}
        self._props = {tags[prop]: prop for prop in self._tolerance if prop in tags}
        self._expected: dict[URIRef, list[_Expected]] = {}
        self._held: dict[URIRef, float] = {}
        for reading in held:
            if reading.tag in self._props:
                self._remember(self._props[reading.tag], reading)

    def expect(self, prop: URIRef, value: float, tolerance: float, request: str, until_us: int) -> None:
        """From now until `until_us` (wall time) this value is the echo of this request."""
        self._expected.setdefault(prop, []).append(_Expected(value, tolerance, request, until_us))

    def expect_request(self, request: OpenRequest, margin_us: int = 10_000_000) -> None:
        """As `expect`, for an admitted request; its echo may come until some time after its expiry."""
        tolerance = self._tolerance.get(request.target, 0.0)
        self.expect(request.target, float(request.value), tolerance, str(request.node), request.expires_us + margin_us)

    def classify(self, reading: Reading) -> str | None:
        """The request whose write this reading shows; None for anything else."""
        prop = self._props.get(reading.tag)
        if prop is None or isinstance(reading.value, bool) or not isinstance(reading.value, int | float):
            return None
        waiting = [e for e in self._expected.get(prop, ()) if reading.received_us <= e.until_us]
        self._expected[prop] = waiting
        for expected in reversed(waiting):
            if abs(reading.value - expected.value) <= expected.tolerance:
                return expected.request
        return None

    def mark(self, batch: Iterable[Reading]) -> tuple[list[Reading], list[Change]]:
        """The batch with OWN_WRITE on echoes, and a foreign-write fact for each setpoint that somebody else moved."""
        marked: list[Reading] = []
        facts: list[Change] = []
        for reading in batch:
            prop = self._props.get(reading.tag)
            if prop is not None and self.classify(reading) is not None:
                reading = reading._replace(flags=reading.flags | ReadingFlag.OWN_WRITE)
            elif prop is not None and self._is_foreign(prop, reading):
                facts.append(foreign_write_change(prop, reading))
            if prop is not None:
                self._remember(prop, reading)
            marked.append(reading)
        return marked, facts

    def _is_foreign(self, prop: URIRef, reading: Reading) -> bool:
        """True where a good value differs from the one held before. The first value ever seen is nobody's write."""
        held = self._held.get(prop)
        return (
            held is not None
            and reading.status >> 30 == 0
            and isinstance(reading.value, int | float)
            and abs(reading.value - held) > self._tolerance[prop]
        )

    def _remember(self, prop: URIRef, reading: Reading) -> None:
        if reading.status >> 30 == 0 and isinstance(reading.value, int | float):
            self._held[prop] = float(reading.value)


def foreign_write_change(prop: URIRef, reading: Reading) -> Change:
    """`prop tw:foreignWrite true` in `state`: lifted by the next own confirmed write, or by a person."""
    return Change(
        Kind.OBSERVATION,
        LINK,
        adds=(Quad(prop, TW.foreignWrite, Literal(True), GraphName.STATE),),
        at_us=reading.received_us,
        plant_us=reading.source_us,
        detail={"link": "foreign-write", "property": str(prop), "value": reading.value},
    )
