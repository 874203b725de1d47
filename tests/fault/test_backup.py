"""A running system is backed up under load, destroyed, and restored: nothing that was acknowledged is missing."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from service import parts
from service.backup import save
from service.host import secret_file
from service.host.settings import HOME
from service.s6 import services
from service.testing import Installation, free_ports
from tests.fault.conftest import customers_of, rules_broken
from tests.fault.crowd import Crowd
from tests.fault.logins import Logins
from tests.radius_client import Growth
from tests.wire.system import System
from tests.wire.tenant import Tenant

#: Accounting packets a second.
_RATE = 150.0


def command(installation: Installation, *arguments: str) -> str:
    """What it printed; it must not have failed."""
    environment = {**os.environ, "STATE_DIR": str(installation.settings.state_dir)}
    done = subprocess.run([sys.executable, "-m", "service", *arguments], cwd=HOME, env=environment, text=True,
                          stdout=subprocess.PIPE, stderr=subprocess.STDOUT, timeout=300, check=False)  # fmt: skip
    assert done.returncode == 0, done.stdout
    return done.stdout


def new_segment(system: System, crowd: Crowd) -> None:
    """The accounting process begins another: the one before is soon booked to its end and put away."""
    state = services.state(system.installation.settings, parts.by_name("acct"))
    assert state is not None
    os.kill(state.pid, signal.SIGKILL)
    deadline = time.monotonic() + 30
    while not crowd.send(crowd.probe, Growth(crowd.probe.sent.seconds + 1)):
        assert time.monotonic() < deadline


def results(system: System, isp_id: int, expected: int) -> int:
    """How many logins are booked, as soon as there are so many."""
    deadline = time.monotonic() + 60
    while True:
        ((count,),) = system.sql("select count(*) from radpostauth where isp_id = :isp", isp=isp_id)
        if count >= expected or time.monotonic() > deadline:
            return int(count)
        time.sleep(0.2)


def destroyed(state_dir: Path) -> None:
    """Everything but the spool."""
    for name in ("pg", "snapshot", "s6", "run"):
        shutil.rmtree(state_dir / name)
    for name in ("secrets.env", "demo.json", "schema-ready"):
        (state_dir / name).unlink(missing_ok=True)


@pytest.mark.long
def test_a_backup_under_load_brings_everything_back_that_was_acknowledged(tmp_path: Path) -> None:
    ports = free_ports()
    with Installation(tmp_path / "s", *ports) as installation:
        system = System(installation)
        tenant = Tenant(system)
        crowd = Crowd(system, tenant.router, customers_of(tenant))
        logins = Logins(tenant)
        system.settle()
        crowd.greet().start(_RATE)
        logins.start()
        try:
            new_segment(system, crowd)
            time.sleep(3)
            command(installation, "backup", "--to", str(tmp_path / "files"), "--prove")
            for _ in range(2):
                new_segment(system, crowd)
                time.sleep(3)
            services.down(installation.settings, parts.by_name("writer"))  # what comes now is in the spool alone
            time.sleep(3)
        finally:
            logins.stop()
            crowd.stop()
        assert logins.wrong == []
        state = installation.settings.state_dir
        key = f"{save.KEY.upper()}={secret_file.stored_secret(state, save.KEY)}\n"
        (tmp_path / "key").write_text(key)
        system.close()
    assert list((state / "spool/acct/booked").glob("*.spool")), "segments that are booked are kept"
    destroyed(state)
    printed = command(installation, "restore", "--from", str(tmp_path / "files"), "--key", str(tmp_path / "key"))
    assert "will be booked again" in printed
    with Installation(tmp_path / "s", *ports) as restored:
        again = System(restored)
        tenant.system = crowd.system = tenant.router.system = again
        books = crowd.books()
        assert books.right, books
        assert results(again, tenant.isp_id, len(logins.times)) == len(logins.times), "each login once"
        welcome = tenant.router.login("welcome", "customer123")
        assert welcome.accepted
        assert rules_broken(again) == []
        again.close()


@pytest.mark.long
def test_what_is_booked_is_not_booked_again_whichever_backup_is_restored(tmp_path: Path) -> None:
    """Two backups, and the older one is restored over the running state: login results are counted, not remembered."""
    ports = free_ports()
    with Installation(tmp_path / "s", *ports) as installation:
        system = System(installation)
        tenant = Tenant(system)
        crowd = Crowd(system, tenant.router, customers_of(tenant)).greet()
        person = tenant.customer("often")
        for name in ("first", "second"):
            for _ in range(20):
                tenant.login(person)
            tenant.codes(40 if name == "second" else 20)
            command(installation, "backup", "--to", str(tmp_path / f"{name}.age"))
            new_segment(system, crowd)
        for _ in range(20):
            tenant.login(person)
        system.close()
    command(installation, "restore", "--from", str(tmp_path / "first.age"), "--overwrite")
    with Installation(tmp_path / "s", *ports) as restored:
        again = System(restored)
        tenant.system = crowd.system = tenant.router.system = again
        assert tenant.codes(60) == ["accept"] * 60
        assert crowd.books().right
        again.close()
