"""How the console looks: grey by default, colour for what is abnormal (ISA-101), light and dark, large enough.

The choice of light or dark is kept in a cookie of this browser; without a choice the system decides.
"""

from __future__ import annotations

from typing import Final

from fastapi import Request
from nicegui import context, ui

_COOKIE: Final = "twinwright_theme"
_ORDER: Final = {"auto": "light", "light": "dark", "dark": "auto"}
_DARK: Final[dict[str, bool | None]] = {"auto": None, "light": False, "dark": True}


def apply(request: Request) -> None:
    """Colours, type and the chosen theme, on the page that is being drawn."""
    ui.add_head_html('<link rel="stylesheet" href="/console-static/console.css">')
    ui.colors(primary="#2f5d8a", secondary="#5b6670", positive="#3d6b4f", negative="#b3261e", warning="#8a5a00")
    chosen = request.cookies.get(_COOKIE, "auto")
    ui.dark_mode(_DARK.get(chosen))


def next_theme() -> None:
    """Light after system, dark after light, system after dark; kept in the browser."""
    cookies = context.client.request.cookies if context.client.request else {}
    chosen = _ORDER.get(cookies.get(_COOKIE, "auto"), "auto")
    ui.run_javascript(
        f'document.cookie = "{_COOKIE}={chosen};path=/;max-age=31536000;samesite=strict"; location.reload()'
    )


def post(path: str) -> str:
    """JavaScript that leaves the page by a POST."""
    form = f'Object.assign(document.createElement("form"), {{method: "post", action: "{path}"}})'
    return f"const f = {form}; document.body.append(f); f.submit()"
