"""`make start`, `make status`, `make stop`, as an operator meets them."""

import json
import os
import re
import socket
import stat
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import psycopg2
import pytest

from service import parts
from service.database import cluster
from service.s6 import leftovers
from tests.service.conftest import Copy
from tests.support.machine import machine


@pytest.fixture
def open_directory() -> Iterator[Path]:
    """A directory that everybody may enter; pytest's own are closed to all but root."""
    with tempfile.TemporaryDirectory() as name:
        Path(name).chmod(0o755)
        yield Path(name)


def description(copy: Copy) -> dict[str, Any]:
    content: dict[str, Any] = json.loads((copy.settings.state_dir / "demo.json").read_text())
    return content


def query(copy: Copy, statement: str) -> list[tuple[object, ...]]:
    connection = psycopg2.connect(str(description(copy)["database_url"]))
    try:
        with connection, connection.cursor() as cursor:
            cursor.execute(statement)
            return cursor.fetchall() if cursor.description else []
    finally:
        connection.close()


def test_demo_json_describes_the_installation(running: Copy) -> None:
    demo = description(running)
    settings = running.settings

    assert list(demo) == ["api", "radius", "database_url", "admin", "isp", "device", "customer"]
    assert demo["api"] == f"http://127.0.0.1:{settings.api_port}"
    assert demo["radius"] == {
        "auth": f"127.0.0.1:{settings.radius_auth_port}",
        "acct": f"127.0.0.1:{settings.radius_acct_port}",
    }
    assert demo["admin"].keys() == {"username", "password"}
    assert demo["isp"].keys() == {"id", "name", "api_key"}
    assert demo["device"].keys() == {"id", "ip_address", "secret"}
    assert demo["customer"] == {"id": demo["customer"]["id"], "username": "john@example.com", "password": "customer123"}
    assert len(str(demo["isp"]["api_key"])) >= 32
    assert len(str(demo["device"]["secret"])) >= 32
    assert stat.S_IMODE((settings.state_dir / "demo.json").stat().st_mode) == 0o600


def test_its_database_url_sees_and_changes_every_row(running: Copy) -> None:
    demo = description(running)

    assert query(running, "SELECT id, name FROM isps") == [(demo["isp"]["id"], demo["isp"]["name"])]
    assert query(running, "SELECT username FROM customers") == [("john@example.com",)]
    assert query(running, "UPDATE customers SET phone = '1' RETURNING isp_id") == [(demo["isp"]["id"],)]


def test_status_names_every_part_and_where_it_answers(running: Copy) -> None:
    done = running.call("status")

    assert done.returncode == 0, done.stdout
    assert re.search(r"postgres +answers +process \d+, for \d+ s", done.stdout)
    assert "does not answer" not in done.stdout
    assert "down" not in done.stdout


def test_a_second_start_in_the_same_place_says_that_it_runs(running: Copy) -> None:
    done = running.call("start")

    assert done.returncode == 2
    assert "already running" in done.stdout
    assert running.call("status").returncode == 0


def test_systemd_runs_nothing_beside_it(running: Copy) -> None:
    """Neither a unit that is started by hand, nor `make install`, which names what is in the way."""
    unit = running.call("launch", "api")
    assert unit.returncode == 2
    assert "run `make stop` first" in unit.stdout
    if os.geteuid() == 0:
        installed = running.call("install")
        assert installed.returncode == 2
        assert "run `make stop` first, then `make install` again" in installed.stdout
        assert not (running.settings.state_dir / "systemd").exists()
    assert running.call("status").returncode == 0


def test_a_field_of_demo_json_is_shown_for_command_lines(running: Copy) -> None:
    demo = description(running)

    assert running.call("demo", "device.secret").stdout == f"{demo['device']['secret']}\n"
    assert json.loads(running.call("demo", "admin").stdout) == demo["admin"]
    assert running.call("demo", "device.colour").returncode == 2


def test_no_file_but_two_holds_a_secret(running: Copy) -> None:
    """Logs, run scripts, configuration and the database's own files are read, byte by byte."""
    state = running.settings.state_dir
    demo = description(running)
    lines = (state / "secrets.env").read_text().splitlines()
    secrets = {line.partition("=")[2] for line in lines if "=" in line}
    secrets |= {str(demo["isp"]["api_key"]), str(demo["device"]["secret"]), str(demo["customer"]["password"])}
    secrets |= {key.partition(":")[2] for key in secrets if ":" in key}
    assert len(secrets) >= 10
    files = [path for path in state.rglob("*") if path.is_file() and path.name not in ("demo.json", "secrets.env")]
    assert len(files) > 100

    leaks = [(path, secret) for path in files for secret in secrets if secret.encode() in path.read_bytes()]

    assert leaks == []


