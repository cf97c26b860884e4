"""An explanation's tree as a picture."""

from __future__ import annotations

from itertools import pairwise
from xml.etree import ElementTree

import pytest

from agents.explanation.svg import MOST_BOXES, picture
from agents.explanation.tree import Branch, Sort

SVG = "{http://www.w3.org/2000/svg}"
HOSTILE = '</title><script>alert("x")</script>&amp; \x00\x1b <![CDATA[ ]]> \ud800'


def tree(wide: int = 3) -> Branch:
    """A decision with a proof of three layers and some steps."""
    sample = Branch(Sort.SAMPLE, "Labeller: state = held")
    absence = Branch(Sort.ABSENCE, "Not found: x")
    proof = Branch(Sort.INFERRED, "Filler: speed asked for should be 360/min", {}, (sample, absence))
    finding = Branch(Sort.FINDING, "The agent may act only with a person's approval.")
    steps = [Branch(Sort.STEP, f"step {number}", {}, (finding,)) for number in range(wide)]
    return Branch(Sort.DECISION, "Slow down.", {}, (Branch(Sort.NOTE, "Why", {}, (proof,)), *steps))


def titles(text: str) -> list[str]:
    root = ElementTree.fromstring(text)
    return [str(title.text) for group in root.iter(f"{SVG}g") for title in group.iter(f"{SVG}title")]


def test_every_branch_is_a_box() -> None:
    """The picture is well-formed, has a title and a description, and one box for each branch."""
    text = picture(tree(), "Slow down.")

    root = ElementTree.fromstring(text)
    assert sorted(titles(text)) == sorted(branch.text for branch in tree().walk())
    assert root.get("role") == "img"
    assert {root[0].tag, root[1].tag} == {f"{SVG}title", f"{SVG}desc"}
    assert root.get("aria-labelledby") == f"{root[0].get('id')} {root[1].get('id')}"
    assert root[0].text == "Slow down."


def test_boxes_do_not_overlap_and_stay_inside() -> None:
    """Whatever the tree, boxes of a layer stand apart and the picture holds them all."""
    root = ElementTree.fromstring(picture(tree(20), "Slow down."))

    boxes = [
        tuple(float(rect.get(name) or 0) for name in ("x", "y", "width", "height")) for rect in root.iter(f"{SVG}rect")
    ]
    width, height = float(root.get("width") or 0), float(root.get("height") or 0)
    assert all(x + w <= width and y + h <= height for x, y, w, h in boxes)
    for layer in {x for x, _, _, _ in boxes}:
        rows = sorted((y, y + h) for x, y, _, h in boxes if x == layer)
        assert all(below <= above for (_, below), (above, _) in pairwise(rows))


def test_hostile_labels_are_text() -> None:
    """Markup, control characters and lone surrogates in labels stay text, in boxes as in the title."""
    text = picture(Branch(Sort.DECISION, HOSTILE, {}, (Branch(Sort.SAMPLE, HOSTILE),)), HOSTILE)

    root = ElementTree.fromstring(text.encode())
    assert list(root.iter(f"{SVG}script")) == []
    assert "<script" not in text
    assert all("alert" in title for title in titles(text))


@pytest.mark.parametrize("most", [1, 5, MOST_BOXES])
def test_a_large_tree_is_cut_and_says_so(most: int) -> None:
    """Boxes are bounded, what is left out is counted, and so is the size of the document."""
    large = tree(5000)
    count = sum(1 for _ in large.walk())

    text = picture(large, "Slow down.", most)

    told = titles(text)
    left_out = sum(int(title.split()[1]) for title in told if title.startswith("... "))
    drawn = [title for title in told if not title.startswith("... ")]
    assert len(drawn) == most
    assert left_out == count - most
    assert len(text) < 200_000


def test_nothing_comes_from_elsewhere() -> None:
    """No address but the namespace, no script, no event; dark and light both have their colours."""
    text = picture(tree(), "Slow down.")

    assert text.count("http") == 1
    assert "prefers-color-scheme: dark" in text
    assert not any(word in text for word in ("@import", "url(", "onload", "href"))
