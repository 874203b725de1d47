"""Loss, repetition and disorder, 20 % each: the books are exact."""

from __future__ import annotations

import time
from concurrent.futures import ThreadPoolExecutor

import pytest

from tests.fault.conftest import customers_of
from tests.fault.crowd import Crowd, Session
from tests.fault.relay import Relay
from tests.radius_client import AcctStatus, Growth
from tests.wire.system import System
from tests.wire.tenant import Person, Tenant

AT_ONCE = 5


def through(broken: System, tenant: Tenant, people: list[Person], seed: int, seconds: float) -> None:
    settings = broken.installation.settings
    broken.settle()
    server = (settings.radius_listen, settings.radius_acct_port)
    with Relay(tenant.router.address, server, seed, 0.2) as relay:
        crowd = Crowd(broken, tenant.router, people, seed=seed, server=relay.address)
        crowd.start(60)
        crowd._stop.wait(seconds)
        crowd.stop()
        with ThreadPoolExecutor(10) as routers:
            list(routers.map(lambda session: _end(crowd, session), crowd.sessions[:10]))
        assert relay.lost > 10
        assert relay.repeated > 10
        assert relay.delayed > 10
    books = crowd.books()
    assert books.right, books
    ended = "select count(*) from radacct where isp_id = :isp and acctterminatecause = 'User-Request'"
    assert broken.sql(ended, isp=tenant.isp_id) == [(10,)]


def _end(crowd: Crowd, session: Session) -> None:
    """A Stop, until it is acknowledged."""
    growth = Growth(session.sent.seconds + 1, session.sent.octets_in + 5, session.sent.octets_out + 6)
    deadline = time.monotonic() + 60
    while not crowd.send(session, growth, AcctStatus.STOP):
        assert time.monotonic() < deadline, "nobody answers"


def test_a_bad_network(broken: System, tenant: Tenant, people: list[Person]) -> None:
    through(broken, tenant, people, seed=1, seconds=3)


@pytest.mark.long
@pytest.mark.parametrize("first", range(2, 52, AT_ONCE))
def test_bad_networks(broken: System, first: int) -> None:
    """Several at once, each with a tenant, a router and dice of its own."""
    seeds = range(first, first + AT_ONCE)
    tenants = [Tenant(broken) for _ in seeds]
    people = [customers_of(tenant) for tenant in tenants]
    broken.settle()
    with ThreadPoolExecutor(AT_ONCE) as networks:
        # list() raises what any of them raises.
        list(networks.map(through, [broken] * AT_ONCE, tenants, people, seeds, [5] * AT_ONCE))
