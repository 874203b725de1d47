"""The log takes nothing more: no login waits for it."""

from __future__ import annotations

import os
import subprocess
import time
from collections.abc import Iterator

import pytest

from radius_module.status import dropped_log_lines
from service.s6 import supervisor, tree
from tests.fault.breaker import Breaker
from tests.fault.logins import Logins
from tests.support.machine import machine
from tests.support.small_disk import full
from tests.support.spools import until
from tests.wire.system import System
from tests.wire.tenant import Tenant

_LINE, _LINES = b"a line of a log on a full disk\n", 65_000


@pytest.fixture
def full_log(broken: System, breaker: Breaker) -> Iterator[int]:
    """The login process's log is on a full disk, and has been sent two megabytes; how many lines that were."""
    settings = broken.installation.settings
    logger = tree.directory(settings) / "auth" / "log"
    with full(settings.state_dir / "log" / "auth", supervisor.pid(settings)):
        for state, order in (("-wd", "-d"), ("-wu", "-u")):
            subprocess.run(["s6-svc", state, "-T", "10000", order, logger], check=True)
        # The end that FreeRADIUS writes to; it must not hold up the test either.
        pipe = os.open(f"/proc/{breaker.pid('auth')}/fd/1", os.O_WRONLY | os.O_NONBLOCK)
        lines = _written(pipe)
        os.close(pipe)
        yield lines
    subprocess.run(["s6-svc", "-r", logger], check=True)


def _written(pipe: int) -> int:
    """How many lines were taken, of two megabytes and within a few seconds."""
    octets, deadline = _LINE * _LINES, time.monotonic() + 4
    while octets and time.monotonic() < deadline:
        try:
            octets = octets[os.write(pipe, octets[:65536]) :]
        except BlockingIOError:
            time.sleep(0.001)
    return _LINES - len(octets) // len(_LINE)


@pytest.mark.skipif(os.geteuid() != 0, reason="only root makes a small disk")
def test_no_login_waits_for_a_log_on_a_full_disk(broken: System, tenant: Tenant, logins: Logins, full_log: int) -> None:
    newcomer = tenant.add_router()
    broken.settle()
    logins.start()
    # A router that FreeRADIUS does not know yet makes it write a line.
    request = newcomer.request("welcome", "customer123")
    answer = newcomer.ask_now(request, timeout=2.0)
    assert answer is not None and answer.accepted
    until(lambda: len(logins.times) >= 300, 10)
    logins.stop()
    assert logins.wrong == []
    assert logins.p99() <= 0.05 * machine()
    settings = broken.installation.settings
    until(lambda: dropped_log_lines(settings.state_dir)["auth"] > full_log / 2)
