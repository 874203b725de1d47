"""Each event: what it asks of the device, and that it is done when accounting shows it."""

from __future__ import annotations

import time
from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest

from tests.network.world import Network, eventually
from tests.radius_client import Mikrotik
from tests.radius_client.dynamic import COA, DISCONNECT

GB = 10**9
ADMIN_RESET = 6


def test_a_suspended_customer_is_cut_and_the_stop_makes_it_done(network: Network) -> None:
    person = network.tenant.customer()
    session = network.login(person)
    network.api.call("POST", f"/api/billing/customers/{person.id}/suspend")
    eventually(lambda: session.is_over, True)
    assert session.cause == ADMIN_RESET
    eventually(lambda: network.states(person.id), [("disconnect", "suspended", "done", None)])
    assert network.router.login(person.username, person.password) is None
    listed = network.api.call("GET", f"/api/network/requests?customer_id={person.id}")["items"]
    assert [(one["status"], one["session_id"], one["username"], one["attempts"]) for one in listed] == [
        ("done", session.visit.session_id, person.username, 1)
    ]


def test_a_request_names_its_session_as_the_device_reported_it(network: Network) -> None:
    person = network.tenant.customer("Zoë@Café")
    session = network.login(person, framed="10.9.8.7")
    network.api.call("POST", f"/api/billing/customers/{person.id}/disconnect")
    eventually(lambda: session.is_over, True)
    _moment, request = network.router.heard[0]
    assert request is not None and request.code == DISCONNECT
    assert [(number, octets) for number, octets in request.attributes if number not in (55, 80)] == [
        (1, "Zoë@Café".encode()), (8, bytes((10, 9, 8, 7))), (44, session.visit.session_id.encode())
    ]  # fmt: skip
    assert len(request.value(80) or b"") == 16
    assert abs(int.from_bytes(request.value(55) or b"", "big") - time.time()) < 30


@pytest.mark.parametrize("statement", ["update customers set status = 'suspended' where id = :id",
                                       "update customers set expires_at = now() where id = :id"])  # fmt: skip
def test_a_change_by_sql_alone_is_in_force_on_the_line(network: Network, statement: str) -> None:
    person = network.tenant.customer()
    session = network.login(person)
    network.system.sql(statement, id=person.id)
    eventually(lambda: session.is_over, True, 3)


def test_an_activated_customer_is_not_cut_for_what_is_over(network: Network) -> None:
    network.router.faults.mute = True
    person = network.tenant.customer()
    session = network.login(person)
    network.api.call("POST", f"/api/billing/customers/{person.id}/suspend")
    eventually(lambda: len(network.router.heard) > 0, True)
    network.api.call("POST", f"/api/billing/customers/{person.id}/activate")
    network.router.faults.mute = False
    eventually(lambda: network.states(person.id), [("disconnect", "suspended", "failed", "superseded")])
    heard = len(network.router.heard)
    time.sleep(3)
    assert not session.is_over and len(network.router.heard) == heard


def test_paid_time_ends_at_its_second_also_without_session_timeout(network: Network) -> None:
    person = network.tenant.customer(expires_in=4)
    session = network.login(person)
    session.timeout = 0
    expires = network.system.sql("select expires_at from customers where id = :id", id=person.id)[0][0]
    eventually(lambda: session.is_over, True)
    late = (datetime.now(UTC) - expires).total_seconds()
    assert 0 <= late <= 1, late
    eventually(lambda: network.states(person.id), [("disconnect", "expired", "done", None)])


def test_a_cap_that_is_reached_ends_the_session(network: Network) -> None:
    network.router.honours_limits = False
    person = network.tenant.on_plan(data_limit_bytes=5 * GB)
    session = network.login(person)
    session.carry(GB, 4 * GB)
    session.interim()
    eventually(lambda: session.is_over, True, 3)
    eventually(lambda: network.states(person.id), [("disconnect", "quota_exceeded", "done", None)])


