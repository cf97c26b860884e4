"""The parts of the twin with their restarts, and what is in force."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from html import escape
from typing import Any, Final

from api.console.link.ages import age
from api.console.operate.sheet import Sheet, Values

_WORDS: Final = {
    "core": "Core: link, Gate, journal, history",
    "gateway": "Write gateway",
    "replica": "Replica for SPARQL",
    "agents": "Agents",
    "web": "API and console",
    "plant": "Simulated plant",
}


def parts_values(core: Mapping[str, Any], parts: Sequence[Mapping[str, Any]], now_us: int) -> Values:
    """What may change about the parts."""
    gate = core.get("gate") or {}
    values: Values = {
        "p.seq": f"{core['seq']:,}" if "seq" in core else "--",
        "p.release": str(core.get("release") or "--"),
        "p.triples": f"{core['triples']:,}" if "triples" in core else "--",
        "p.waiting": f"{gate.get('waiting', 0):,} waiting, {gate.get('decided', 0):,} decided",
        "p.violations": f"{gate.get('violations', 0):,}",
        "p.seal": "samples are sealed as they come",
        "p.seal@data-tone": "calm",
    }
    if core.get("unsealed"):
        values |= {"p.seal": "UNSEALED: nothing can be recorded, requests stop", "p.seal@data-tone": "alarm"}
    for number, part in enumerate(parts):
        state = str(part.get("state", "unknown"))
        since_s = part.get("since_s")
        values |= {
            f"p{number}.state": state,
            f"p{number}.state@data-tone": "calm" if state == "running" else "caution",
            f"p{number}.since": age(round(since_s * 1e6), now_us) if since_s else "--",
            f"p{number}.restarts": str(part.get("restarts", 0)),
            f"p{number}.restarts@data-tone": "caution" if part.get("restarts") else "calm",
            f"p{number}.exit": "--" if part.get("last_exit") is None else str(part["last_exit"]),
            f"p{number}.pid": "--" if part.get("pid") is None else str(part["pid"]),
        }
    return values


def parts_markup(parts: Sequence[Mapping[str, Any]], sheet: Sheet) -> str:
    """What is in force, and a line for each part."""
    rows = (
        ("Newest change", sheet.text("p.seq")),
        ("Release in force", sheet.text("p.release", cls="lk-hash")),
        ("Facts in the graph", sheet.text("p.triples")),
        ("Gate", sheet.text("p.waiting")),
        ("Violations now", sheet.text("p.violations")),
        ("Record", sheet.text("p.seal", cls="lk-quality")),
    )
    facts = "".join(f"<dt>{title}</dt><dd>{text}</dd>" for title, text in rows)
    lines = "".join(_line(number, part, sheet) for number, part in enumerate(parts))
    heads = "".join(
        f'<th scope="col">{head}</th>' for head in ("Part", "State", "For", "Restarts", "Last exit code", "Process")
    )
    table = (
        '<table class="tw-table lk-table" aria-label="Parts of the twin"><thead><tr>'
        f"{heads}</tr></thead><tbody>{lines}</tbody></table>"
        if parts
        else '<p class="tw-quiet">Nobody supervises the parts of this twin.</p>'
    )
    return f'<dl class="lk-facts">{facts}</dl>{table}'


def _line(number: int, part: Mapping[str, Any], sheet: Sheet) -> str:
    name, key = str(part.get("name", "?")), f"p{number}"
    return (
        f'<tr><th scope="row">{escape(_WORDS.get(name, name))}</th>'
        f"<td>{sheet.text(f'{key}.state', cls='lk-quality')}</td><td>{sheet.text(f'{key}.since')}</td>"
        f"<td>{sheet.text(f'{key}.restarts', cls='lk-quality')}</td><td>{sheet.text(f'{key}.exit')}</td>"
        f"<td>{sheet.text(f'{key}.pid')}</td></tr>"
    )
