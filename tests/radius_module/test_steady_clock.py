"""Durations and ages while the wall clock is set: nobody is refused, let in, ended or taken for alive by it."""

from __future__ import annotations

import json
import time
from base64 import b64encode
from collections.abc import Callable
from pathlib import Path

import pytest

from models.secrets.keyring import Keyring
from radius_module import status, steady_clock
from radius_module.auth.crashes import Crashes
from radius_module.auth.server import AuthServer
from radius_module.directory.contents import Contents, Directory
from radius_module.directory.snapshot import Snapshot
from radius_module.login.reject_delay import FREE_FOR_CUSTOMER, RejectDelay
from radius_module.online.session import STALE_SECONDS
from radius_module.online.table import OnlineTable, StoredSession
from service.start import reports
from tests.support.facts_made import ISP
from tests.support.online_made import apply
from tests.support.reports_made import report

CUSTOMER, YEARS = 70, 3 * 365 * 86_400.0
SetClock = Callable[[float], None]


@pytest.fixture
def set_clock(monkeypatch: pytest.MonkeyPatch) -> SetClock:
    """set_clock(seconds): the wall clock is so far ahead (or, below 0, behind) from now on."""
    real = time.time
    return lambda ahead: monkeypatch.setattr(time, "time", lambda: real() + ahead)


@pytest.fixture
def lapse(monkeypatch: pytest.MonkeyPatch) -> SetClock:
    """lapse(seconds): so much time passes, by every clock."""

    def pass_by(seconds: float) -> None:
        wall, boot, monotonic = time.time, time.clock_gettime, time.monotonic
        monkeypatch.setattr(time, "time", lambda: wall() + seconds)
        monkeypatch.setattr(time, "clock_gettime", lambda which: boot(which) + seconds)
        monkeypatch.setattr(time, "monotonic", lambda: monotonic() + seconds)

    return pass_by


def taken(online: OnlineTable) -> int:
    return len(online.usage_and_slots(CUSTOMER, 0.0, time.time())[1])


def online_now() -> OnlineTable:
    online = OnlineTable()
    apply(online, report(received=time.time()), CUSTOMER, 0.0)
    return online


@pytest.mark.parametrize("ahead", [3600.0, YEARS, -3600.0, -YEARS])
def test_a_session_counts_and_lives_on_whatever_the_clock_says(ahead: float, set_clock: SetClock) -> None:
    online, since = online_now(), steady_clock.steady_now()
    set_clock(ahead)
    assert taken(online) == 1
    assert online.sweep(time.time(), since) == []
    apply(online, report(received=time.time(), octets_in=5), CUSTOMER, 0.0)
    set_clock(0)
    assert taken(online) == 1
    assert online.sweep(time.time(), since) == []


@pytest.mark.parametrize("ahead", [3600.0, YEARS, -3600.0, -YEARS])
def test_a_session_that_falls_silent_is_over_in_time_whatever_the_clock_says(
    ahead: float, set_clock: SetClock, lapse: SetClock
) -> None:
    set_clock(ahead)
    online, since = online_now(), steady_clock.steady_now()
    lapse(STALE_SECONDS - 3)
    assert taken(online) == 1
    set_clock(0)
    lapse(1)
    assert taken(online) == 1
    lapse(2)
    assert taken(online) == 0
    assert len(online.sweep(time.time(), since)) == 1


def test_a_session_of_the_database_that_was_heard_in_the_future_is_of_now(lapse: SetClock) -> None:
    online = OnlineTable()
    row = StoredSession("5e55", CUSTOMER, "02:00:00:00:00:01", time.time() - 60, time.time() + YEARS, 0)
    online.refresh(CUSTOMER, 0.0, 0, [row])
    assert taken(online) == 1
    lapse(STALE_SECONDS + 1)
    assert taken(online) == 0


