"""The write gateway: lease, heartbeat, what is being written, stops, and what may be written within which bounds."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from html import escape
from typing import Any, Final

from agents.words import sign_of
from api.acts import label
from api.console.link.ages import moment
from api.console.operate.sheet import Sheet, Values
from kg.bindings import WriteGrant
from kg.plantfolder import PlantFolder

_HEADS: Final = (
    *("Property", "Range", "Largest step", "Not before", "Per hour", "Confirmed to within", "Risk class"),
    "Now",
)
_FIGURES: Final = ("g.lease", "g.token", "g.beat", "g.devices", "g.running", "g.stops", "g.frozen")
_MODES: Final = {
    "propose-only": "agents propose, people write",
    "no-writes": "nobody writes",
    "read-only": "nobody writes or proposes",
}


def gateway_values(plant: PlantFolder, gateway: Mapping[str, Any]) -> Values:
    """What may change about the gateway and the allow-list."""
    if "error" in gateway or not gateway:
        unknown = dict.fromkeys((*_FIGURES, *(f"w{number}.now" for number in range(len(plant.grants)))), "not known")
        return {**unknown, "g.state": str(gateway.get("error") or "not asked yet"), "g.state@data-tone": "alarm"}
    lease_s, read_only = float(gateway.get("lease_s") or 0), gateway.get("read_only")
    beat = gateway.get("heartbeat") or {}
    frozen = gateway.get("frozen") or {}
    values: Values = {
        "g.state": f"read only: {read_only}" if read_only else "ready" if lease_s else "no lease, so no writes",
        "g.state@data-tone": "alarm" if read_only else "calm" if lease_s else "caution",
        "g.lease": f"{lease_s:.1f} s left" if lease_s else "none",
        "g.token": str(gateway.get("highest_token", "--")),
        "g.beat": f"{beat.get('beats', 0):,} sent, {beat.get('missed', 0):,} missed",
        "g.running": f"{len(gateway.get('running') or ())} under way" if gateway.get("running") else "none",
        "g.devices": ", ".join(_device(told) for told in (gateway.get("devices") or {}).values()) or "none",
        "g.stops": "; ".join(_stop(plant, stop) for stop in gateway.get("stops") or ()) or "none",
        "g.stops@data-tone": "caution" if gateway.get("stops") else "calm",
        "g.frozen": ", ".join(label(plant, prop) for prop in frozen) or "none",
        "g.frozen@data-tone": "alarm" if frozen else "calm",
    }
    for number, grant in enumerate(plant.grants):
        word, tone = _standing(gateway, str(grant.prop))
        values |= {f"w{number}.now": word, f"w{number}.now@data-tone": tone}
    return values


def gateway_markup(sheet: Sheet) -> str:
    """The gateway's figures."""
    rows = (
        ("Lease", sheet.text("g.lease")),
        ("Fencing token", sheet.text("g.token")),
        ("Heartbeat to the controllers", sheet.text("g.beat")),
        ("Sessions for writing", sheet.text("g.devices")),
        ("Writes", sheet.text("g.running")),
        ("Stops", sheet.text("g.stops", cls="lk-quality")),
        ("Frozen", sheet.text("g.frozen", cls="lk-quality")),
    )
    facts = "".join(f"<dt>{title}</dt><dd>{text}</dd>" for title, text in rows)
    return f'<h3>Write gateway {sheet.text("g.state", cls="lk-quality")}</h3><dl class="lk-facts">{facts}</dl>'


def allowed_markup(plant: PlantFolder, sheet: Sheet) -> str:
    """The write allow-list."""
    heads = "".join(f'<th scope="col">{head}</th>' for head in _HEADS)
    lines = "".join(_line(plant, number, grant, sheet) for number, grant in enumerate(plant.grants))
    return (
        '<table class="tw-table lk-table" aria-label="What may be written"><thead><tr>'
        f"{heads}</tr></thead><tbody>{lines}</tbody></table>"
    )


def _line(plant: PlantFolder, number: int, grant: WriteGrant, sheet: Sheet) -> str:
    unit = _unit(plant, grant)
    cells: Sequence[str] = (
        f"{grant.minimum:g} to {grant.maximum:g}{unit}",
        f"{grant.max_step:g}{unit}",
        f"{grant.min_interval_s:g} s after the last",
        f"{grant.max_per_hour}",
        f"{grant.tolerance:g}{unit} in {grant.confirm_within_s:g} s",
        f"{grant.risk_class}",
    )
    told = "".join(f"<td>{escape(cell)}</td>" for cell in cells)
    name = escape(label(plant, str(grant.prop)))
    now = sheet.text(f"w{number}.now", cls="lk-quality")
    return f'<tr><th scope="row">{name}</th>{told}<td>{now}</td></tr>'


def _unit(plant: PlantFolder, grant: WriteGrant) -> str:
    sign = next((sign_of(b.unit) for b in plant.bindings if b.prop == grant.prop), "")
    return sign if sign.startswith("/") or not sign else f" {sign}"


def _standing(gateway: Mapping[str, Any], prop: str) -> tuple[str, str]:
    if prop in (gateway.get("frozen") or {}):
        return "frozen: the outcome of a write is unknown", "alarm"
    excluded = (gateway.get("excluded") or {}).get(prop)
    if excluded:
        return f"not writable: {excluded}", "caution"
    if prop not in (gateway.get("targets") or ()):
        return "not on the gateway's list", "caution"
    return "may be written", "calm"


def _device(told: Mapping[str, Any]) -> str:
    if told.get("connected"):
        return f"connected, session {told.get('sessions', '--')}"
    return f"NOT CONNECTED: {told.get('cause') or 'no cause known'}"


def _stop(plant: PlantFolder, stop: Mapping[str, Any]) -> str:
    until = f" until {moment(stop['until_us'])} UTC" if stop.get("until_us") else ""
    reason = f", “{stop['reason']}”" if stop.get("reason") else ""
    mode = str(stop.get("mode"))
    by = label(plant, str(stop.get("by")))
    return f"{label(plant, str(stop.get('scope')))}: {_MODES.get(mode, mode)}{until}, set by {by}{reason}"
