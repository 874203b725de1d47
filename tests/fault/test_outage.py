"""PostgreSQL is away: routers and customers do not notice, restarts included; afterwards the books are right."""

from __future__ import annotations

import os
import threading
import time

import pytest

from tests.fault.conftest import Breaker
from tests.fault.crowd import Crowd
from tests.radius_client import AcctStatus, Growth
from tests.wire.system import System
from tests.wire.tenant import Person, Tenant


class Logins:
    """Customers who log in all the time, one of them expired."""

    def __init__(self, tenant: Tenant, person: Person, expired: Person) -> None:
        self._tenant, self._person, self._expired = tenant, person, expired
        self.times: list[float] = []
        self.wrong: list[str] = []
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._run, name="logins")

    def start(self) -> None:
        self._thread.start()

    def stop(self) -> None:
        self._stop.set()
        self._thread.join()

    def p99(self) -> float:
        return sorted(self.times)[int(len(self.times) * 0.99)]

    def _run(self) -> None:
        while not self._stop.wait(0.02):
            for person, welcome in ((self._person, True), (self._expired, False)):
                begun = time.monotonic()
                request = self._tenant.router.request(person.username, person.password)
                answer = self._tenant.router.ask(request, timeout=1.0)
                self.times.append(time.monotonic() - begun)
                if answer is None or answer.accepted is not welcome:
                    self.wrong.append(f"{person.username}: {answer}")


@pytest.fixture
def logins(tenant: Tenant, broken: System) -> Logins:
    made = Logins(tenant, tenant.customer("welcome"), tenant.customer("expired", expires_in=-60))
    broken.settle()
    return made


def outage(crowd: Crowd, breaker: Breaker, logins: Logins, *, seconds: float, rate: float) -> None:
    crowd.start(rate)
    time.sleep(1)
    thaw = breaker.freeze("postgres")
    logins.start()
    try:
        time.sleep(seconds)
    finally:
        logins.stop()
        thaw()
    crowd.stop()
    books = crowd.books(patience=60 + seconds)
    assert logins.wrong == []
    assert crowd.unanswered == 0
    assert books.right, books
    assert crowd.p99() <= 0.05 * machine()
    assert logins.p99() <= 0.05 * machine()


def machine() -> float:
    """How much slower this machine is because others use it: its load a processor, at least 1."""
    return max(1.0, os.getloadavg()[0] / (os.cpu_count() or 1))


def test_a_hung_database_is_not_noticed(crowd: Crowd, breaker: Breaker, logins: Logins) -> None:
    outage(crowd, breaker, logins, seconds=5, rate=100)


@pytest.mark.long
def test_five_minutes_without_the_database(crowd: Crowd, breaker: Breaker, logins: Logins) -> None:
    outage(crowd, breaker, logins, seconds=300, rate=200)


def test_freeradius_restarted_without_the_database_serves_as_before(
    broken: System, crowd: Crowd, breaker: Breaker, tenant: Tenant
) -> None:
    plan = tenant.plan(data_limit_bytes=1000)
    before, after = (tenant.customer(name, plan=plan) for name in ("before", "after"))
    expired = tenant.customer("late", expires_in=-60)
    broken.settle()
    spent = Crowd(broken, tenant.router, [before, after], seed=7)
    assert spent.send(spent.sessions[0], Growth(1, 600, 600), AcctStatus.STOP)
    _await_snapshot(broken, time.time() + 1)
    thaw = breaker.freeze("postgres")
    try:
        assert spent.send(spent.sessions[1], Growth(1, 600, 600), AcctStatus.STOP)
        for part in ("auth", "acct"):
            breaker.kill(part)
        _await_answer(crowd)
        assert crowd.send(crowd.sessions[0], Growth(2, 20, 30))
        assert tenant.login(Person(0, "user1", before.password)).accepted
        assert not tenant.login(expired).accepted
        assert not tenant.login(before).accepted, "what was booked before the restart is remembered"
        assert not tenant.login(after).accepted, "what waits in the spool is remembered"
    finally:
        thaw()
    books = crowd.books()
    assert not books.lost, books


def _await_snapshot(broken: System, moment: float) -> None:
    """One that was begun after that moment."""
    snapshot = broken.installation.settings.state_dir / "snapshot" / "directory"
    deadline = time.time() + 30
    while not snapshot.exists() or snapshot.stat().st_mtime < moment + 1:
        assert time.time() < deadline, "no snapshot"
        time.sleep(0.1)


def _await_answer(crowd: Crowd) -> None:
    """Both processes are up again."""
    probe, deadline = crowd.sessions[-1], time.monotonic() + 30
    while not crowd.send(probe, Growth(probe.sent.seconds + 1, 1, 1)):
        assert time.monotonic() < deadline
    router = crowd.router
    while router.ask(router.request("user2", "customer123"), timeout=1.0) is None:
        assert time.monotonic() < deadline


