"""The page on which people sign in: plain HTML, for nothing is loaded for strangers."""

from __future__ import annotations

from collections.abc import Iterable
from html import escape
from typing import Final

from api.web.identity import Person

_ROLES: Final = {
    "operator": "Operator: runs the line, approves and stops",
    "supervisor": "Supervisor: also says how much agents may do",
    "engineer": "Engineer: also changes model and policy",
    "auditor": "Auditor: reads everything, changes nothing",
    "viewer": "Analyst: asks the graph",
}
_PAGE: Final = """<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>Sign in · Twinwright</title>
<link rel="icon" href="/console-static/icon.svg">
<link rel="stylesheet" href="/console-static/console.css">
</head>
<body>
<script>
const chosen = (document.cookie.match(/twinwright_theme=(\\w+)/) || [])[1];
if (chosen === "dark" || (chosen !== "light" && matchMedia("(prefers-color-scheme: dark)").matches))
  document.body.classList.add("body--dark");
</script>
<main class="tw-sign-in">
<h1>Twinwright</h1>
{failed}{names}{token}
</main>
</body>
</html>
"""
_FAILED: Final = '<p class="tw-problem" role="alert">That token is not known to this run of the twin.</p>'


def sign_in_page(people: Iterable[Person] | None, to: str, failed: bool) -> str:
    """The page; with `people` they sign in by name. `to` is where they go then, a path of this server."""
    hidden = f'<input type="hidden" name="to" value="{escape(to, quote=True)}">'
    return _PAGE.format(
        failed=_FAILED if failed else "", names="" if people is None else _names(people, hidden), token=_token(hidden)
    )


def _names(people: Iterable[Person], hidden: str) -> str:
    buttons = "".join(
        f'<button name="login" value="{escape(person.login, quote=True)}"><b>{escape(person.label)}</b>'
        f"<span>{escape(_ROLES.get(str(person.role), str(person.role)))}</span></button>"
        for person in people
    )
    told = "<p>This is a demonstration with a simulated line. Who are you today?</p>"
    return f'{told}<form method="post" action="/sign-in" class="tw-names">{hidden}{buttons}</form>'


def _token(hidden: str) -> str:
    return (
        f'<form method="post" action="/sign-in" class="tw-token">{hidden}<label for="token">Your token</label>'
        '<input id="token" name="token" type="password" autocomplete="current-password" required>'
        "<button>Sign in</button>"
        "<p>Whoever runs the twin finds the tokens with <code>twinwright people --tokens</code>.</p></form>"
    )
