"""Every page in a real browser: nothing asked of the outside, no error in the console, no serious finding of axe."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

PAGES = ("/", "/explore", "/explain", "/link", "/tour")
SETTLED_MS = 1500


@pytest.mark.timeout(240)
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_the_pages_stand(signed_in: Callable[..., Any], scheme: str) -> None:
    """In both themes; all requests stay on this machine."""
    found: dict[str, list[str]] = {}
    with signed_in("olga", color_scheme=scheme) as visit:
        for path in PAGES:
            visit.go(path)
            visit.page.wait_for_timeout(SETTLED_MS)
            found[path] = visit.findings()

    assert found == {path: [] for path in PAGES}
    assert visit.complaints == []
    assert visit.foreign == []


def test_the_way_in_stands(signed_in: Callable[..., Any]) -> None:
    """The page for strangers, too."""
    with signed_in("olga") as visit:
        visit.page.goto(f"{visit.url}/sign-in")

        assert visit.findings() == []
        assert visit.page.get_by_role("heading", name="Twinwright").count() == 1
