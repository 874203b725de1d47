"""How soon a decision is on the line. The limits leave room for a busy machine; the figures are printed (-s)."""

from __future__ import annotations

import sys
import time

import pytest

from tests.network.crowd import crowd, pace, percentile
from tests.network.world import Network, eventually
from tests.radius_client import Name
from tests.radius_client.routeros import RouterOS

RATE = 20
GB = 10**9


def say(line: str) -> None:
    sys.stderr.write(f"\n{line}\n")


def first_heard(routers: list[RouterOS], session_id: str, address: str) -> float | None:
    """When the first request for a session came to its device."""
    for router in routers:
        if router.address == address:
            for moment, request in list(router.heard):
                if request is not None and request.value(Name.ACCT_SESSION_ID) == session_id.encode():
                    return moment
    return None


@pytest.mark.parametrize(("count", "devices", "limit"), [
    (40, 4, 1.0), pytest.param(500, 25, 0.5, marks=pytest.mark.long),
])  # fmt: skip
def test_from_the_answer_of_the_api_to_the_packet_at_the_device(
    network: Network, count: int, devices: int, limit: float
) -> None:
    many = crowd(network, count, devices)
    answered = []
    for customer in many.customers:
        network.api.call("POST", f"/api/billing/customers/{customer}/disconnect")
        answered.append(time.monotonic())
    eventually(lambda: all(session.is_over for session in many.sessions), True, 60)
    waits = [
        (first_heard(many.routers, session.visit.session_id, session.router.address) or 0.0) - moment
        for session, moment in zip(many.sessions, answered, strict=True)
    ]
    say(f"{count} requests, {devices} devices: median {percentile(waits, 0.5) * 1000:.0f} ms, "
        f"p99 {percentile(waits, 0.99) * 1000:.0f} ms, worst {max(waits) * 1000:.0f} ms")  # fmt: skip
    assert percentile(waits, 0.99) <= limit


@pytest.mark.parametrize("count", [5, pytest.param(100, marks=pytest.mark.long)])
def test_a_cap_that_is_crossed_by_an_interim_ends_the_session_within_a_second(network: Network, count: int) -> None:
    network.router.honours_limits = False
    waits = []
    for number in range(count):
        person = network.tenant.on_plan(f"customer{number}", data_limit_bytes=GB, name=f"plan {number}")
        session = network.login(person, mac=f"02:00:00:00:03:{number:02X}")
        session.carry(0, GB)
        began = time.monotonic()
        session.interim()
        eventually(lambda session=session: session.is_over, True, 5)
        heard = first_heard([network.router], session.visit.session_id, network.router.address)
        assert heard is not None
        waits.append(heard - began)
    say(f"{count} crossings: median {percentile(waits, 0.5) * 1000:.0f} ms, worst {max(waits) * 1000:.0f} ms")
    assert percentile(waits, 0.99) <= 2.0


@pytest.mark.parametrize(("count", "devices", "silent", "limit"), [
    (200, 10, 1, 15.0), pytest.param(10_000, 50, 0, 60.0, marks=pytest.mark.long),
    pytest.param(10_000, 50, 5, 60.0, marks=pytest.mark.long),
])  # fmt: skip
def test_a_suspended_tenant_is_off_the_line(
    network: Network, count: int, devices: int, silent: int, limit: float
) -> None:
    many = crowd(network, count, devices)
    quiet = many.routers[-silent:] if silent else []
    for router in quiet:
        router.faults.mute = True
    wanted = [session for session in many.sessions if session.router not in quiet]
    began = time.monotonic()
    network.api.call("POST", f"/api/isps/{network.isp_id}/suspend")
    eventually(lambda: all(session.is_over for session in wanted), True, limit * 3)
    gone = time.monotonic() - began
    fastest = max(pace(router) for router in many.routers)
    say(f"{len(wanted)} sessions on {devices - silent} devices ({silent} more silent): gone after {gone:.1f} s; "
        f"at most {fastest} requests a second to one device")  # fmt: skip
    assert gone <= limit
    assert fastest <= RATE + 2
    done = "select count(*) from outbox where isp_id = :isp and status = 'done' and acctuniqueid is not null"
    eventually(lambda: network.system.sql(done, isp=network.isp_id)[0][0], len(wanted), 60)
