"""docker-compose.yml: a service for every part, walled in, in order; and the secrets, each for whom it is."""

from __future__ import annotations

import json
import os
import shutil
import stat
import subprocess
import sys
from importlib.resources import files
from pathlib import Path
from typing import Any

import pytest
import yaml  # type: ignore[import-untyped]
from jsonschema.validators import validator_for  # type: ignore[import-untyped]

from service import parts
from service.container import commands, keys
from service.errors import Refusal
from service.host.settings import HOME, from_environment

COMPOSE = HOME / "docker-compose.yml"
DOCKERFILE = HOME / "docker" / "Dockerfile"
ONCE = {"secrets", "migrate"}
TOOLS = Path(sys.executable).parent


@pytest.fixture(scope="module")
def services() -> dict[str, Any]:
    content = yaml.safe_load(COMPOSE.read_text(encoding="utf-8"))
    services: dict[str, Any] = content["services"]
    return services


def ours(services: dict[str, Any]) -> dict[str, Any]:
    return {name: service for name, service in services.items() if name != "postgres"}


def parts_of(service: dict[str, Any]) -> list[str]:
    command = service["command"]
    return list(command[4:]) if command[:4] == ["python", "-m", "service", "container"] else []


def test_the_services_have_the_names_that_are_documented(services: dict[str, Any]) -> None:
    assert set(services) == {"flask_app", "freeradius", "postgres", "writer", "worker", *ONCE}


def test_every_part_runs_in_one_service_and_is_looked_at(services: dict[str, Any]) -> None:
    run = [name for service in ours(services).values() for name in parts_of(service)]
    assert sorted([*run, "postgres"]) == sorted(part.name for part in parts.PARTS)
    for service in ours(services).values():
        if parts_of(service):
            test = service["healthcheck"]["test"]
            assert test == ["CMD", "python", "-m", "service", "health", *parts_of(service)]
    assert "pg_isready" in services["postgres"]["healthcheck"]["test"][1]


def test_every_command_is_one_that_there_is(services: dict[str, Any]) -> None:
    """A misspelt one would restart its container for ever."""
    from service import __main__

    known = set(__main__._OF_CONTAINERS)
    assert {service["command"][3] for service in ours(services).values()} <= known


def test_nobody_is_root_and_nothing_but_volumes_is_written(services: dict[str, Any]) -> None:
    for name, service in services.items():
        assert service["user"] not in ("", "root", "0", "0:0"), name
        assert service["read_only"] is True, name
        assert service["cap_drop"] == ["ALL"] and "cap_add" not in service and "privileged" not in service, name
        assert service["security_opt"] == ["no-new-privileges:true"], name
        assert all(not volume.startswith(("/", ".", "~")) for volume in service["volumes"]), name


def test_each_service_runs_as_the_user_of_its_parts(services: dict[str, Any]) -> None:
    users = {"database": "infora-db", "radius": "infora-radius", "api": "infora-api"}
    for service in ours(services).values():
        for name in parts_of(service):
            assert service["user"] == users[parts.by_name(name).runs_as]


def test_only_who_speaks_with_routers_is_on_the_hosts_network(services: dict[str, Any]) -> None:
    networks = {name: service.get("network_mode", "own") for name, service in services.items()}
    assert networks == {"secrets": "none", "postgres": "none", "migrate": "none", "writer": "none",
                        "freeradius": "host", "worker": "host", "flask_app": "own"}  # fmt: skip
    assert services["flask_app"]["ports"] == ["${API_HOST:-127.0.0.1}:${API_PORT:-5000}:5000"]


def test_they_start_in_order_and_come_back(services: dict[str, Any]) -> None:
    order = {name: service.get("depends_on", {}) for name, service in services.items()}
    assert order["postgres"] == {"secrets": {"condition": "service_completed_successfully"}}
    assert order["migrate"] == {"postgres": {"condition": "service_healthy"}}
    for name in set(services) - ONCE - {"postgres"}:
        assert order[name] == {"migrate": {"condition": "service_completed_successfully"}}
    restarts = {name: service["restart"] for name, service in services.items()}
    assert restarts == {name: "no" if name in ONCE else "unless-stopped" for name in services}


def test_no_service_is_given_a_secret_in_its_environment(services: dict[str, Any]) -> None:
    known = {name for _, names in keys.RECIPIENTS.values() for name in names}
    for name, service in services.items():
        assert not known & set(service.get("environment", {})), name
        recipient = service.get("environment", {}).get("KEYS")
        if recipient:
            assert recipient in keys.RECIPIENTS and "secrets:/var/lib/infora/keys:ro" in service["volumes"]


def test_compose_takes_the_file() -> None:
    if shutil.which("docker-compose") is None:
        pytest.skip("Debian's package docker-compose is not installed")
    done = subprocess.run(["docker-compose", "-f", COMPOSE, "config", "-q"], capture_output=True, text=True,
                          check=False, timeout=60, cwd="/", env={"PATH": os.environ["PATH"]})  # fmt: skip
    assert (done.returncode, done.stderr) == (0, "")


