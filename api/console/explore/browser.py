"""What only the browser can do: its localStorage, names for editors, links to the clipboard. JavaScript stays here."""

from __future__ import annotations

import json
from typing import Final

from nicegui import ui

from api.console.explore import past_queries

_DRAFT: Final = "twinwright.explore.draft"
_LONGEST_DRAFT: Final = 64 * 1024
_READ: Final = """
try { return [(localStorage.getItem(%s) || '').slice(0, 800000), (localStorage.getItem(%s) || '').slice(0, 70000)] }
catch { return ['', ''] }
"""
_NAME_EDITOR: Final = """
(function name(tries) {
  const text = document.querySelector('#%s .cm-content');
  if (text) text.setAttribute('aria-label', %s);
  else if (tries) setTimeout(() => name(tries - 1), 100);
})(100)
"""
_TOP: Final = """
const panel = document.getElementById('%s');
if (panel) {
  panel.scrollTop = 0;
  if (%s) panel.querySelector('h2')?.focus();
}
"""
_CURSOR: Final = """
const editor = getElement(%s)?.editor;
if (editor) {
  const line = editor.state.doc.line(Math.min(%d, editor.state.doc.lines));
  editor.dispatch({selection: {anchor: Math.min(line.to, line.from + %d)}, scrollIntoView: true});
  editor.focus();
}
"""
_COPY: Final = """
(async () => {
  const link = location.origin + %s;
  try { await navigator.clipboard.writeText(link); return true } catch { prompt('The link:', link); return false }
})()
"""


async def stored() -> tuple[str, str]:
    """(past queries, draft) of this browser; empty texts where it keeps nothing."""
    script = _READ % (json.dumps(past_queries.KEY), json.dumps(_DRAFT))
    try:
        found = await ui.run_javascript(script, timeout=5.0)
    except TimeoutError:
        return "", ""
    past, draft = found if isinstance(found, list) and len(found) == 2 else ("", "")
    return str(past), str(draft)


async def is_dark() -> bool:
    """Whether the page is shown dark now."""
    try:
        return bool(await ui.run_javascript("return document.body.classList.contains('body--dark')", timeout=5.0))
    except TimeoutError:
        return False


def show_top(html_id: str, focus: bool) -> None:
    """Scroll a panel to its top, and put the focus on its heading if so wanted."""
    ui.run_javascript(_TOP % (html_id, json.dumps(focus)))


def put_cursor(html_id: str, line: int, column: int) -> None:
    """Put the cursor of an editor to a place that counts from 1, and the focus on the editor."""
    ui.run_javascript(_CURSOR % (html_id.removeprefix("c"), line, column - 1))


def keep_past(text: str) -> None:
    """Keep the past queries in this browser."""
    _keep(past_queries.KEY, text)


def keep_draft(text: str) -> None:
    """Keep what stands in the editor, for the next visit."""
    if len(text) <= _LONGEST_DRAFT:
        _keep(_DRAFT, text)


def name_editor(html_id: str, name: str) -> None:
    """Give an editor a name for screen readers as soon as it is there."""
    ui.run_javascript(_NAME_EDITOR % (html_id, json.dumps(name)))


async def copy_link(path: str) -> bool:
    """Copy a link of this site; where the browser forbids that, show it. True where it was copied."""
    try:
        return bool(await ui.run_javascript("return " + (_COPY % json.dumps(path)).strip(), timeout=120.0))
    except TimeoutError:
        return False


def _keep(key: str, text: str) -> None:
    ui.run_javascript(f"try {{ localStorage.setItem({json.dumps(key)}, {json.dumps(text)}) }} catch {{ }}")