def test_a_throttled_customer_is_slow_within_the_session_and_fast_again_after_a_top_up(network: Network) -> None:
    person = network.tenant.on_plan(
        data_limit_bytes=GB, over_limit="throttle", throttle_bandwidth=Decimal("0.5"), bandwidth_limit=Decimal(20)
    )
    session = network.login(person)
    assert session.rate == "20M/20M"
    session.carry(0, GB)
    session.interim()
    eventually(lambda: session.rate, "500k/500k", 3)
    eventually(lambda: network.states(person.id), [("coa", "throttled", "sent", None)])
    session.interim()
    time.sleep(1.1)
    session.interim()
    eventually(lambda: network.states(person.id), [("coa", "throttled", "done", None)])
    network.api.call("POST", f"/api/billing/customers/{person.id}/topups", {"data_gb": 6})
    eventually(lambda: session.rate, "20M/20M", 3)
    assert not session.is_over


def test_a_plan_that_changes_is_in_force_in_open_sessions(network: Network) -> None:
    person = network.tenant.on_plan(bandwidth_limit=Decimal(10))
    session = network.login(person)
    plan = network.system.sql("select service_plan_id from customers where id = :id", id=person.id)[0][0]
    network.api.call("PATCH", f"/api/billing/plans/{plan}", {"description": "nothing on the line"})
    network.api.call("PATCH", f"/api/billing/plans/{plan}", {"bandwidth_limit": 50, "upload_limit": 5})
    eventually(lambda: session.rate, "5M/50M", 3)
    other = network.tenant.plan(bandwidth_limit=Decimal(7))
    network.api.call("PATCH", f"/api/billing/customers/{person.id}", {"service_plan_id": other})
    eventually(lambda: session.rate, "7M/7M", 3)
    pool = network.tenant.plan(bandwidth_limit=Decimal(7), address_pool="other")
    network.api.call("PATCH", f"/api/billing/customers/{person.id}", {"service_plan_id": pool})
    eventually(lambda: session.is_over, True, 3)
    assert [request.code for _, request in network.router.heard if request] == [COA, COA, DISCONNECT]


def test_a_row_of_an_operators_own_reaches_open_sessions(network: Network) -> None:
    person = network.tenant.customer()
    session = network.login(person)
    path = f"/api/billing/customers/{person.id}/attributes"
    network.api.call("POST", path, {"attribute": "Mikrotik-Rate-Limit", "op": ":=", "value": "3M/4M"})
    eventually(lambda: session.rate, "3M/4M", 3)
    network.api.call("POST", path, {"attribute": "Framed-Route", "value": "10.1.0.0/24"})
    eventually(lambda: session.is_over, True, 3)


def test_a_renewal_moves_the_end_of_the_session_and_cuts_nobody(network: Network) -> None:
    person = network.tenant.customer(expires_in=3600)
    session = network.login(person)
    assert session.timeout <= 3600
    network.api.call("POST", f"/api/billing/customers/{person.id}/renew", {"periods": 1})
    eventually(lambda: session.timeout > 86400, True, 3)
    network.router.faults.cause = 407
    network.api.call("POST", f"/api/billing/customers/{person.id}/renew", {"periods": 1})
    eventually(lambda: network.states(person.id)[1:], [("coa", "renewed", "failed", "nak")])
    assert not session.is_over


def test_a_device_that_is_switched_off_loses_its_sessions(network: Network) -> None:
    person = network.tenant.customer()
    session = network.login(person)
    network.api.call("PATCH", f"/api/devices/{network.router.device_id}", {"status": "disabled"})
    eventually(lambda: session.is_over, True, 3)
    eventually(lambda: network.asked(person.id)[0].reason, "device_removed")


def test_a_new_password_ends_what_the_old_one_opened(network: Network) -> None:
    person = network.tenant.customer()
    session = network.login(person)
    network.api.call("PATCH", f"/api/billing/customers/{person.id}", {"password": "another"})
    eventually(lambda: session.is_over, True, 3)
    eventually(lambda: network.states(person.id), [("disconnect", "password_changed", "done", None)])
    again = network.login(person._replace(password="another"))
    time.sleep(2)
    assert not again.is_over, "the newer session is nobody's business"


def test_a_customer_who_is_deleted_is_cut(network: Network) -> None:
    person = network.tenant.customer()
    session = network.login(person)
    network.api.call("DELETE", f"/api/billing/customers/{person.id}")
    eventually(lambda: session.is_over, True, 3)
    eventually(network.states, [("disconnect", "deleted", "done", None)])


