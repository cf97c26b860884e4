"""What may be on the disk after a power cut: the synced data, and any part of what was not yet synced.

Reads the trace that `shim.c` writes. The model is harsher than ext4 and no harsher than POSIX: of the writes to a file
since its last fsync any subset may have reached the disk, whole or torn at sectors of 512 bytes; of the names made,
changed or removed in a directory since its last fsync likewise. The folder `outside` is what others have seen of the
program: it stays as it was.
"""

from __future__ import annotations

import random
import struct
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import NamedTuple

SECTOR = 512
_HEADER = struct.Struct("<cIqI")


class Record(NamedTuple):
    """One operation: `op` as in shim.c."""

    op: str
    file: int
    offset: int
    data: bytes


def read_trace(path: Path) -> list[Record]:
    """All records of a trace. A record cut short (the program was killed) ends it."""
    raw = path.read_bytes()
    records: list[Record] = []
    position = 0
    while position + _HEADER.size <= len(raw):
        op, file, offset, length = _HEADER.unpack_from(raw, position)
        start = position + _HEADER.size
        records.append(Record(op.decode("ascii"), file, offset, raw[start : start + length]))
        position = start + length
    return records


def acknowledged(files: dict[str, bytes]) -> int:
    """The last step acknowledged: the last number in the file outside/marker."""
    marks = [content for path, content in files.items() if path.endswith("/outside/marker")]
    return int(marks[0].split()[-1]) if marks and marks[0] else 0


def cut_points(records: list[Record], rng: random.Random, count: int) -> list[int]:
    """Where to cut: a third anywhere, a third close to a sync or rename, a third where a controller has been written to
    and the outcome may not be on record yet; in rising order."""
    controllers = {r.file for r in records if r.op == "N" and r.data.endswith(b"/outside/controller.jsonl")}
    close = [index for index, record in enumerate(records) if record.op in "SDRU"]
    writes = [index for index, record in enumerate(records) if record.op == "W" and record.file in controllers] or close
    cuts = [rng.randrange(len(records) + 1) for _ in range(count // 3)]
    cuts += [rng.choice(writes) + rng.randint(0, 6) for _ in range(count // 3)]
    cuts += [rng.choice(close) + rng.randint(-2, 2) for _ in range(count - len(cuts))]
    return sorted(min(max(cut, 0), len(records)) for cut in cuts)


@dataclass(slots=True)
class Disk:
    """Files and names: what is synced, and what is pending since."""

    synced: dict[int, bytearray] = field(default_factory=dict)
    pending: dict[int, list[Record]] = field(default_factory=dict)
    names: dict[str, int] = field(default_factory=dict)
    pending_names: dict[str, list[tuple[str, str, int]]] = field(default_factory=dict)
    """By directory: ("link", path, file) or ("unlink", path, 0), in order."""
    _current: dict[str, int] = field(default_factory=dict)

    def apply(self, record: Record) -> None:
        """The operation happens."""
        match record.op:
            case "N":
                if record.offset:
                    self._rename("link", record.data.decode(), record.file)
            case "W" | "T":
                self.pending.setdefault(record.file, []).append(record)
            case "S":
                content = self.synced.setdefault(record.file, bytearray())
                for write in self.pending.pop(record.file, ()):
                    _write(content, write)
            case "D":
                for name in self.pending_names.pop(record.data.decode(), ()):
                    _link(self.names, name)
            case "R":
                old, _, new = record.data.decode().partition("\0")
                self._rename("link", new, self._current[old])
                self._rename("unlink", old, 0)
            case "U":
                self._rename("unlink", record.data.decode(), 0)

    def everything(self) -> dict[str, bytes]:
        """The files as the program saw them: all operations done."""
        return {path: bytes(self._content(file, self.pending.get(file, ()))) for path, file in self._current.items()}

    def crashed(self, rng: random.Random) -> dict[str, bytes]:
        """The files that a power cut may leave: one of the many possibilities, chosen by `rng`."""
        names = dict(self.names)
        for pending in self.pending_names.values():
            share = _share(rng)
            for name in pending:
                if rng.random() < share:
                    _link(names, name)
        left = {path: bytes(self._content(file, self._survivors(file, rng))) for path, file in names.items()}
        return left | {path: content for path, content in self.everything().items() if "/outside/" in path}

    def _survivors(self, file: int, rng: random.Random) -> Iterator[Record]:
        share = _share(rng)
        for record in self.pending.get(file, ()):
            if rng.random() < share:
                yield from _torn(record, rng) if rng.random() < 0.2 else (record,)

    def _content(self, file: int, writes: list[Record] | tuple[()] | Iterator[Record]) -> bytearray:
        content = bytearray(self.synced.get(file, b""))
        for record in writes:
            _write(content, record)
        return content

    def _rename(self, what: str, path: str, file: int) -> None:
        _link(self._current, (what, path, file))
        self.pending_names.setdefault(path.rpartition("/")[0], []).append((what, path, file))


def _share(rng: random.Random) -> float:
    """How much of what is pending survives; all and nothing are as likely as something between."""
    return rng.choice((0.0, 0.5, 1.0, rng.random()))


def _link(names: dict[str, int], change: tuple[str, str, int]) -> None:
    what, path, file = change
    if what == "link":
        names[path] = file
    else:
        names.pop(path, None)


def _write(content: bytearray, record: Record) -> None:
    if record.op == "T":
        del content[record.offset :]
        content.extend(bytes(record.offset - len(content)))
        return
    end = record.offset + len(record.data)
    if len(content) < end:
        content.extend(bytes(end - len(content)))
    content[record.offset : end] = record.data


def _torn(record: Record, rng: random.Random) -> Iterator[Record]:
    """Some sectors of a write."""
    start, end = record.offset, record.offset + len(record.data)
    for sector in range(start // SECTOR, -(-end // SECTOR)):
        first, last = max(sector * SECTOR, start), min((sector + 1) * SECTOR, end)
        if rng.random() < 0.5:
            yield record._replace(offset=first, data=record.data[first - start : last - start])
