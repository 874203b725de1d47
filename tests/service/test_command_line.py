"""What `make start` prints works as it stands, with the demo tenant and without; `make doctor` is right about both."""

from __future__ import annotations

import json
import subprocess
import time
from pathlib import Path

import pytest

from service import parts
from service.host.settings import HOME, from_environment
from service.run import next_commands
from service.s6 import services
from service.testing import Installation, free_ports
from tests.service.conftest import Copy


def printed(copy: Copy) -> dict[str, str]:
    """Each command that a start of the copy prints, and what it says; run as it stands, in this directory."""
    results = {}
    for line in next_commands(from_environment(copy.environment)):
        if line.startswith("  "):
            command = line.strip()
            done = subprocess.run(["bash", "-c", command], env=copy.environment, cwd=HOME, stdin=subprocess.DEVNULL,
                                  capture_output=True, text=True, timeout=60, check=False)  # fmt: skip
            assert done.returncode == 0, (command, done.stdout, done.stderr)
            results[command.split()[1 if command.startswith("STATE_DIR=") else 0]] = done.stdout
    return results


def wrong(copy: Copy) -> list[str]:
    """The parts that the doctor finds ill, with what it says of them."""
    done = copy.call("doctor", "--json")
    findings = json.loads(done.stdout.splitlines()[-1])
    ill = [f"{finding['part']}: {finding['text']}" for finding in findings if not finding["ok"]]
    assert done.returncode == (1 if ill else 0), done.stdout
    return ill


def test_what_a_start_prints_works(running: Copy) -> None:
    said = printed(running)
    assert list(said) == ["curl", "radtest", "psql", "make"]
    assert json.loads(said["curl"])["ok"] and "Access-Accept" in said["radtest"] and "FAIL" not in said["make"]


def test_the_doctor_calls_a_healthy_system_healthy_and_advises_no_new_secrets(running: Copy) -> None:
    assert wrong(running) == []
    done = running.call("doctor")
    assert done.returncode == 0 and "openssl" not in done.stdout
    assert {line.split(":")[0] for line in done.stdout.splitlines() if line.startswith("ok")} >= {
        f"ok   {part}" for part in ("secrets", "database", "stored secrets", "FreeRADIUS", "worker", "API")
    }


def test_the_urls_and_secrets_are_those_of_what_runs(running: Copy) -> None:
    """Also where the call has other settings than the start had."""
    other = Copy(running.settings.state_dir)
    assert other.settings.api_port != running.settings.api_port
    demo = json.loads((running.settings.state_dir / "demo.json").read_text())
    assert other.call("database_url").stdout == f"{demo['database_url']}\n"
    assert json.loads(other.call("admin").stdout) == demo["admin"]
    assert wrong(other) == []


def test_without_an_installation_nothing_is_made(tmp_path: Path) -> None:
    copy = Copy(tmp_path / "state")
    for command in ("doctor", "database_url", "admin", "cli"):
        done = copy.call(command)
        assert done.returncode in (1, 2) and "`make start`" in done.stdout, (command, done.stdout)
    assert not copy.settings.state_dir.exists()


@pytest.mark.long
def test_the_demo_goes_for_good_and_what_is_printed_then_works(copy: Copy) -> None:
    assert copy.call("start").returncode == 0
    done = copy.call("cli", "remove-demo")
    assert done.returncode == 0 and "The demo tenant is removed" in done.stdout, done.stdout
    assert not (copy.settings.state_dir / "demo.json").exists()
    assert wrong(copy) == [] and copy.call("status").returncode == 0
    said = printed(copy)
    assert list(said) == ["curl", "psql", "make"] and json.loads(said["curl"])["ok"]
    services.down(copy.settings, parts.by_name("worker"))
    assert [text.split(":")[0] for text in wrong(copy)] == ["worker"]
    assert copy.call("stop").returncode == 0
    stopped = {text.split(":")[0] for text in wrong(copy)}
    # What FreeRADIUS says of itself is believed for five seconds.
    deadline = time.monotonic() + 15
    while not stopped >= {"database", "FreeRADIUS", "directory", "processes", "worker", "API"}:
        assert time.monotonic() < deadline, stopped
        stopped = {text.split(":")[0] for text in wrong(copy)}
    assert "secrets" not in stopped and "disk" not in stopped
    again = copy.call("start")
    assert again.returncode == 0 and "john@example.com" not in again.stdout, again.stdout
    assert copy.call("cli", "remove-demo").stdout.startswith("There is no demo tenant")


@pytest.mark.long
def test_a_database_of_ones_own_and_no_demo_tenant_are_as_healthy(tmp_path: Path) -> None:
    with Installation(tmp_path / "outside", *free_ports()) as outside:
        outside.start_postgres()
        copy = Copy(tmp_path / "state", DATABASE_URL=outside.urls.owner, DEMO="0")
        try:
            started = copy.call("start")
            assert started.returncode == 0, started.stdout
            assert wrong(copy) == []
            assert list(printed(copy)) == ["curl", "psql", "make"]
        finally:
            copy.call("stop")
