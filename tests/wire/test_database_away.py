"""The database hangs or dies, and no login notices; in peace, no login asks it anything."""

from __future__ import annotations

import itertools
import time
from collections.abc import Callable
from contextlib import AbstractContextManager

import pytest

from service.testing import Installation
from tests.wire.postgres import as_superuser, dead, hung
from tests.wire.router import PROTOCOLS, proof
from tests.wire.system import System
from tests.wire.tenant import PASSWORD, Tenant

#: p99 of a login here is about 2 ms; a busy machine is allowed to add to it, a database is not.
SLOWER = 0.05
SHORT, LONG = 3.0, 30.0

Trouble = Callable[[Installation], AbstractContextManager[None]]
SECONDS = [SHORT, pytest.param(LONG, marks=pytest.mark.long)]


def storm(tenant: Tenant, seconds: float) -> list[float]:
    """Logins of all kinds one after the other for so long; how long each took, sorted. All are answered, and right."""
    taken: list[float] = []
    end = time.monotonic() + seconds
    for protocol in itertools.cycle(PROTOCOLS):
        for name, accepted in (("john", True), (f"nobody{len(taken)}", False), ("expired", False)):
            request = tenant.router.request(name, proof(protocol, name, PASSWORD))
            begun = time.monotonic()
            answer = tenant.router.ask_now(request)
            taken.append(time.monotonic() - begun)
            assert answer is not None and answer.accepted is accepted, (name, protocol)
        if time.monotonic() > end:
            break
        # So many wrong names in a minute as the brake lets a router have (radius_module.login.reject_delay).
        time.sleep(max(0.05, seconds / 100))
    return sorted(taken)


@pytest.mark.parametrize("seconds", SECONDS)
@pytest.mark.parametrize("trouble", [hung, dead])
def test_logins_do_not_notice_a_database_that_is_away(tenant: Tenant, trouble: Trouble, seconds: float) -> None:
    john = tenant.customer()
    tenant.customer("expired", expires_in=-60)
    tenant.login(john)
    before = storm(tenant, 0.5)
    with trouble(tenant.system.installation):
        during = storm(tenant, seconds)
    assert p99(during) <= p99(before) + SLOWER
    tenant.set_customer(john, "status = 'suspended'")
    assert not tenant.login(john).accepted
    results = tenant.results(len(before) + len(during) + 2)
    assert [row.code for row in results[-1:]] == ["suspended"]


def p99(sorted_seconds: list[float]) -> float:
    return sorted_seconds[len(sorted_seconds) * 99 // 100 - 1]


def test_logins_ask_the_database_nothing(system: System, tenant: Tenant) -> None:
    """20 names that nobody has, 20 customers, every protocol: no question over any connection of the login process.

    The listening connection's heartbeat is `select 1`; the writer stores results from a process of its own.
    """
    tenant.login(tenant.customer())
    before = questions(system)
    assert len(before) >= 2
    for number in range(20):
        protocol, nobody = PROTOCOLS[number % len(PROTOCOLS)], f"nobody{number}"
        for name, accepted in ((nobody, False), ("john", True)):
            answer = tenant.router.ask_now(tenant.router.request(name, proof(protocol, name, PASSWORD)))
            assert answer is not None and answer.accepted is accepted
    assert questions(system) == before
    tenant.set_customer(tenant.customer("jane"), "full_name = 'Jane'")
    system.settle()
    assert questions(system) != before


def questions(system: System) -> list[tuple[object, ...]]:
    """The last question of each connection of the directories, and when it was asked."""
    return as_superuser(
        system.installation,
        "select pid, case when query <> 'select 1' then query_start end, query from pg_stat_activity"
        " where application_name like 'infora directory%' order by pid",
    )
