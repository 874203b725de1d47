"""The worker may be killed at any moment, and several may run: nothing is lost, nothing is doubled."""

from __future__ import annotations

import random
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import psycopg2
import pytest

from service.database.urls import superuser
from tests.network.crowd import crowd, pace
from tests.network.world import Network, Workers, eventually, one_worker
from tests.radius_client import Name
from tests.radius_client.routeros import RouterOS
from tests.wire.system import System

RATE = 20


@pytest.fixture
def worker(system: System, worker_log: Path) -> Iterator[Workers]:
    """One of the test's own."""
    with one_worker(system, worker_log) as workers:
        yield workers


def requests_by_session(routers: list[RouterOS]) -> Counter[bytes]:
    return Counter(
        (request.value(Name.ACCT_SESSION_ID) or b"") + router.address.encode()
        for router in routers for _, request in router.heard if request is not None
    )  # fmt: skip


def suspend_tenant(network: Network) -> None:
    network.api.call("POST", f"/api/isps/{network.isp_id}/suspend")


def test_three_workers_send_each_request_once_and_keep_the_pace(network: Network, worker: Workers) -> None:
    worker.start()
    worker.start()
    worker.wait(3)
    many = crowd(network, 120, 4)
    suspend_tenant(network)
    eventually(lambda: {one.status for one in network.asked()} == {"done"}, True, 40)
    assert len(network.asked()) == 120
    assert set(requests_by_session(many.routers).values()) == {1}
    assert max(pace(router) for router in many.routers) <= RATE + 2, "one more for two sockets' jitter"


@pytest.mark.parametrize(("kills", "people"), [(4, 60), pytest.param(50, 400, marks=pytest.mark.long)])
def test_a_worker_that_is_killed_again_and_again_loses_nothing(
    network: Network, worker: Workers, kills: int, people: int
) -> None:
    dice = random.Random(kills)  # noqa: S311  # moments to kill at
    many = crowd(network, people, 4)
    for router in many.routers:
        router.faults.loss = 0.3
    suspend_tenant(network)
    for _ in range(kills):
        time.sleep(dice.uniform(0.2, 1.5))
        worker.kill(worker.running[-1])
        worker.start()
    eventually(lambda: {one.status for one in network.asked()} == {"done"}, True, 120)
    assert len(network.asked()) == people and all(session.is_over for session in many.sessions)
    ended = dict(network.system.sql(
        "select session_id || host(r.nasipaddress), date_part('epoch', done_at) from outbox o join radacct r "
        "on r.isp_id = o.isp_id and r.acctuniqueid = o.acctuniqueid where o.isp_id = :isp", isp=network.isp_id,
    ))  # fmt: skip
    offset = time.time() - time.monotonic()
    late = [
        moment + offset - ended[(request.value(Name.ACCT_SESSION_ID) or b"").decode() + router.address]
        for router in many.routers for moment, request in router.heard if request is not None
    ]  # fmt: skip
    assert max(late) <= 0.05, "sent again after it was done"


def test_the_oldest_request_of_a_session_goes_first(network: Network) -> None:
    network.router.faults.mute = True
    person = network.tenant.customer()
    session = network.login(person)
    other = network.tenant.plan(bandwidth_limit=33)
    network.api.call("PATCH", f"/api/billing/customers/{person.id}", {"service_plan_id": other})
    eventually(lambda: len(network.router.heard) > 0, True)
    network.api.call("POST", f"/api/billing/customers/{person.id}/disconnect")
    time.sleep(0.5)
    network.router.faults.mute = False
    eventually(lambda: session.is_over, True)
    codes = [request.code for _, request in network.router.heard if request]
    assert codes == sorted(codes, reverse=True), "every CoA before the Disconnect"


def test_the_database_goes_away_and_comes_back(network: Network) -> None:
    person = network.tenant.customer()
    session = network.login(person)
    with closing(psycopg2.connect(superuser(network.system.installation.settings))) as database:
        database.cursor().execute(
            "select pg_terminate_backend(pid) from pg_stat_activity where application_name like 'infora worker%'"
        )
    time.sleep(1)
    network.api.call("POST", f"/api/billing/customers/{person.id}/suspend")
    eventually(lambda: session.is_over, True, 5)
    eventually(lambda: network.states(person.id), [("disconnect", "suspended", "done", None)])


def test_what_was_asked_while_no_worker_ran_is_done_when_one_comes(network: Network, worker: Workers) -> None:
    person, expiring = network.tenant.customer("a"), network.tenant.customer("b", expires_in=3)
    moving = network.tenant.on_plan("c", simultaneous_use=1, on_too_many="replace_oldest")
    sessions = [network.login(person), network.login(expiring, mac="02:00:00:00:00:02"),
                network.login(moving, mac="02:00:00:00:00:03")]  # fmt: skip
    sessions[1].timeout = 0
    worker.kill(worker.running[0])
    newest = network.login(moving, mac="02:00:00:00:00:04")
    network.api.call("POST", f"/api/billing/customers/{person.id}/suspend")
    time.sleep(3.5)
    assert not any(session.is_over for session in sessions)
    worker.start()
    worker.wait()
    eventually(lambda: all(session.is_over for session in sessions), True, 8)
    assert not newest.is_over
