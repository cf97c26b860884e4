"""One journey for each role through the console of a running demonstration, in a real browser."""

from __future__ import annotations

import re
import time
from collections.abc import Callable
from typing import Any
from urllib.parse import quote

import pytest
from playwright.sync_api import TimeoutError as PatienceEnded
from playwright.sync_api import expect

LAPSED = re.compile("has ended|has expired|another proposal has just taken")

pytestmark = pytest.mark.timeout(480)


def test_an_operator_reads_the_line_and_stops_the_twin(signed_in: Callable[..., Any], demo: Any) -> None:
    """Order, machines and figures at a glance; two presses and nothing is written any more; the release is as near."""
    with signed_in("olga") as visit, demo.client("olga") as api:
        visit.go("/")
        page = visit.page
        page.get_by_text(re.compile(r"[\d,]+ of [\d,]+")).first.wait_for()
        for machine in ("Depalletiser", "Filler", "Labeller", "Packer", "Palletiser"):
            page.get_by_text(machine, exact=True).first.wait_for()
        visit.picture("operate")

        page.get_by_role("button", name="Stop", exact=True).click()
        page.get_by_role("button", name="Stop now").click()
        page.get_by_role("button", name=re.compile("^Release")).wait_for()
        stopped = api.get("/stops").json()["items"]
        visit.picture("stop")
        page.get_by_role("button", name=re.compile("^Release")).click()
        page.get_by_role("button", name=re.compile("^Release")).wait_for(state="detached")

        assert [stop["mode"] for stop in stopped] == ["no-writes"]
        assert api.get("/stops").json()["items"] == []
        assert visit.complaints == []
        assert visit.foreign == []


def test_a_supervisor_says_how_far_agents_may_go(signed_in: Callable[..., Any], demo: Any) -> None:
    """From shadow to approve, with a reason that is kept; an operator is shown the level and no more."""
    with signed_in("sam") as visit, demo.client("sam") as api:
        visit.go("/")
        page = visit.page
        page.get_by_role("button", name="Change a level").click()
        dialog = page.get_by_role("dialog")
        dialog.get_by_role("radio", name=re.compile("^approve")).click()
        dialog.get_by_label("Reason").fill("The line is calm; I stay at the screen.")
        visit.picture("autonomy")
        dialog.get_by_role("button", name="Change", exact=True).click()
        dialog.wait_for(state="detached")
        raised = {grant["level"] for grant in api.get("/autonomy").json()["items"]}
        for grant in api.get("/autonomy").json()["items"]:
            agent = quote(grant["agent"]["iri"] if isinstance(grant["agent"], dict) else grant["agent"], safe="")
            api.put(f"/autonomy/{agent}", json={"level": "shadow", "reason": "the journey is over"})

    assert raised == {"approve"}
    assert visit.complaints == []
    with signed_in("olga") as visit:
        visit.go("/")
        visit.page.get_by_text("Supervisors and engineers change this.").wait_for()
        assert visit.page.get_by_role("button", name="Change a level").count() == 0


def test_an_analyst_asks_the_graph(signed_in: Callable[..., Any], demo: Any) -> None:
    """An example runs, its rows can be taken along as CSV, a node leads into the graph; nothing can be stopped."""
    with signed_in("vera") as visit:
        visit.go("/explore")
        page = visit.page
        page.get_by_text("Speeds: set, accepted, actual").click()
        page.get_by_role("button", name="Run", exact=True).click()
        rows = page.locator('section[aria-label="Answer"] table tbody tr')
        expect(rows.first).to_be_visible(timeout=20_000)
        shown = rows.count()
        visit.picture("explore")
        csv = page.get_by_role("link", name=re.compile("CSV")).get_attribute("href")
        text = page.request.get(visit.url + csv).text()
        visit.go(f"/explore?node={quote('https://w3id.org/twinwright/plants/bottling#Filler', safe='')}")
        page.get_by_role("heading", name="Filler").first.wait_for()
        visit.picture("graph")

        assert shown >= 5
        assert len(text.splitlines()) == shown + 1
        assert page.locator('button[aria-disabled="true"]', has_text="Stop").count() == 1
        assert visit.complaints == []
        assert visit.foreign == []


