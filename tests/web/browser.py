"""A real browser for the journeys: signs in by name, notes what goes wrong, knows what axe finds."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page, sync_playwright

PICTURES = os.environ.get("TWINWRIGHT_PICTURES")
"""A folder for screenshots of the documentation: `make pictures` sets it."""
_SERIOUS = ("serious", "critical")


@dataclass
class Visit:
    """A page in a person's session, and what it asked for and complained of."""

    page: Page
    url: str
    asked: list[str] = field(default_factory=list)
    complaints: list[str] = field(default_factory=list)

    def go(self, path: str) -> None:
        self.page.goto(self.url + path)
        self.page.wait_for_selector("main h1", state="attached")

    @property
    def foreign(self) -> list[str]:
        """Requests that left this machine's twin."""
        own = urlsplit(self.url).netloc
        return [asked for asked in self.asked if urlsplit(asked).netloc not in ("", own)]

    def findings(self) -> list[str]:
        """What axe-core finds serious or critical on the page as it is."""
        told = Axe().run(self.page).response["violations"]
        return [
            f"{found['id']} ({found['impact']}): {node['html'][:160]}"
            for found in told
            if found["impact"] in _SERIOUS
            for node in found["nodes"]
        ]

    def picture(self, name: str) -> None:
        """A screenshot for the documentation, where that is asked for."""
        if PICTURES:
            self.page.screenshot(path=Path(PICTURES) / f"{name}.png")


@contextmanager
def visit(chromium: str, url: str, login: str, **context: Any) -> Iterator[Visit]:
    """A fresh browser in which a person has signed in."""
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium, args=["--no-sandbox"])
        try:
            options = {"viewport": {"width": 1280, "height": 800}, **context}
            page = browser.new_context(**options).new_page()
            made = Visit(page, url)
            page.on("request", lambda request: made.asked.append(request.url))
            page.on("pageerror", lambda error: made.complaints.append(str(error)))
            page.on("console", lambda said: said.type == "error" and made.complaints.append(said.text))
            page.goto(f"{url}/sign-in")
            page.click(f'button[value="{login}"]')
            page.wait_for_selector("header nav")
            yield made
        finally:
            browser.close()
