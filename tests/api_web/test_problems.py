"""Errors become problems: every class has a status, a code and a remedy."""

from __future__ import annotations

import json

import pytest

from api.known_errors import errors
from api.web.errors import ChangeRefused
from api.web.problems import STATUS, problem, problem_body, problem_responses, problem_schema, status_of
from kg.errors import BadValue, QueryRefused, TwinError


def test_every_error_has_a_row() -> None:
    """A new error class without a row of its own fails here."""
    assert [cls.__name__ for cls in errors() if cls not in STATUS] == []


def test_codes_are_unique() -> None:
    """A code names one class."""
    codes = [cls.code for cls in errors()]

    assert len(codes) == len(set(codes))


@pytest.mark.parametrize("cls", list(errors()), ids=lambda cls: cls.code)
def test_a_problem_says_what_happened_and_what_to_do(cls: type[TwinError]) -> None:
    """RFC 9457 members, the stable code and the remedy."""
    error = cls("It broke.", {}) if cls is ChangeRefused else cls("It broke.")
    response = problem(error)
    body = json.loads(response.body)

    assert response.headers["content-type"] == "application/problem+json"
    assert response.status_code == body["status"] == status_of(cls)
    assert (body["detail"], body["code"]) == ("It broke.", cls.code)
    assert body["remedy"]
    assert ("www-authenticate" in response.headers) == (response.status_code == 401)


def test_facts_stand_beside_but_never_replace_members() -> None:
    """A fact named like a member of the problem is left out; what JSON cannot hold becomes text."""
    body = problem_body(BadValue("No.", limit=400.0, status=1, low=float("nan"), node=object))

    assert body["limit"] == 400.0
    assert body["status"] == 422
    assert isinstance(body["low"], str)
    assert isinstance(body["node"], str)


def test_responses_name_the_codes_of_a_status() -> None:
    """OpenAPI lists for each status which codes a route can give."""
    told = problem_responses(QueryRefused)

    assert "`query-refused`" in told[400]["description"]
    assert {400, 401, 403, 413, 422, 429, 503} <= set(told)


def test_the_schema_knows_every_code() -> None:
    """The enumeration in OpenAPI is the table."""
    assert set(problem_schema()["properties"]["code"]["enum"]) == {cls.code for cls in errors()}
