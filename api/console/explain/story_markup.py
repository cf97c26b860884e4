"""The course of a decision as HTML: its head, its timeline, and what was expected and seen."""

from __future__ import annotations

from typing import Final

from api.console.explain.decision import Course, Decision
from api.console.explain.forecast import Forecast
from api.console.explain.markup import NOTHING, Markup, element
from api.console.explain.steps import Line

_SIGNS: Final = {"done": "✓", "end": "■", "failed": "✗", "held": "‖", "skipped": "–", "unreached": "○"}
_SPOKEN: Final = {
    "done": "done",
    "end": "end",
    "failed": "failed",
    "held": "needs leave",
    "skipped": "not evaluated",
    "unreached": "not reached",
}


def head_markup(course: Course) -> Markup:
    """How it stands, and the whole in a sentence."""
    tone = f" xp-{course.end.tone}" if course.end.tone else ""
    return element(
        "div",
        element("p", element("span", course.end.word, cls=f"xp-end{tone}"), cls="xp-state"),
        element("p", course.sentence, cls="xp-whole"),
    )


def timeline_markup(lines: tuple[Line, ...]) -> Markup:
    """The steps in order."""
    return element("ol", *(_line(line) for line in lines), cls="xp-steps")


def facts_markup(facts: tuple[tuple[str, str], ...]) -> Markup:
    """Names and values; empty values are left out."""
    pairs = [piece for name, text in facts if text for piece in (element("dt", name), element("dd", text))]
    return element("dl", *pairs, cls="xp-facts")


def about_markup(decision: Decision) -> Markup:
    """Who, when, and by what rule."""
    who = decision.who if decision.role == "agent" else f"{decision.who}, {decision.role}"
    return facts_markup(
        (
            ("Who", who),
            ("Rule", decision.rule),
            ("Goal", decision.goal),
            ("When", f"{decision.when} UTC"),
            ("Plant time", decision.plant_when),
            ("Could be sent until", f"{decision.expires} UTC" if decision.expires else ""),
        )
    )


def forecast_markup(found: Forecast) -> Markup:
    """Expected, seen, and what doing nothing would have brought."""
    return element(
        "div",
        _band(found),
        facts_markup(
            (("Expected", found.expected), ("Seen", found.seen), ("If nothing had been done", found.if_nothing))
        ),
    )


def _line(line: Line) -> Markup:
    sign = element(
        "span",
        element("span", _SIGNS[line.tone], aria_hidden="true"),
        element("span", _SPOKEN[line.tone], cls="xp-unseen"),
        cls="xp-sign",
    )
    said = [element("p", sentence) for sentence in line.said]
    if line.tone == "unreached":
        return element("li", sign, element("div", element("b", line.title), " · not reached"), cls="xp-s-unreached")
    when = element("span", line.clock, cls="xp-clock", title=line.moment)
    after = (element("span", f"after {line.after}", cls="xp-under"),) if line.after else ()
    record = element("span", f"{line.by} · {line.record}", cls="xp-under")
    return element(
        "li",
        sign,
        element("div", element("b", line.title), *said, record),
        element("div", when, *after, cls="xp-time"),
        cls=f"xp-s-{line.tone}",
    )


def _band(found: Forecast) -> Markup:
    """Least, likely and most units as a bar, with what was seen as a mark."""
    if found.low is None or found.likely is None or found.high is None:
        return NOTHING
    marks = [found.low, found.likely, found.high, 0, *([] if found.gained is None else [found.gained])]
    least, most = min(marks), max(marks)
    span = max(most - least, 1)

    def percent(units: int) -> str:
        return f"{4 + 92 * (units - least) / span:.1f}%"

    width = f"{max(92 * (found.high - found.low) / span, 0.5):.1f}%"
    told = f"expected {found.likely:+d} units, between {found.low:+d} and {found.high:+d}"
    seen = NOTHING
    if found.gained is not None:
        verdict = "as foreseen" if found.hit else "outside of what was foreseen"
        told += f"; seen {found.gained:+d}, {verdict}"
        seen = element(
            "i", element("b", f"seen {found.gained:+d}"), cls="xp-seen", style=f"left:{percent(found.gained)}"
        )
    return element(
        "div",
        element("i", cls="xp-zero", style=f"left:{percent(0)}"),
        element("i", cls="xp-span", style=f"left:{percent(found.low)};width:{width}"),
        element("i", element("b", f"{found.likely:+d}"), cls="xp-likely", style=f"left:{percent(found.likely)}"),
        seen,
        cls="xp-band",
        role="img",
        aria_label=told,
    )
