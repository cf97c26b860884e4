"""The head file beside a journal: the anchor without which a cut tail could not be told from a shorter journal.

The file is written after the entries it names are durable, and replaced as a whole, so it never runs ahead of the
journal. It is no defence against somebody who edits both; for that a head is kept elsewhere and given to `verify`.
"""

from __future__ import annotations

import json
import os
from pathlib import Path

from kg.errors import JournalBroken
from kg.record import Head


def head_path(journal: Path) -> Path:
    """Where the head file of a SQLite journal lies."""
    return journal.with_suffix(".head")


def write_head(path: Path, head: Head, at_us: int) -> None:
    """Replace the head file, durably: new file, fsync, rename, fsync of the directory. Raises OSError."""
    text = json.dumps({"at_us": at_us, "hash": head.hash.hex(), "index": head.index})
    fresh = path.with_name(path.name + ".new")
    descriptor = os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_CLOEXEC, 0o600)
    try:
        os.write(descriptor, text.encode("ascii"))
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
    fresh.rename(path)
    directory = os.open(path.parent, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        os.fsync(directory)
    finally:
        os.close(directory)


def read_head(path: Path) -> Head | None:
    """The head that was written last; None where there is no file. Raises JournalBroken for a file that is no head."""
    try:
        told = json.loads(path.read_bytes())
        return Head(int(told["index"]), bytes.fromhex(told["hash"]))
    except FileNotFoundError:
        return None
    except (ValueError, KeyError, TypeError) as error:
        raise JournalBroken(f"The head file {path.name} is damaged.", path=str(path)) from error
