"""Settings: where they come from and in which order."""

from __future__ import annotations

from pathlib import Path

import pytest

from api.settings import Settings, variable_of
from kg.errors import BadValue, PlantIncomplete

DOCUMENT = Path(__file__).parents[2] / "docs" / "reference" / "settings.md"


def test_the_nearest_wins() -> None:
    """Defaults, then plant.toml, then the environment, then flags; a flag of None was not given."""
    manifest = {"name": "x", "settings": {"query_rows": 5, "query_timeout_s": 2, "user": "sam"}}
    environment = {"TWINWRIGHT_QUERY_TIMEOUT_S": "3", "TWINWRIGHT_USER": "ada", "TWINWRIGHT_DATA": "elsewhere"}

    settings = Settings.of(manifest, environment, user="emil", data_dir=None)

    assert settings.query_rows == 5
    assert settings.query_timeout_s == 3.0
    assert settings.user == "emil"
    assert settings.data_dir == Path("data")
    assert settings.autonomy == "shadow"


def test_who_is_wrong_is_told() -> None:
    """A mistake in plant.toml is the plant's, one in the environment or a flag is the caller's."""
    with pytest.raises(PlantIncomplete, match="query_rows"):
        Settings.of({"settings": {"query_rows": "many"}}, {})
    with pytest.raises(PlantIncomplete, match="colour"):
        Settings.of({"settings": {"colour": "red"}}, {})
    with pytest.raises(BadValue, match="autonomy"):
        Settings.of({}, {"TWINWRIGHT_AUTONOMY": "wild"})
    with pytest.raises(BadValue, match="query_timeout_s"):
        Settings.of({}, {}, query_timeout_s=0)


def test_the_password_is_not_shown() -> None:
    """A settings value that is printed or logged keeps the secret."""
    settings = Settings.of({}, {"TWINWRIGHT_GATEWAY_PASSWORD": "very secret"})

    assert "very secret" not in repr(settings)
    assert "very secret" not in settings.model_dump_json()


def test_every_setting_is_documented() -> None:
    """docs/reference/settings.md has a row for each, with variable, default and meaning."""
    text = DOCUMENT.read_text(encoding="utf-8")

    for name, field in Settings.model_fields.items():
        rows = [line for line in text.splitlines() if line.startswith(f"| `{name}` |")]
        assert len(rows) == 1, name
        assert f"`{variable_of(name)}`" in rows[0]
        assert str(field.description).rstrip(".") in rows[0]


@pytest.mark.parametrize(
    ("given", "says"),
    [
        ({"web_host": "0.0.0.0"}, "web_certificate"),
        ({"web_host": "plant.example", "web_plain": True, "web_open_sign_in": True}, "this machine alone"),
        ({"web_certificate": "chain.pem"}, "belong together"),
        ({"web_port": 70000}, "web_port"),
    ],
)
def test_the_doors_open_to_others_only_safely(given: dict[str, object], says: str) -> None:
    """Beyond this machine there is TLS or a proxy, and nobody signs in by name alone."""
    with pytest.raises(BadValue, match=says):
        Settings.of({}, {}, **given)


def test_the_doors_may_be_opened() -> None:
    """With a certificate, or behind a proxy."""
    pair = {"web_certificate": "chain.pem", "web_key": "key.pem"}

    assert Settings.of({}, {}, web_host="10.0.0.5", web_port=443, **pair).web_url == "https://10.0.0.5:443"
    assert Settings.of({}, {}, web_host="0.0.0.0", web_plain=True).web_url == "http://127.0.0.1:8090"
    assert Settings.of({}, {}).web_url == "http://127.0.0.1:8090"
