"""A setting that cannot work ends the start with one sentence that names it."""

import base64
import os
from pathlib import Path

import pytest

from service.errors import Refusal
from service.host.secret_file import load_or_create
from service.host.settings import from_environment

KEY = base64.b64encode(bytes(range(32))).decode()


def test_defaults_are_those_of_the_contract() -> None:
    settings = from_environment({})

    assert (settings.radius_listen, settings.radius_auth_port, settings.radius_acct_port) == ("127.0.0.1", 1812, 1813)
    assert (settings.api_host, settings.api_port, settings.api_base) == ("127.0.0.1", 5000, "http://127.0.0.1:5000")
    assert settings.state_dir == settings.home / "var"
    assert settings.database_url is None
    assert settings.demo


def test_an_empty_variable_is_an_absent_one() -> None:
    assert from_environment({"API_PORT": "", "DATABASE_URL": "", "STATE_DIR": ""}) == from_environment({})


def test_a_wildcard_is_reached_over_loopback() -> None:
    settings = from_environment({"RADIUS_LISTEN": "0.0.0.0", "API_HOST": "::"})  # noqa: S104 - only read

    assert settings.radius_address == "127.0.0.1"
    assert settings.api_base == "http://[::1]:5000"


@pytest.mark.parametrize(
    ("variables", "named"),
    [
        ({"RADIUS_AUTH_PORT": "0"}, "RADIUS_AUTH_PORT"),
        ({"RADIUS_ACCT_PORT": "65536"}, "RADIUS_ACCT_PORT"),
        ({"API_PORT": "http"}, "API_PORT"),
        ({"API_PORT": "٣٠٠٠"}, "API_PORT"),
        ({"RADIUS_AUTH_PORT": "2000", "RADIUS_ACCT_PORT": "2000"}, "RADIUS_ACCT_PORT"),
        ({"RADIUS_LISTEN": "radius.example"}, "RADIUS_LISTEN"),
        ({"API_HOST": "1.2.3"}, "API_HOST"),
        ({"LOG_LEVEL": "loud"}, "LOG_LEVEL"),
        ({"STATE_DIR": "/"}, "STATE_DIR"),
        ({"DATABASE_URL": "mysql://u:p@h/d"}, "DATABASE_URL"),
        ({"DATABASE_URL": "sqlite:///x.db"}, "DATABASE_URL"),
        ({"DEMO": "maybe"}, "DEMO"),
        ({"ADMIN_USERNAME": "a\nb"}, "ADMIN_USERNAME"),
        ({"API_TRUSTED_PROXIES": "10"}, "API_TRUSTED_PROXIES"),
        ({"API_TRUSTED_PROXIES": "yes"}, "API_TRUSTED_PROXIES"),
    ],
)
def test_a_wrong_setting_is_named_in_one_sentence(variables: dict[str, str], named: str) -> None:
    with pytest.raises(Refusal) as refused:
        from_environment(variables)

    assert named in str(refused.value)
    assert "\n" not in str(refused.value)


def test_a_password_in_a_refused_database_url_is_not_repeated() -> None:
    with pytest.raises(Refusal) as refused:
        from_environment({"DATABASE_URL": "mysql://user:hunter2@host/database"})

    assert "hunter2" not in str(refused.value)


@pytest.mark.parametrize(
    "value",
    ["tiny", "x" * 31, "a" * 64, "your-super-secret-jwt-key-change-me-please", "changeme" * 8, "secret-key-" * 4],
)
def test_a_short_or_placeholder_jwt_key_is_refused(tmp_path: Path, value: str) -> None:
    with pytest.raises(Refusal, match="JWT_SECRET_KEY") as refused:
        load_or_create(tmp_path, {"JWT_SECRET_KEY": value})

    assert value not in str(refused.value)


@pytest.mark.parametrize(
    "value",
    [
        "nonsense",
        KEY,
        f"1:{KEY[:-4]}",
        "1:" + base64.b64encode(b"\0" * 32).decode(),
        f"1:{KEY},1:{KEY}",
        f"1:{KEY},",
        f"a b:{KEY}",
    ],
)
def test_malformed_credential_keys_are_refused(tmp_path: Path, value: str) -> None:
    with pytest.raises(Refusal, match="CREDENTIAL_KEYS") as refused:
        load_or_create(tmp_path, {"CREDENTIAL_KEYS": value})

    assert KEY not in str(refused.value)


def test_several_credential_keys_are_taken_as_they_are(tmp_path: Path) -> None:
    other = base64.b64encode(os.urandom(32)).decode()

    assert load_or_create(tmp_path, {"CREDENTIAL_KEYS": f"2:{KEY},1:{other}"}).credential_keys == f"2:{KEY},1:{other}"


@pytest.mark.parametrize("value", ["with space", 'quo"te', "back\\slash", "ä", "x" * 129])
def test_a_radius_secret_that_a_configuration_cannot_carry_is_refused(tmp_path: Path, value: str) -> None:
    with pytest.raises(Refusal, match="RADIUS_SECRET"):
        load_or_create(tmp_path, {"RADIUS_SECRET": value})
