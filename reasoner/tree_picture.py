"""A tree as one self-contained SVG picture: no scripts, no fonts or addresses from elsewhere.

Layers from left to right, as in the tree; each box tells its whole text when pointed at. Colours follow the reader's
light or dark scheme, and say only the sort of a box; its word says it too, so that nobody needs to see colours. Knows
nothing of what the tree says.
"""

from __future__ import annotations

import re
import textwrap
import zlib
from collections import deque
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Protocol
from xml.sax.saxutils import escape

MOST_BOXES = 120
"""Boxes in a picture; what is left out is counted where it would stand."""
_LONGEST = 600
_WIDTH, _GAP_X, _GAP_Y, _MARGIN = 250, 44, 12, 16
_CHARACTERS, _LINES, _LINE_HEIGHT, _PADDING = 38, 4, 15, 8
_NOT_XML = re.compile("[^\t\n\r\u0020-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
_STYLE = """
{id} {{ color-scheme: light dark; --ink: #1c2430; --faint: #5d6878; --paper: #ffffff; --edge: #9aa4b2;
  --measured: #1d5fae; --objection: #a3291f; --decision: #1c2430; background: var(--paper);
  font-family: system-ui, -apple-system, "Segoe UI", "DejaVu Sans", sans-serif; font-size: 12px; }}
@media (prefers-color-scheme: dark) {{ {id} {{ --ink: #e6eaf0; --faint: #a2adbb; --paper: #14181f; --edge: #5b6675;
  --measured: #7db4f5; --objection: #ff9a8f; --decision: #e6eaf0; }} }}
{id} rect {{ fill: var(--paper); stroke: var(--edge); }}
{id} path {{ fill: none; stroke: var(--edge); }}
{id} text {{ fill: var(--ink); }}
{id} .sort {{ fill: var(--faint); font-size: 10px; }}
{id} .decision rect {{ stroke: var(--decision); stroke-width: 2; }}
{id} .sample rect {{ stroke: var(--measured); stroke-width: 2; }}
{id} .sample .sort {{ fill: var(--measured); }}
{id} .finding rect {{ stroke: var(--objection); stroke-width: 2; }}
{id} .finding .sort {{ fill: var(--objection); }}
{id} .absence rect, {id} .more rect {{ stroke-dasharray: 4 3; }}
"""


class Tree(Protocol):
    """What can be drawn. `sort` is the class of its box; sorts with a look of their own are those in the style."""

    @property
    def text(self) -> str: ...
    @property
    def sort(self) -> str: ...
    @property
    def branches(self) -> Sequence[Tree]: ...
    def walk(self) -> Iterator[Tree]:
        """The tree and all below it."""


@dataclass(slots=True)
class _Box:
    """A branch with its place. Sizes and places in pixels."""

    text: str
    sort: str
    word: str
    depth: int
    children: list[_Box] = field(default_factory=list)
    x: int = 0
    y: float = 0.0

    @property
    def lines(self) -> list[str]:
        return textwrap.wrap(self.text, _CHARACTERS, max_lines=_LINES, placeholder=" …") or [""]

    @property
    def height(self) -> int:
        return 2 * _PADDING + _LINE_HEIGHT * (len(self.lines) + bool(self.word))

    def walk(self) -> Iterator[_Box]:
        yield self
        for child in self.children:
            yield from child.walk()


def picture(tree: Tree, title: str, what: str, words: Mapping[str, str], most: int = MOST_BOXES) -> str:
    """The tree as an SVG document of at most so many boxes, those nearest to the root first.

    `what` says in a sentence what is shown; `words` stand above the text in the boxes of each sort.
    """
    root = _boxes(tree, max(most, 1), words)
    height = _place(root, float(_MARGIN)) - _GAP_Y + _MARGIN
    boxes = list(root.walk())
    width = max(box.x for box in boxes) + _WIDTH + _MARGIN
    ident = f"tw-{zlib.crc32(title.encode(errors='replace')):08x}"
    more = sum(1 for _ in tree.walk()) - sum(box.sort != "more" for box in boxes)
    left_out = f" {more} are left out." if more else ""
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" id="{ident}" role="img" aria-labelledby="{ident}-t {ident}-d"'
        f' viewBox="0 0 {width} {height:.0f}" width="{width}" height="{height:.0f}">',
        f'<title id="{ident}-t">{_text(title)}</title>',
        f'<desc id="{ident}-d">{_text(what)} {len(boxes)} boxes.{left_out}</desc>',
        f"<style>{_STYLE.format(id='#' + ident)}</style>",
        *(_line(box, child) for box in boxes for child in box.children),
        *(_drawn(box) for box in boxes),
        "</svg>",
    ]
    return "\n".join(parts) + "\n"


def _boxes(tree: Tree, most: int, words: Mapping[str, str]) -> _Box:
    """Boxes layer by layer until there are enough; each says how many below it found no place."""
    root = _box(tree, 0, words)
    waiting, count = deque([(tree, root)]), 1
    while waiting:
        branch, box = waiting.popleft()
        room = max(most - count, 0)
        for child in branch.branches[:room]:
            drawn = _box(child, box.depth + 1, words)
            box.children.append(drawn)
            waiting.append((child, drawn))
        count += len(box.children)
        left = sum(1 for child in branch.branches[room:] for _ in child.walk())
        if left:
            box.children.append(_Box(f"... {left} more", "more", "", box.depth + 1))
    return root


def _box(tree: Tree, depth: int, words: Mapping[str, str]) -> _Box:
    return _Box(_clean(tree.text), str(tree.sort), words.get(tree.sort, ""), depth)


def _place(box: _Box, top: float) -> float:
    """Place a box beside the first of what hangs from it; returns where the next one may begin."""
    box.x = _MARGIN + box.depth * (_WIDTH + _GAP_X)
    box.y = below = top
    for child in box.children:
        below = _place(child, below)
    return max(below, top + box.height + _GAP_Y)


def _line(box: _Box, child: _Box) -> str:
    x1, y1, x2, y2 = box.x + _WIDTH, box.y + box.height / 2, child.x, child.y + child.height / 2
    middle = (x1 + x2) / 2
    return f'<path d="M{x1} {y1:.1f} C{middle:.0f} {y1:.1f} {middle:.0f} {y2:.1f} {x2} {y2:.1f}"/>'


def _drawn(box: _Box) -> str:
    x, y = box.x + _PADDING, box.y + _PADDING - 4
    rows = [f'<text class="sort" x="{x}" y="{y + _LINE_HEIGHT:.1f}">{_text(box.word)}</text>'] if box.word else []
    for number, line in enumerate(box.lines, start=1 + len(rows)):
        rows.append(f'<text x="{x}" y="{y + number * _LINE_HEIGHT:.1f}">{_text(line)}</text>')
    frame = f'<rect x="{box.x}" y="{box.y:.1f}" width="{_WIDTH}" height="{box.height}" rx="4"/>'
    return f'<g class="{box.sort}"><title>{_text(box.text)}</title>{frame}{"".join(rows)}</g>'


def _clean(text: str) -> str:
    """The text without what XML cannot hold, cut where it is very long."""
    text = _NOT_XML.sub("\ufffd", text)
    return text if len(text) <= _LONGEST else text[: _LONGEST - 1] + "…"


def _text(text: str) -> str:
    return escape(_clean(text))
