"""Devices that lose, refuse, are silent, lie and are late: every request ends right, or fails with its reason."""

from __future__ import annotations

import time
from decimal import Decimal

import pytest

from radius_module.enforce.wire.ladder import SETTLING
from tests.network.world import Network, eventually
from tests.radius_client.dynamic import DISCONNECT, DISCONNECT_ACK

GB = 10**9


def suspend(network: Network, person: object) -> None:
    network.api.call("POST", f"/api/billing/customers/{person.id}/suspend")  # type: ignore[attr-defined]


@pytest.mark.parametrize("count", [3, pytest.param(16, marks=pytest.mark.long)])
def test_half_of_everything_is_lost(network: Network, count: int) -> None:
    people = [network.tenant.customer(f"customer{number}") for number in range(count)]
    sessions = [network.login(person, mac=f"02:00:00:00:01:{number:02x}") for number, person in enumerate(people)]
    network.router.faults.loss = 0.5
    for person in people:
        suspend(network, person)
    eventually(lambda: [session.is_over for session in sessions], [True] * count, 180)
    eventually(lambda: {one.status for one in network.asked()}, {"done"}, 40)
    assert network.router.dropped > 0


def test_a_lost_acknowledgement_is_not_missed_where_accounting_speaks(network: Network) -> None:
    """What is sent again is refused, as there is no such session any more; the Stop decides."""
    person = network.tenant.customer()
    session = network.login(person)
    network.router.faults.answers_from = "127.0.0.9"
    suspend(network, person)
    eventually(lambda: session.is_over, True)
    eventually(lambda: network.states(person.id), [("disconnect", "suspended", "done", None)])
    assert network.router.answered[DISCONNECT_ACK] == 1


@pytest.mark.parametrize(("cause", "kept"), [(501, 501), (403, 403)])
def test_a_refusal_is_shown_with_its_cause(network: Network, cause: int, kept: int) -> None:
    network.router.faults.cause = cause
    person = network.tenant.customer()
    session = network.login(person)
    suspend(network, person)
    eventually(lambda: network.states(person.id), [("disconnect", "suspended", "failed", "nak")])
    assert network.asked(person.id)[0].cause == kept
    assert not session.is_over
    assert len(network.router.heard) == 1, "a clear refusal is not asked again"


@pytest.mark.parametrize("cause", [503, 0])
def test_a_session_that_the_device_does_not_know_is_named_in_every_way_before_it_is_given_up(
    network: Network, cause: int
) -> None:
    network.router.faults.cause = cause
    person = network.tenant.customer()
    network.login(person)
    suspend(network, person)
    eventually(lambda: network.states(person.id), [("disconnect", "suspended", "pending", "session_unknown")])
    said = [[number for number, _ in request.attributes if number not in (55, 80)]
            for _, request in network.router.heard if request]  # fmt: skip
    assert said == [[1, 8, 44], [44], [31]]
    # The Stop may be on its way: it is waited for, which this test does not.
    waits = "select date_part('epoch', next_attempt_at - now()) from outbox where customer_id = :id and session_id > ''"
    [(seconds,)] = network.system.sql(waits, id=person.id)
    assert SETTLING - 5 < seconds <= SETTLING
    network.system.sql("update outbox set next_attempt_at = now() where customer_id = :id", id=person.id)
    eventually(lambda: network.states(person.id), [("disconnect", "suspended", "failed", "session_unknown")])
    assert len(network.router.heard) == len(said), "and the device is not asked again"


def test_an_address_that_is_not_wanted_is_left_out_and_that_is_remembered(network: Network) -> None:
    network.router.faults.cause = 401
    person = network.tenant.customer()
    session = network.login(person)
    suspend(network, person)
    eventually(lambda: len(network.router.heard), 2)
    said = [[number for number, _ in request.attributes if number not in (55, 80)]
            for _, request in network.router.heard if request]  # fmt: skip
    assert said == [[1, 8, 44], [1, 44]]
    eventually(lambda: network.states(person.id), [("disconnect", "suspended", "failed", "nak")])
    network.router.faults.cause = None
    network.api.call("POST", f"/api/network/requests/{network.asked(person.id)[0].id}/retry")
    eventually(lambda: session.is_over, True)


def test_silence_is_shown_at_once_and_asked_again_until_the_device_speaks(network: Network) -> None:
    network.router.faults.mute = True
    person = network.tenant.customer()
    session = network.login(person)
    suspend(network, person)
    eventually(lambda: network.states(person.id), [("disconnect", "suspended", "pending", "no_answer")])
    eventually(lambda: network.asked(person.id)[0].attempts >= 3, True, 12)
    network.router.faults.mute = False
    eventually(lambda: session.is_over, True, 12)
    eventually(lambda: network.states(person.id), [("disconnect", "suspended", "done", None)])


def test_silence_has_an_end(network: Network) -> None:
    network.router.faults.mute = True
    person = network.tenant.customer()
    network.login(person)
    suspend(network, person)
    eventually(lambda: network.states(person.id), [("disconnect", "suspended", "pending", "no_answer")])
    network.system.sql("update outbox set give_up_at = now() where customer_id = :id", id=person.id)
    eventually(lambda: network.states(person.id), [("disconnect", "suspended", "failed", "no_answer")], 12)


