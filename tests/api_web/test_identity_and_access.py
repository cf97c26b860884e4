"""Who asks, and what each role may do."""

from __future__ import annotations

import pytest
from stubs import LOGINS, people

from api.web.access import ALLOWED, Action, decide, may
from api.web.identity import COOKIE
from kg.change import Kind
from kg.errors import NotAuthorised
from kg.gate.authority import roles_with


def test_a_token_names_its_person() -> None:
    """The channel's token is the API's token."""
    found = people().of_headers([(b"authorization", b"Bearer token-of-olga")])

    assert found is not None
    assert (found.login, found.label, found.role) == ("olga", "Olga", LOGINS["olga"])


@pytest.mark.parametrize(
    "header", [b"Bearer token-of-web", b"Bearer ", b"Basic token-of-olga", b"token-of-olga", b"Bearer \xff\xfe"]
)
def test_other_tokens_name_nobody(header: bytes) -> None:
    """The tokens of the twin's parts are not accepted over HTTP."""
    assert people().of_headers([(b"authorization", header)]) is None


def test_a_session_names_its_person_and_no_other() -> None:
    """A cookie that was changed, or that another run of the twin has made, is nobody's."""
    known = people()
    cookie = known.session(known.by_login["ada"])
    forged = cookie[:-2] + ("AA" if not cookie.endswith("AA") else "BB")

    def who(value: str) -> object:
        person = known.of_headers([(b"cookie", f"a=b; {COOKIE}={value}; c=d".encode())])
        return None if person is None else person.login

    assert who(cookie) == "ada"
    assert who(forged) is None
    assert who("") is None


def test_a_wrong_token_is_not_mended_by_a_session() -> None:
    """Whoever sends a token means it."""
    known = people()
    cookie = f"{COOKIE}={known.session(known.by_login['ada'])}".encode()

    assert known.of_headers([(b"cookie", cookie), (b"authorization", b"Bearer wrong")]) is None


@pytest.mark.parametrize("action", list(Action))
@pytest.mark.parametrize("login", list(LOGINS))
def test_the_table_decides(login: str, action: Action) -> None:
    """Every cell of role x action; a refusal names the roles that may."""
    person = people().by_login[login]

    if person.role in ALLOWED[action]:
        decide(person, action)
    else:
        with pytest.raises(NotAuthorised, match=sorted(ALLOWED[action])[0]):
            decide(person, action)
    assert may(person, action) is (person.role in ALLOWED[action])


@pytest.mark.parametrize(
    ("action", "kind"), [(Action.APPROVE, Kind.APPROVAL), (Action.STOP, Kind.STOP), (Action.CHANGE, Kind.MANUAL)]
)
def test_nobody_is_let_in_whom_the_gate_would_refuse(action: Action, kind: Kind) -> None:
    """The table of the doors promises nothing that the Gate's table does not keep."""
    assert set(roles_with(kind)) >= ALLOWED[action]
