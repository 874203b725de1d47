"""Allowances and numbers of sessions on the line, to the octet and to the second."""

from __future__ import annotations

import time

import pytest

from tests.network.world import Network, eventually
from tests.radius_client.routeros import Session
from tests.wire.tenant import Person

GB, MB = 10**9, 10**6
CAP = 7 * GB
LONGEST_SURPLUS = 2.0


def booked(network: Network, person: Person) -> int:
    rows = network.system.sql("select bytes_in + bytes_out from usage where customer_id = :id", id=person.id)
    return sum(int(row[0]) for row in rows)


def use(session: Session, step: int, most: int) -> int:
    """Traffic in steps, each with a report, until the session is over or so much has passed; what has."""
    passed = 0
    while passed < most and not session.is_over:
        passed += session.carry(step // 10, step - step // 10)
        session.interim()
        time.sleep(0.05)
    return passed


def test_a_router_that_honours_limits_lets_not_one_octet_more_pass(network: Network) -> None:
    """Beyond 32 bits, in two sessions: the second gets the rest."""
    person = network.tenant.on_plan(data_limit_bytes=CAP)
    first = network.login(person, service="hotspot")
    assert first.granted == CAP
    passed = use(first, 900 * MB, 4_321_000_123)
    first.stop()
    eventually(lambda: booked(network, person), passed)
    second = network.login(person, service="hotspot")
    assert second.granted == CAP - passed
    passed += use(second, 900 * MB, 20 * GB)
    assert second.is_over and passed == CAP
    eventually(lambda: booked(network, person), CAP)
    assert network.router.login(person.username, person.password, service="hotspot") is None
    assert network.states(person.id) == [], "the router has ended it by itself"


def test_a_router_that_ignores_limits_is_overtaken_by_one_report_at_most(network: Network) -> None:
    network.router.honours_limits = False
    person = network.tenant.on_plan(data_limit_bytes=CAP)
    session = network.login(person)
    step = 900 * MB
    # One report after the other, each of which is in force before the next, as those of real routers are.
    while session.used < CAP:
        session.carry(step // 10, step - step // 10)
        session.interim()
        eventually(lambda: booked(network, person), session.used)
    eventually(lambda: session.is_over, True, 3)
    assert CAP <= session.used < CAP + step
    eventually(lambda: network.states(person.id), [("disconnect", "quota_exceeded", "done", None)])
    assert booked(network, person) == session.used
    assert network.router.login(person.username, person.password) is None


def test_what_is_bought_in_mid_session_is_added_to_the_octet(network: Network) -> None:
    """On PPP, where the session goes on and the server counts (HotSpot's new login: test_events)."""
    network.router.honours_limits = False
    person = network.tenant.on_plan(data_limit_bytes=CAP)
    session = network.login(person)
    session.carry(GB, 4 * GB)
    session.interim()
    eventually(lambda: booked(network, person), 5 * GB)
    network.api.call("POST", f"/api/billing/customers/{person.id}/topups", {"data_gb": 6})
    session.carry(0, 8 * GB - 1)
    session.interim()
    eventually(lambda: booked(network, person), 13 * GB - 1)
    shown = network.api.call("GET", f"/api/billing/customers/{person.id}")
    assert shown["remaining_bytes"] == 1
    time.sleep(1)
    assert not session.is_over and network.states(person.id)[1:] == []
    session.carry(1, 0)
    session.interim()
    eventually(lambda: session.is_over, True, 3)
    assert network.states(person.id)[-1][:2] == ("disconnect", "quota_exceeded")


@pytest.mark.parametrize("newcomers", [1, 4])
def test_more_than_the_allowed_sessions_last_no_longer_than_two_seconds(network: Network, newcomers: int) -> None:
    person = network.tenant.on_plan(simultaneous_use=2, on_too_many="replace_oldest")
    sessions = [network.login(person, mac=f"02:00:00:00:04:0{number}", framed=f"10.0.4.{number}") for number in (1, 2)]
    began = time.monotonic()
    for number in range(3, 3 + newcomers):
        session = network.router.login(
            person.username, person.password, mac=f"02:00:00:00:04:0{number}", framed=f"10.0.4.{number}"
        )
        assert session is not None
        sessions.append(session)
    eventually(lambda: sum(not session.is_over for session in sessions), 2, 10)
    assert time.monotonic() - began <= LONGEST_SURPLUS
    assert not sessions[-1].is_over
    time.sleep(1)
    assert sum(not session.is_over for session in sessions) == 2, "and nobody beyond the surplus leaves"