def test_no_command_line_holds_a_secret(running: Copy) -> None:
    lines = (running.settings.state_dir / "secrets.env").read_text().splitlines()
    secrets = [line.partition("=")[2].encode() for line in lines if "=" in line]

    shown = b"".join(Path(f"/proc/{pid}/cmdline").read_bytes() for pid in running.processes())

    assert not any(secret in shown for secret in secrets)


@pytest.mark.skipif(os.geteuid() != 0, reason="only root changes accounts")
def test_the_parts_are_not_root_and_own_only_what_they_write(running: Copy) -> None:
    state, accounts = running.settings.state_dir, running.settings.accounts
    owners = {path.name: path.stat().st_uid for path in state.iterdir()}

    assert {name: uid for name, uid in owners.items() if uid} == {
        "pg": accounts.database.uid, "spool": accounts.radius.uid, "snapshot": accounts.radius.uid
    }  # fmt: skip
    for part in parts.PARTS:
        users = {Path(f"/proc/{pid}").stat().st_uid for pid in leftovers.of(part.name, running.settings)}
        assert users == {accounts.of(part.runs_as).uid}, part.name
    processes = [Path(f"/proc/{pid}") for pid in running.processes()]
    root = {(process / "comm").read_text().strip() for process in processes if process.stat().st_uid == 0}
    assert root == {"s6-svscan", "s6-supervise", "s6-log", "s6-log-pump"}


def test_a_copy_runs_beside_another_and_keeps_its_data(running: Copy, open_directory: Path) -> None:
    copy = Copy(open_directory / "state")
    try:
        assert copy.call("start").returncode == 0
        query(copy, "UPDATE customers SET full_name = 'Kept'")
        demo = description(copy)
        assert demo["isp"]["api_key"] != description(running)["isp"]["api_key"]
        assert (copy.call("status").returncode, running.call("status").returncode) == (0, 0)

        assert copy.call("stop").returncode == 0
        assert copy.processes() == []
        assert copy.call("status").returncode == 3
        assert running.call("status").returncode == 0
        begun = time.monotonic()
        assert copy.call("start").returncode == 0
        assert time.monotonic() - begun < 10 * machine()

        assert query(copy, "SELECT full_name FROM customers") == [("Kept",)]
        assert description(copy) == demo
    finally:
        copy.call("stop")
    assert copy.processes() == []


def test_a_taken_port_is_named_and_nothing_is_left_running(copy: Copy) -> None:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as taken:
        taken.bind(("127.0.0.1", copy.settings.radius_acct_port))

        done = copy.call("start")

    assert done.returncode == 2
    assert f"UDP port {copy.settings.radius_acct_port} on 127.0.0.1 is taken: set RADIUS_ACCT_PORT" in done.stdout
    assert copy.processes() == []


def test_an_address_of_another_machine_is_named(copy: Copy) -> None:
    copy.environment["RADIUS_LISTEN"] = "192.0.2.1"

    done = copy.call("start")

    assert done.returncode == 2
    assert done.stdout.splitlines()[-1] == "RADIUS_LISTEN is 192.0.2.1, which is not an address of this machine."


def test_a_wrong_setting_ends_every_command_with_one_sentence(copy: Copy) -> None:
    copy.environment["API_PORT"] = "five thousand"

    for command in ("run", "start", "status"):
        done = copy.call(command)
        assert (done.returncode, done.stdout.count("\n")) == (2, 1)
        assert "API_PORT" in done.stdout
    copy.environment["API_PORT"] = "5000"


def test_a_part_that_cannot_start_ends_the_start_with_the_end_of_its_log(copy: Copy) -> None:
    (cluster.data_directory(copy.settings) / "global/pg_control").write_bytes(b"")

    done = copy.call("start")

    assert done.returncode == 2
    assert "postgres does not stay up; the end of" in done.stdout
    assert "pg_control" in done.stdout
    assert copy.processes() == []


def test_without_demo_there_is_no_tenant_and_no_file(fresh: Copy) -> None:
    fresh.environment["DEMO"] = "0"

    started = fresh.call("start")

    assert started.returncode == 0, started.stdout
    assert not (fresh.settings.state_dir / "demo.json").exists()
    assert fresh.call("status").returncode == 0