def test_an_auditor_asks_why_and_verifies_the_record(signed_in: Callable[..., Any], demo: Any) -> None:
    """A refusal with its shape, the reasons down to samples, and the hashes recomputed."""
    with demo.client("olga") as api:
        unsafe = {"request": {"target": "Filler.SetMachSpeed", "value": 900}, "reason": "faster!"}
        refused = api.post("/changes", json=unsafe)
    with signed_in("ada") as visit:
        visit.go("/explain")
        page = visit.page
        page.get_by_role("button", name="Verify the record").click()
        page.get_by_text("The record is what was written").wait_for(timeout=60_000)
        visit.picture("decisions")
        ident = refused.json()["verdict"]["change"].removeprefix("urn:uuid:")
        visit.go(f"/explain/{ident}")
        page.get_by_text("LIM-GRANT-MAX").first.wait_for()
        visit.picture("refusal")

        assert refused.status_code == 409
        assert visit.complaints == []
        assert visit.foreign == []


def test_an_engineer_looks_at_the_link(signed_in: Callable[..., Any], demo: Any) -> None:
    """Servers, items with their quality and age, what may be written."""
    with signed_in("emil") as visit:
        visit.go("/link")
        page = visit.page
        page.get_by_text("opc.tcp://", exact=False).first.wait_for()
        page.get_by_text("good", exact=False).first.wait_for()
        visit.picture("link")

        assert visit.complaints == []
        assert visit.foreign == []


def test_a_visitor_walks_the_tour(signed_in: Callable[..., Any]) -> None:
    """The first five minutes: a jam and its loss, a proposal approved and measured, an unsafe write refused, local,
    and the twin killed while the line runs on."""
    with signed_in("sam", viewport={"width": 1440, "height": 900}) as visit:
        visit.go("/tour")
        tour = Tour(visit)
        tour.reach(2, 40)

        tour.step(1)
        tour.press("Let the labeller jam")
        tour.reach(4, 60)
        visit.picture("tour-jam")
        tour.step(2)
        visit.page.get_by_role("button", name="Read why").click(timeout=40_000)
        tour.reach(2, 20)
        tour.step(1)
        tour.press("Put the labeller right")

        tour.step(3)
        tour.press("Agents ask for approval")
        tour.reach(1, 20)
        tour.press("Let the labeller jam, in real time")
        tour.approve(150)
        tour.reach(3, 40)
        visit.picture("tour-approved")
        tour.press("Back to 5 times")
        tour.reach(4, 120)

        tour.step(4)
        visit.page.locator(".tour-deeds button").first.click()
        tour.reach(3, 20)
        visit.picture("tour-unsafe")
        tour.step(5)
        tour.press("Turn the packer to local")
        tour.reach(2, 20)
        tour.press("Ask for an ordinary speed")
        tour.reach(3, 20)
        tour.press("Turn it back")
        tour.reach(4, 20)

        tour.step(6)
        tour.press("Kill core, gateway and agents")
        tour.reach(3, 30)
        visit.picture("tour-killed")
        tour.reach(4, 90)


class Tour:
    """The page of the tour."""

    def __init__(self, visit: Any) -> None:
        self._page = visit.page

    def step(self, number: int) -> None:
        """Go to a step, counted from 0."""
        self._page.locator(".tour-link").nth(number).click()
        self._page.wait_for_timeout(600)

    def press(self, name: str) -> None:
        self._page.get_by_role("button", name=name, exact=True).click()

    def approve(self, within_s: float) -> None:
        """Say yes to a proposal; where it lapses under the hand, to the next one, as a visitor would."""
        until = time.monotonic() + within_s
        yes = self._page.get_by_role("button", name="Approve exactly this")
        while True:
            expect(yes).to_be_enabled(timeout=(until - time.monotonic()) * 1000)
            yes.click()
            try:
                self.reach(2, 5)
            except AssertionError as lapsed:
                if time.monotonic() > until or not LAPSED.search(str(lapsed)):
                    raise
            else:
                return

    def reach(self, seen: int, within_s: float) -> None:
        """Wait until at least so many marks of the step are seen."""
        marks = self._page.locator(".tour-marks .tour-word", has_text=re.compile("^seen$"))
        try:
            marks.nth(seen - 1).wait_for(timeout=within_s * 1000)
        except PatienceEnded:
            told = self._page.locator(".tour-told").all_inner_texts()
            seen_now = f"{marks.count()} marks of {seen} after {within_s:g} s"
            raise AssertionError(f"{seen_now}; the page says {told}") from None
