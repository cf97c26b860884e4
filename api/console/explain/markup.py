"""HTML as text, in which everything that was not made here is escaped."""

from __future__ import annotations

from collections.abc import Iterable
from html import escape
from typing import Final


class Markup(str):
    """Text that may stand in a page as it is: what `element` gave, or a constant of ours."""

    __slots__ = ()


NOTHING: Final = Markup("")
_VOID: Final = frozenset({"img", "path", "line"})


def element(name: str, *content: str, **attributes: str | bool | None) -> Markup:
    """An element. Content that is no Markup is escaped, and so are attributes; None and False leave one out.

    `cls` stands for class; underscores in the names of attributes become dashes.
    """
    told = "".join(_attribute(key, value) for key, value in attributes.items())
    if name in _VOID:
        return Markup(f"<{name}{told}/>")
    return Markup(f"<{name}{told}>{joined(content)}</{name}>")


def joined(pieces: Iterable[str]) -> Markup:
    """Pieces one after the other, escaped where they are no Markup."""
    return Markup("".join(piece if isinstance(piece, Markup) else escape(piece) for piece in pieces))


def _attribute(key: str, value: str | bool | None) -> str:
    name = "class" if key == "cls" else key.replace("_", "-")
    if value is None or value is False:
        return ""
    return f" {name}" if value is True else f' {name}="{escape(value)}"'
