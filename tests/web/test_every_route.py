"""Generated requests against every route in the name of every role: no failure of ours, no answer off the schema."""

from __future__ import annotations

import os
from typing import Any
from urllib.parse import quote

import httpx
import pytest
import schemathesis
from hypothesis import HealthCheck, Phase, given, settings
from schemathesis.checks import not_a_server_error
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_schema_conformance,
    status_code_conformance,
)

EXAMPLES = int(os.environ.get("TWINWRIGHT_API_EXAMPLES", "5"))
"""Of each operation and role; more in the soak run."""
CHECKS = (not_a_server_error, status_code_conformance, content_type_conformance, response_schema_conformance)
LOGINS = ("vera", "ada", "olga", "sam", "emil")
#: One answers without end, the other kills the twin under test; both have tests of their own.
LEFT_OUT = ("/events", "/demo/kill")


@pytest.mark.timeout(600)
@pytest.mark.parametrize("login", LOGINS)
def test_no_request_breaks_a_route(demo: Any, login: str) -> None:
    """Whatever comes, in whoever's name, the answer is one that OpenAPI promises."""
    headers = {"Authorization": f"Bearer {demo.tokens[login]}"}
    api = schemathesis.openapi.from_url(f"{demo.url}/v1/openapi.json").exclude(path=list(LEFT_OUT))
    wrong: dict[str, str] = {}

    with httpx.Client(timeout=30) as client:
        for found in api.get_all_operations():
            operation = found.ok()
            try:
                _try(operation, headers, client)
            except Exception as failure:  # noqa: BLE001  one operation's failure must not hide the others'
                wrong[operation.label] = f"{type(failure).__name__}: {failure}"
    _release(demo)

    assert not wrong, "\n\n".join(f"{label}\n{told}" for label, told in wrong.items())


def _try(operation: Any, headers: dict[str, str], client: httpx.Client) -> None:
    @settings(
        max_examples=EXAMPLES,
        deadline=None,
        phases=[Phase.explicit, Phase.generate],
        suppress_health_check=list(HealthCheck),
        derandomize=True,
        database=None,
    )
    @given(case=operation.as_strategy())
    def one(case: Any) -> None:
        case.call_and_validate(headers=headers, checks=CHECKS, timeout=30)

    one()


def _release(demo: Any) -> None:
    """Whatever generated requests have stopped."""
    with demo.client("sam") as sam:
        for stop in sam.get("/stops").json()["items"]:
            sam.request("DELETE", f"/stops/{quote(stop['scope'], safe='')}", json={"reason": "the test is over"})
