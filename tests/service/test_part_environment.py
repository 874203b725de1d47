"""Every documented variable arrives in the processes that it is for, and a secret in no other."""

from __future__ import annotations

import re
from base64 import b64encode
from pathlib import Path

import pytest

from admin_api.settings import from_environment as api_settings
from service import part_environment
from service.host.secret_file import load_or_create
from service.host.settings import HOME, from_environment

PARTS = ("postgres", "auth", "acct", "writer", "worker", "api")
RADIUS = ("auth", "acct")
KEYS = "k9:" + b64encode(bytes(range(32))).decode()
#: variable → (value, the parts whose environment holds it). `owner`: migrations and the command line.
ARRIVES: dict[str, tuple[str, tuple[str, ...]]] = {
    "STATE_DIR": ("", (*PARTS, "owner")),
    "RADIUS_LISTEN": ("192.0.2.10", (*PARTS, "owner")),
    "RADIUS_AUTH_PORT": ("11812", (*PARTS, "owner")),
    "RADIUS_ACCT_PORT": ("11813", (*PARTS, "owner")),
    "API_HOST": ("192.0.2.11", (*PARTS, "owner")),
    "API_PORT": ("15000", (*PARTS, "owner")),
    "LOG_LEVEL": ("debug", (*PARTS, "owner")),
    "VENV": ("/srv/the-venv", (*PARTS, "owner")),
    "API_TRUSTED_PROXIES": ("7", ("api", "owner")),
    "FISCAL_REFERENCE_URL": ("https://fiscal.example/register", ("worker",)),
    "METRICS_TOKEN": ("the-metrics-token", ("api", "owner")),
    "JWT_SECRET_KEY": ("a-key-of-the-jwt-0123456789-abcdefghij", ("api", "owner")),
    "CREDENTIAL_KEYS": (KEYS, (*RADIUS, "worker", "api", "owner")),
    "RADIUS_SECRET": ("the-probes-own-secret", (*RADIUS, "owner")),
    "DATABASE_URL": ("postgresql://owner:pw@192.0.2.12/books", ("owner",)),
    "ADMIN_USERNAME": ("first-one", ("owner",)),
    "ADMIN_PASSWORD": ("a-first-password", ("owner",)),
}
#: Read by the commands of `service` themselves.
NOT_PASSED_ON = {"DEMO", "UNIT_PREFIX", "BACKUP_RECIPIENTS"}


def documented() -> set[str]:
    """The variables of the settings' table in docs/install.md."""
    section = (HOME / "docs" / "install.md").read_text(encoding="utf-8").split("## Settings", 1)[1].split("\n## ")[0]
    cells = [line.split("|")[1] for line in section.splitlines() if line.startswith("| `")]
    return {name for cell in cells for name in re.findall(r"`([A-Z_]+)`", cell)}


def environments(tmp_path: Path) -> dict[str, dict[str, str]]:
    variables = {name: value for name, (value, _) in ARRIVES.items()} | {"STATE_DIR": str(tmp_path / "the-state")}
    settings = from_environment(variables)
    settings.state_dir.mkdir()
    secrets = load_or_create(settings.state_dir, variables)
    of_parts = {part: part_environment.of_part(part, settings, secrets) for part in PARTS}
    return of_parts | {"owner": part_environment.of_owner(settings, secrets)}


def test_every_documented_variable_is_known_here() -> None:
    assert documented() == set(ARRIVES) | NOT_PASSED_ON


@pytest.mark.parametrize("variable", ARRIVES)
def test_a_variable_arrives_where_it_is_for_and_nowhere_else(tmp_path: Path, variable: str) -> None:
    value, parts = ARRIVES[variable]
    wanted = value or str(tmp_path / "the-state")
    holders = {
        part for part, environment in environments(tmp_path).items()
        if any(wanted == held if wanted.isdigit() else wanted in held for held in environment.values())
    }  # fmt: skip
    assert holders == set(parts)


def test_the_api_reads_what_it_is_given(tmp_path: Path) -> None:
    settings = api_settings(environments(tmp_path)["api"])
    assert settings.trusted_proxies == 7
    assert settings.metrics_token == "the-metrics-token"
    assert settings.jwt_key == ARRIVES["JWT_SECRET_KEY"][0]
    assert not settings.loopback_devices