def test_a_suspended_tenant_has_nobody_online(network: Network) -> None:
    people = [network.tenant.customer(f"customer{number}") for number in range(5)]
    sessions = [network.login(person, mac=f"02:00:00:00:01:0{number}") for number, person in enumerate(people)]
    network.system.sql("update isps set status = 'suspended' where id = :id", id=network.isp_id)
    eventually(lambda: all(session.is_over for session in sessions), True, 5)
    assert {one.reason for one in network.asked()} == {"isp_suspended"}


def test_the_oldest_session_leaves_where_newcomers_replace_it(network: Network) -> None:
    person = network.tenant.on_plan(simultaneous_use=2, on_too_many="replace_oldest")
    oldest, second, newest = (
        network.login(person, mac=f"02:00:00:00:00:0{number}", framed=f"10.0.0.{number}") for number in (1, 2, 3)
    )
    eventually(lambda: oldest.is_over, True, 2)
    time.sleep(1)
    assert not second.is_over and not newest.is_over
    assert {one.reason for one in network.asked(person.id)} == {"too_many_sessions"}


def test_a_session_is_ended_by_hand_and_by_itself(network: Network) -> None:
    person = network.tenant.on_plan(simultaneous_use=2)
    first, second = (network.login(person, mac=f"02:00:00:00:00:0{number}") for number in (1, 2))
    listed = network.api.call("GET", "/api/billing/sessions")["items"]
    by_id = {one["session_id"]: one["id"] for one in listed}
    made = network.api.call("POST", f"/api/billing/sessions/{by_id[first.visit.session_id]}/disconnect")["requests"]
    eventually(lambda: first.is_over, True, 3)
    eventually(lambda: [one.status for one in network.asked(person.id) if one.id in made], ["done"])
    assert not second.is_over
    assert len(made) == 1


def test_a_start_that_comes_after_the_suspension_is_cut_all_the_same(network: Network) -> None:
    """Accept, then the suspension, then the Start: the session was let in before, and must not stay."""
    person = network.tenant.customer()
    network.system.settle()
    session = network.router.login(person.username, person.password, start=False)
    assert session is not None
    network.api.call("POST", f"/api/billing/customers/{person.id}/suspend")
    time.sleep(1)
    session.start()
    eventually(lambda: session.is_over, True, 4)


def test_a_hotspot_session_gets_the_allowance_that_was_bought_by_a_new_login(network: Network) -> None:
    person = network.tenant.on_plan(data_limit_bytes=7 * GB)
    session = network.login(person, service="hotspot")
    assert session.granted == 7 * GB
    session.carry(GB, 4 * GB)
    session.interim()
    network.api.call("POST", f"/api/billing/customers/{person.id}/topups", {"data_gb": 6})
    eventually(lambda: session.is_over, True, 3)
    again = network.login(person, service="hotspot")
    assert again.granted == 8 * GB
    assert again.carry(0, 20 * GB) == 8 * GB
    assert again.is_over, "to the octet"


def test_a_session_may_not_be_cut_for_an_event_of_before_its_login(network: Network) -> None:
    person = network.tenant.customer()
    network.api.call("POST", f"/api/billing/customers/{person.id}/suspend")
    network.api.call("POST", f"/api/billing/customers/{person.id}/activate")
    session = network.login(person)
    time.sleep(2.5)
    assert not session.is_over and network.router.heard == []
    assert {state[2:] for state in network.states()} <= {("failed", "superseded")}


def test_expiry_that_is_moved_ahead_by_hand_counts(network: Network) -> None:
    person = network.tenant.customer(expires_in=3600)
    session = network.login(person)
    soon = datetime.now(UTC) + timedelta(seconds=3)
    network.api.call("PATCH", f"/api/billing/customers/{person.id}", {"expires_at": soon.isoformat()})
    session.timeout = 0
    eventually(lambda: session.is_over, True, 6)
    assert 0 <= (datetime.now(UTC) - soon).total_seconds() <= 1.2
    assert Mikrotik.RATE_LIMIT == 8