def judged(*command: str | Path) -> str:
    """What a judge of files says; empty when it has nothing to say."""
    done = subprocess.run([TOOLS / command[0], *command[1:]], capture_output=True, text=True, check=False, timeout=60)
    return "" if done.returncode == 0 else done.stdout + done.stderr


def against_the_schema(text: str) -> list[str]:
    """What the Compose specification's schema, as check-jsonschema ships it, has against a file."""
    shipped = files("check_jsonschema") / "builtin_schemas" / "vendor" / "compose-spec.json"
    schema = json.loads(shipped.read_text(encoding="utf-8"))
    return [error.message for error in validator_for(schema)(schema).iter_errors(yaml.safe_load(text))]


def test_the_file_is_by_the_specifications_schema_and_a_slip_is_seen() -> None:
    text = COMPOSE.read_text(encoding="utf-8")
    assert against_the_schema(text) == []
    assert "capdrop" in str(against_the_schema(text.replace("cap_drop:", "capdrop:")))


def test_hadolint_has_nothing_to_say_and_would_say_it(tmp_path: Path) -> None:
    assert judged("hadolint", DOCKERFILE) == ""
    planted = tmp_path / "Dockerfile"
    planted.write_text("FROM debian\nRUN apt-get install git\n")
    assert "DL3006" in judged("hadolint", planted)


# ---------------------------------------------------------------- secrets

needs_root = pytest.mark.skipif(os.geteuid() != 0, reason="only root is in every group")
GROUPS = {recipient: group for recipient, (group, _) in keys.RECIPIENTS.items()}


@pytest.fixture
def volume(tmp_path: Path) -> Path:
    """STATE_DIR with the mount point of the secrets."""
    (tmp_path / "keys").mkdir()
    return tmp_path


def contents(volume: Path) -> dict[str, str]:
    files = [path for path in (volume / "keys").rglob("*") if path.is_file()]
    return {str(path.relative_to(volume / "keys")): path.read_text() for path in files}


@needs_root
def test_each_group_reads_its_own_secrets_and_no_other(volume: Path) -> None:
    settings = from_environment({"STATE_DIR": str(volume)})
    assert keys.create(settings) == 0
    for recipient, (_, names) in keys.RECIPIENTS.items():
        place = volume / "keys" / recipient
        assert stat.S_IMODE(place.stat().st_mode) == 0o750
        assert {path.name for path in place.iterdir()} == set(names)
        assert {stat.S_IMODE(path.stat().st_mode) for path in place.iterdir()} == {0o440}
        assert {path.stat().st_gid for path in (place, *place.iterdir())} == {number(GROUPS[recipient])}
    assert stat.S_IMODE((volume / "keys" / "all").stat().st_mode) == 0o700
    values = contents(volume)
    assert values["postgres/DB_OWNER_PASSWORD"] == values["owner/DB_OWNER_PASSWORD"]
    assert values["radius/CREDENTIAL_KEYS"] == values["api/CREDENTIAL_KEYS"]
    assert not {"JWT_SECRET_KEY", "DB_OWNER_PASSWORD"} & {path.name for path in (volume / "keys" / "radius").iterdir()}
    assert {path.name for path in (volume / "keys" / "writer").iterdir()} == {"DB_ENGINE_PASSWORD"}


def number(group: str | int) -> int:
    import grp

    return group if isinstance(group, int) else grp.getgrnam(group).gr_gid


@needs_root
def test_secrets_are_made_once_and_one_that_is_given_wins(volume: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    settings = from_environment({"STATE_DIR": str(volume)})
    keys.create(settings)
    first = contents(volume)
    keys.create(settings)
    assert contents(volume) == first
    monkeypatch.setenv("RADIUS_SECRET", "of-the-operator")
    keys.create(settings)
    monkeypatch.delenv("RADIUS_SECRET")
    keys.create(settings)
    changed = {name for name, value in contents(volume).items() if value != first[name]}
    assert changed == {"all/RADIUS_SECRET", "radius/RADIUS_SECRET", "owner/RADIUS_SECRET"}
    monkeypatch.setenv("JWT_SECRET_KEY", "change-me")
    with pytest.raises(Refusal, match="too short"):
        keys.create(settings)


@needs_root
def test_a_container_knows_what_its_directory_holds(volume: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    keys.create(from_environment({"STATE_DIR": str(volume)}))
    monkeypatch.setenv("STATE_DIR", str(volume))
    monkeypatch.setenv("DATABASE_URL", "postgresql://infora@/infora?host=/var/run/postgresql")
    monkeypatch.setenv("KEYS", "api")
    assert "DB_OWNER_PASSWORD" not in commands.environment()
    assert commands.environment()["DATABASE_URL"] == "postgresql://infora@/infora?host=/var/run/postgresql"
    monkeypatch.setenv("KEYS", "owner")
    password = contents(volume)["owner/DB_OWNER_PASSWORD"].strip()
    url = f"postgresql://infora:{password}@/infora?host=/var/run/postgresql"
    assert commands.environment()["DATABASE_URL"] == url
    monkeypatch.setenv("KEYS", "nobody")
    with pytest.raises(Refusal, match="are the secrets mounted"):
        commands.environment()