def test_a_device_that_says_yes_and_does_nothing_is_found_out(network: Network) -> None:
    network.router.faults.lies = True
    person = network.tenant.customer()
    session = network.login(person)
    suspend(network, person)
    eventually(lambda: network.states(person.id), [("disconnect", "suspended", "sent", None)])
    time.sleep(2.2)
    session.carry(1, 1)
    session.interim()
    eventually(lambda: network.states(person.id), [("disconnect", "suspended", "failed", "no_effect")])
    shown = network.api.call("GET", f"/api/devices/{network.router.device_id}")["coa"]
    assert [(one["service"], one["without_effect"]) for one in shown] == [("ppp", 1)]


def test_a_rate_that_was_only_said_to_be_set_is_found_out_and_the_session_cut(network: Network) -> None:
    person = network.tenant.on_plan(
        data_limit_bytes=GB, over_limit="throttle", throttle_bandwidth=Decimal("0.5"), bandwidth_limit=Decimal(20)
    )
    session = network.login(person)
    network.router.faults.lies = True
    session.carry(0, GB)
    session.interim()
    eventually(lambda: network.states(person.id), [("coa", "throttled", "sent", None)])
    time.sleep(1.1)
    session.carry(0, 100_000_000)
    network.router.faults.lies = False
    session.interim()
    eventually(lambda: session.is_over, True)
    eventually(lambda: network.states(person.id), [("coa", "throttled", "failed", "no_effect"),
                                                   ("disconnect", "throttled", "done", None)])  # fmt: skip


def test_what_a_device_cannot_change_is_brought_by_a_new_login_and_remembered(network: Network) -> None:
    """406 is ambiguous; that the Disconnect in its place is obeyed shows what it was about."""
    person = network.tenant.on_plan(bandwidth_limit=Decimal(10))
    mac = "02:00:00:00:00:01"
    by_mac = network.tenant.customer(mac, mac, plan=network.system.sql(
        "select service_plan_id from customers where id = :id", id=person.id)[0][0])  # fmt: skip
    session = network.login(by_mac, mac=mac, service="hotspot")
    other = network.tenant.plan(bandwidth_limit=Decimal(7))
    network.api.call("PATCH", f"/api/billing/customers/{by_mac.id}", {"service_plan_id": other})
    eventually(lambda: session.is_over, True)
    eventually(lambda: network.states(by_mac.id), [("coa", "plan_changed", "failed", "nak"),
                                                   ("disconnect", "plan_changed", "done", None)])  # fmt: skip
    again = network.login(by_mac, mac=mac, service="hotspot")
    network.api.call("PATCH", f"/api/billing/plans/{other}", {"bandwidth_limit": 9})
    eventually(lambda: again.is_over, True)
    assert network.states(by_mac.id)[-1][:2] == ("disconnect", "plan_changed"), "it need not be tried again"


def test_a_late_answer_is_not_believed_but_the_stop_is(network: Network) -> None:
    network.router.faults.delay = 2.5
    person = network.tenant.customer()
    session = network.login(person)
    suspend(network, person)
    eventually(lambda: session.is_over, True)
    eventually(lambda: network.states(person.id), [("disconnect", "suspended", "done", None)])


@pytest.mark.parametrize("fault", ["forges", "answers_from"])
def test_answers_that_prove_nothing_are_named_so(network: Network, fault: str) -> None:
    setattr(network.router.faults, fault, "127.0.0.9" if fault == "answers_from" else True)
    network.router.faults.lies = True
    person = network.tenant.customer()
    network.login(person)
    suspend(network, person)
    eventually(lambda: network.states(person.id), [("disconnect", "suspended", "pending", "bad_reply")])


@pytest.mark.parametrize("address", ["127.0.0.2", "169.254.169.254", "10.1.2.3"])
def test_nothing_is_sent_to_an_address_that_is_no_devices(network: Network, address: str) -> None:
    person = network.tenant.customer()
    network.login(person)
    network.system.sql("update radacct set nasipaddress = cast(:address as inet) where customer_id = :id",
                       address=address, id=person.id)  # fmt: skip
    suspend(network, person)
    eventually(lambda: network.states(person.id), [("disconnect", "suspended", "failed", "refused_address")])
    assert network.router.heard == []


def test_one_silent_device_delays_nobody_elses(network: Network) -> None:
    silent = network.add_router()
    silent.faults.mute = True
    people = [network.tenant.customer(f"customer{number}") for number in range(6)]
    network.system.settle()
    for number, person in enumerate(people[:5]):
        assert silent.login(person.username, person.password, mac=f"02:00:00:00:02:{number:02x}") is not None
    session = network.login(people[5])
    eventually(network.online, 6)
    for person in people:
        suspend(network, person)
    eventually(lambda: session.is_over, True, 2)
    assert all(request is None or request.code == DISCONNECT for _, request in silent.heard)