@pytest.fixture
def server() -> AuthServer:
    """As much of it as tells how old its facts are."""
    server = AuthServer.__new__(AuthServer)
    server.directory, contents = Directory(), Contents()
    contents.isps[ISP.id] = ISP._replace(max_stale=3600.0)
    server.directory.replace(contents)
    server.directory.confirmed_at = steady_clock.steady_now()
    return server


@pytest.mark.parametrize("ahead", [YEARS, -YEARS])
def test_facts_are_as_old_as_they_are(ahead: float, server: AuthServer, set_clock: SetClock, lapse: SetClock) -> None:
    set_clock(ahead)
    assert not server.is_too_stale(ISP.id, time.time())
    assert status.directory_troubles(server.directory.age()) == []
    lapse(3601)
    assert server.is_too_stale(ISP.id, time.time())
    assert status.directory_troubles(server.directory.age()) != []


def test_a_process_that_starts_after_the_clock_was_set_knows_how_old_its_snapshot_is(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    keyring = Keyring.parse("k1:" + b64encode(bytes(range(32))).decode())
    directory = Directory()
    directory.replace(Contents())
    directory.confirmed_at = steady_clock.steady_now() - 100
    before = Snapshot(tmp_path / "directory", keyring)
    before.write(directory, online_now())
    before.close()
    real = time.time
    monkeypatch.setattr(time, "time", lambda: real() + YEARS)
    monkeypatch.setattr(steady_clock, "ORIGIN", steady_clock.ORIGIN + YEARS)
    restored, online = Directory(), OnlineTable()
    assert Snapshot(tmp_path / "directory", keyring).restore(restored, online)
    assert 100 <= restored.age() < 103
    assert taken(online) == 1
    monkeypatch.setattr(steady_clock, "BOOT", "another")
    assert Snapshot(tmp_path / "directory", keyring).restore(restored, None)
    assert restored.age() > YEARS - 10, "nobody knows how long the machine was off"


@pytest.mark.parametrize("ahead", [YEARS, -YEARS])
def test_a_report_is_as_old_as_it_is(tmp_path: Path, ahead: float, set_clock: SetClock, lapse: SetClock) -> None:
    (tmp_path / "run" / "radius").mkdir(parents=True)
    facts = status.moment() | {"directory_age": 1.0}
    (tmp_path / "run" / "radius" / "auth.json").write_text(json.dumps(facts))
    set_clock(ahead)
    written = status.report(tmp_path)
    assert written is not None
    assert 1 <= (status.directory_age(written) or 0) < 3
    lapse(6)
    assert status.report(tmp_path) is None


def test_a_report_of_another_boot_is_none(tmp_path: Path) -> None:
    (tmp_path / "run" / "radius").mkdir(parents=True)
    facts = status.moment() | {"boot": "another"}
    (tmp_path / "run" / "radius" / "auth.json").write_text(json.dumps(facts))
    assert status.report(tmp_path) is None


def test_guesses_of_before_the_clock_was_set_back_slow_nobody_down() -> None:
    delay, now = RejectDelay(), 1e9
    for _ in range(FREE_FOR_CUSTOMER + 3):
        delay.count(1, 1, "john", now)
    assert delay.count(1, 1, "john", now - 3600) == 0


def test_crashes_are_of_the_last_hour_whatever_the_clock_says(tmp_path: Path, set_clock: SetClock) -> None:
    path = tmp_path / "auth.json"
    for _ in range(3):
        path.write_text(json.dumps(Crashes(path).facts()))
    set_clock(YEARS)
    assert len(Crashes(path).warnings()) == 1


def test_the_service_reads_reports_by_the_same_rule(tmp_path: Path, set_clock: SetClock, lapse: SetClock) -> None:
    (tmp_path / "auth.json").write_text(json.dumps(status.moment() | {"troubles": [], "warnings": []}))
    set_clock(-YEARS)
    assert reports.described(tmp_path / "auth.json") == reports.Described([], [])
    lapse(6)
    assert reports.described(tmp_path / "auth.json") is None
