"""The asserted graphs as the journal tells them: the release, and every admitted Change since.

Works on N-Quads lines as they stand in the journal, without parsing terms: a removal names the same line as the
addition did. Bodies read here:

    RELEASE  {"release": hash, "quads": [line, ...]} or {"release": hash, "quads_z": base64 of zlib of the lines}
    CHANGE   {"adds": [line, ...], "removes": [line, ...], ...}

A release holds the graphs of `RELEASED` whole; the other graphs go on across releases.
"""

from __future__ import annotations

import base64
import binascii
import zlib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from kg.errors import JournalBroken
from kg.names import GraphName
from kg.proof import Json
from kg.record import EntryKind, Recorded
from ontology import ISA95, TW

#: Graphs that a RELEASE entry replaces as a whole.
RELEASED = frozenset({GraphName.ONTOLOGY, GraphName.PLANT, GraphName.POLICY, GraphName.RULES, GraphName.SHAPES})

_IS_PROPERTY_OF = f"<{ISA95.isPropertyOf}>"
_PREDICATE = f"<{TW.predicate}>"

Lines = dict[GraphName, set[str]]


def packed_release(release: str, lines: Iterable[str]) -> dict[str, Json]:
    """The body of a RELEASE entry with its quads (N-Quads lines without line ends) compressed."""
    text = "\n".join(lines).encode("utf-8")
    return {"release": release, "quads_z": base64.b64encode(zlib.compress(text, 6)).decode("ascii")}


def release_lines(recorded: Recorded) -> list[str]:
    """The N-Quads lines that a RELEASE entry holds. Raises JournalBroken where it holds none."""
    body = recorded.entry.body
    plain, packed = body.get("quads"), body.get("quads_z")
    if isinstance(plain, list):
        return [str(line) for line in plain]
    if isinstance(packed, str):
        try:
            return zlib.decompress(base64.b64decode(packed, validate=True)).decode("utf-8").splitlines()
        except (ValueError, binascii.Error, zlib.error) as error:
            raise JournalBroken(f"The quads of record {recorded.index} can't be read.", index=recorded.index) from error
    raise JournalBroken(f"Record {recorded.index} is a release without quads.", index=recorded.index)


@dataclass(slots=True)
class Replay:
    """RELEASE and CHANGE entries, put together in order."""

    release: Recorded | None = None
    """The last RELEASE entry."""
    changes: list[Recorded] = field(default_factory=list)
    """The CHANGE entries after it."""
    carried: dict[GraphName, frozenset[str]] = field(default_factory=dict)
    """What stood before it in the graphs that a release does not hold."""

    @classmethod
    def of(cls, entries: Iterable[Recorded]) -> Replay:
        """Read RELEASE and CHANGE entries in order; others are passed over. Raises JournalBroken."""
        replay = cls()
        for recorded in entries:
            if recorded.entry.kind is EntryKind.CHANGE:
                replay.changes.append(recorded)
            elif recorded.entry.kind is EntryKind.RELEASE:
                standing = replay.quads()
                replay.carried = {g: frozenset(lines) for g, lines in standing.items() if g not in RELEASED and lines}
                replay.release, replay.changes = recorded, []
        return replay

    def quads(self) -> Lines:
        """The lines that stand at the end, by graph."""
        lines: Lines = {name: set(self.carried.get(name, ())) for name in GraphName}
        if self.release is not None:
            for line in release_lines(self.release):
                lines[_graph(line, self.release)].add(line)
        for recorded in self.changes:
            for line in _lines(recorded, "removes"):
                lines[_graph(line, recorded)].discard(line)
            for line in _lines(recorded, "adds"):
                lines[_graph(line, recorded)].add(line)
        return lines


def without_live_values(lines: Mapping[GraphName, Iterable[str]]) -> Lines:
    """The same lines but for the values of bound properties in graph `state`, which history holds.

    A value is a triple (equipment, predicate, _) for which graph `plant` has a property that
    isa95:isPropertyOf the equipment and has the tw:predicate.
    """
    equipment: dict[str, str] = {}
    predicate: dict[str, str] = {}
    for line in lines.get(GraphName.PLANT, ()):
        s, p, rest = line.split(" ", 2)
        if p == _IS_PROPERTY_OF:
            equipment[s] = rest.split(" ", 1)[0]
        elif p == _PREDICATE:
            predicate[s] = rest.split(" ", 1)[0]
    live = {(owner, predicate[prop]) for prop, owner in equipment.items() if prop in predicate}
    kept = {name: set(held) for name, held in lines.items()}
    kept[GraphName.STATE] = {x for x in lines.get(GraphName.STATE, ()) if tuple(x.split(" ", 2)[:2]) not in live}
    return kept


def _lines(recorded: Recorded, name: str) -> list[str]:
    held = recorded.entry.body.get(name, [])
    if not isinstance(held, list):
        raise JournalBroken(f"`{name}` of record {recorded.index} is no list of quads.", index=recorded.index)
    return [str(line) for line in held]


def _graph(line: str, recorded: Recorded) -> GraphName:
    iri = line.rstrip(" .\n").rpartition("<")[2].rstrip(">")
    name = GraphName.of_iri(iri)
    if name is None:
        raise JournalBroken(f"Record {recorded.index} holds a quad in no known graph: {iri}.", index=recorded.index)
    return name
