"""PostgreSQL is away: routers and customers do not notice, restarts included; afterwards the books are right."""

from __future__ import annotations

import time
from collections.abc import Callable
from contextlib import AbstractContextManager

import pytest

from service.testing import Installation
from tests.fault.crowd import Crowd, p99
from tests.fault.deaths import Deaths
from tests.fault.logins import Logins
from tests.radius_client import AcctStatus, Growth
from tests.support.machine import machine
from tests.wire.postgres import dead, hung
from tests.wire.system import System
from tests.wire.tenant import Person, Tenant


def outage(
    crowd: Crowd, trouble: AbstractContextManager[None], logins: Logins, *, seconds: float, rate: float, bound: float
) -> None:
    """`bound`: what the p99 of answers may be in seconds while the database is away."""
    crowd.start(rate)
    time.sleep(1)
    with trouble:
        logins.start()
        time.sleep(seconds)
        logins.stop()
        away = list(crowd.times)
    crowd.stop()
    books = crowd.books(patience=60 + seconds)
    assert logins.wrong == []
    assert (crowd.unanswered, crowd.sent_again) == (0, 0)
    assert books.right, books
    assert crowd.answered >= 0.95 * rate * seconds
    assert len(logins.times) >= 50 * seconds
    assert logins.p99() <= bound, "logins while the database was away"
    assert p99(away) <= bound, "accounting while it was away"
    # Its return is work for every part and for the disk: each packet was answered at the first try, most at once.
    assert crowd.p99() <= 2 * bound, "accounting, the database's return included"


Trouble = Callable[[Installation], AbstractContextManager[None]]


@pytest.mark.parametrize("trouble", [hung, dead])
def test_a_database_that_is_away_is_not_noticed(broken: System, crowd: Crowd, logins: Logins, trouble: Trouble) -> None:
    """What waited for the database would wait four seconds; how quick the rest is, is the long test's question."""
    outage(crowd, trouble(broken.installation), logins, seconds=4, rate=100, bound=1)


@pytest.mark.long
@pytest.mark.parametrize(("trouble", "minutes"), [(hung, 1), (dead, 5)])
def test_minutes_without_the_database(
    broken: System, crowd: Crowd, logins: Logins, trouble: Trouble, minutes: int
) -> None:
    outage(crowd, trouble(broken.installation), logins, seconds=60 * minutes, rate=200, bound=0.05)


@pytest.mark.long
def test_a_tenant_is_served_without_the_database_as_long_as_it_lets_itself(broken: System, tenant: Tenant) -> None:
    """A minute is the least (radius_module.auth.server): a restart of the database is no outage."""
    strict, patient = Tenant(broken, max_stale_hours=0), tenant
    people = [(isp, isp.customer()) for isp in (strict, patient)]
    assert all(isp.login(person).accepted for isp, person in people)

    def served(isp: Tenant, person: Person) -> bool:
        answer = isp.router.ask_now(isp.router.request(person.username, person.password), timeout=1.0)
        assert answer is None or answer.accepted
        return answer is not None

    with hung(broken.installation):
        time.sleep(50)
        assert [served(*isp) for isp in people] == [True, True]
        time.sleep(15)
        assert [served(*isp) for isp in people] == [False, True]
    deadline = time.monotonic() + 10
    while not served(*people[0]):
        assert time.monotonic() < deadline, "the database is back and the tenant is not served"


def test_freeradius_restarted_without_the_database_serves_as_before(
    broken: System, crowd: Crowd, deaths: Deaths, tenant: Tenant
) -> None:
    plan = tenant.plan(data_limit_bytes=1000)
    before, after = (tenant.customer(name, plan=plan) for name in ("before", "after"))
    expired = tenant.customer("late", expires_in=-60)
    broken.settle()
    spent = Crowd(broken, tenant.router, [before, after], seed=7)
    assert spent.send(spent.sessions[0], Growth(1, 600, 600), AcctStatus.STOP)
    _await_snapshot(broken, time.time() + 1)
    with hung(broken.installation):
        assert spent.send(spent.sessions[1], Growth(1, 600, 600), AcctStatus.STOP)
        for part in ("auth", "acct"):
            deaths.kill(part)
        assert deaths.late(machine()) == []
        assert crowd.send(crowd.sessions[0], Growth(2, 20, 30))
        assert tenant.login(Person(0, "user1", before.password)).accepted
        assert not tenant.login(expired).accepted
        assert not tenant.login(before).accepted, "what was booked before the restart is remembered"
        assert not tenant.login(after).accepted, "what waits in the spool is remembered"
    books = crowd.books()
    assert not books.lost, books


def _await_snapshot(broken: System, moment: float) -> None:
    """One that was begun after that moment."""
    snapshot = broken.installation.settings.state_dir / "snapshot" / "directory"
    deadline = time.time() + 30
    while not snapshot.exists() or snapshot.stat().st_mtime < moment + 1:
        assert time.time() < deadline, "no snapshot"
        time.sleep(0.1)
