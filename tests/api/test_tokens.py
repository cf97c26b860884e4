"""Who each token of the request channel is."""

from __future__ import annotations

import stat
from pathlib import Path

import pytest
from rdflib import URIRef

from kg.change import Role, Source
from kg.errors import ServiceDown
from kg.tokens import PARTS, create_tokens, read_tokens, sources, tokens_path, viewers

OLGA = Source(URIRef("urn:olga"), Role.OPERATOR)
AGENT = URIRef("urn:agent")


def test_tokens_are_fresh_secret_and_readable(tmp_path: Path) -> None:
    """Each start draws new ones; only the owner may read them."""
    first = create_tokens(tmp_path, ["olga"])
    second = create_tokens(tmp_path, ["olga"])

    assert read_tokens(tmp_path) == second
    assert set(second) == {*PARTS, "olga"}
    assert not set(first.values()) & set(second.values())
    assert len(set(second.values())) == len(second)
    assert stat.S_IMODE(tokens_path(tmp_path).stat().st_mode) == 0o600
    assert stat.S_IMODE(tokens_path(tmp_path).parent.stat().st_mode) == 0o700


def test_sources_follow_from_tokens_alone(tmp_path: Path) -> None:
    """Parts, the agent and persons each get their role; a name that nobody knows gets none."""
    tokens = create_tokens(tmp_path, ["olga", "stranger"])

    known = sources(tokens, {"olga": OLGA}, AGENT)

    assert known[tokens["olga"]] == OLGA
    assert known[tokens["agents"]] == Source(AGENT, Role.AGENT)
    assert known[tokens["gateway"]].role is Role.GATEWAY
    assert known[tokens["measures"]].role is Role.MEASURE
    assert tokens["stranger"] not in known
    assert {source.role for source in viewers(tokens).values()} == {Role.VIEWER}


@pytest.mark.parametrize("text", [None, "", "[]", '{"core": 1}', '{"core": ""}'])
def test_without_tokens_there_is_no_twin(tmp_path: Path, text: str | None) -> None:
    """A missing or damaged file is told as a twin that does not run."""
    if text is not None:
        tokens_path(tmp_path).parent.mkdir()
        tokens_path(tmp_path).write_text(text)

    with pytest.raises(ServiceDown):
        read_tokens(tmp_path)
