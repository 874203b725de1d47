"""Slots of clients that name no station, or none by a MAC address; and plans that let the newest in."""

from __future__ import annotations

import time

import pytest

from tests.radius_client import AcctStatus, Growth
from tests.wire.router import PROTOCOLS, proof
from tests.wire.tenant import PASSWORD, Tenant
from tests.wire.test_accounting import Session, eventually

MACS = [f"02:00:00:00:00:{number:02X}" for number in range(10, 20)]
GB = 10**9


@pytest.mark.parametrize("protocol", PROTOCOLS)
def test_logins_without_a_station_are_one_however_many_there_are(tenant: Tenant, protocol: str) -> None:
    """radtest, PAM, a proxy server: the same customer asks again and again."""
    john = tenant.on_plan(simultaneous_use=1)
    for _ in range(4):
        assert tenant.login(john, proof(protocol, "john", PASSWORD), mac="").accepted
    assert not tenant.login(john, mac=MACS[0]).accepted


def test_at_another_device_it_is_another_slot(tenant: Tenant) -> None:
    tenant.on_plan(simultaneous_use=2)
    first, second, third = tenant.router, tenant.add_router(), tenant.add_router()
    for router, accepted in ((first, True), (second, True), (third, False), (first, True), (second, True)):
        assert router.login("john", PASSWORD, mac="").accepted is accepted


def test_a_session_without_a_station_is_taken_over_by_the_next_login_there(tenant: Tenant) -> None:
    john = tenant.on_plan(simultaneous_use=1)
    session = Session(tenant.router, "john", "80f00001", tenant.login(john, mac="").klass, mac="")
    assert session.send(AcctStatus.START)
    assert tenant.login(john, mac="").accepted
    assert not tenant.login(john, mac=MACS[0]).accepted
    other = tenant.add_router()
    assert not other.login("john", PASSWORD, mac="").accepted
    assert session.send(AcctStatus.STOP, Growth(seconds=9))
    again = Session(tenant.router, "john", "80f00002", tenant.login(john, mac="").klass, mac="")
    assert again.send(AcctStatus.START)
    assert again.send(AcctStatus.STOP, Growth(seconds=9))
    assert other.login("john", PASSWORD, mac="").accepted, "a Start keeps the slot, a Stop gives it back"


def test_a_mac_address_takes_no_slot_of_an_unnamed_login_and_the_other_way_round(tenant: Tenant) -> None:
    john = tenant.on_plan(simultaneous_use=2)
    assert tenant.login(john, mac="").accepted
    assert tenant.login(john, mac=MACS[0]).accepted
    assert not tenant.login(john, mac=MACS[1]).accepted
    assert tenant.login(john, mac="").accepted
    assert tenant.login(john, mac=MACS[0]).accepted


@pytest.mark.parametrize("station", ["192.0.2.7", "192.0.2.7[4500]", "user@host", "zz-zz-zz-zz-zz-zz", "2001:db8::7"])
def test_text_that_is_no_mac_address_takes_over_nothing(tenant: Tenant, station: str) -> None:
    """L2TP clients behind one address are several; strongSwan's `address[port]` is another one each time."""
    john = tenant.on_plan(simultaneous_use=2)
    first = tenant.login(john, mac=station)
    assert first.accepted and tenant.login(john, mac=station).accepted
    assert not tenant.login(john, mac=station).accepted
    session = Session(tenant.router, "john", "80f00001", first.klass, mac=station)
    assert session.send(AcctStatus.START), "its Start takes no second slot"
    assert not tenant.login(john, mac=station).accepted
    assert session.send(AcctStatus.STOP, Growth(seconds=9))
    assert tenant.login(john, mac=station).accepted


def test_sessions_of_one_address_do_not_end_each_other(tenant: Tenant) -> None:
    john = tenant.on_plan(simultaneous_use=2)
    for number in range(2):
        klass = tenant.login(john, mac="192.0.2.7").klass
        assert Session(tenant.router, "john", f"80f0000{number}", klass, mac="192.0.2.7").send(AcctStatus.START)
    stops = "select acctstoptime from radacct where customer_id = :id"
    eventually(lambda: len(tenant.system.sql(stops, id=john.id)), 2)
    time.sleep(1.5)  # longer than the end of the first would take into the books
    assert tenant.system.sql(stops, id=john.id) == [(None,), (None,)]


def test_a_start_without_our_class_takes_no_second_slot(tenant: Tenant) -> None:
    john = tenant.on_plan(simultaneous_use=2)
    assert tenant.login(john, mac="192.0.2.7").accepted
    assert Session(tenant.router, "john", "80f00001", None, mac="192.0.2.7").send(AcctStatus.START)
    assert tenant.login(john, mac="192.0.2.8").accepted
    assert not tenant.login(john, mac="192.0.2.9").accepted


def test_the_newest_is_let_in_with_what_is_left_for_all(tenant: Tenant) -> None:
    john = tenant.on_plan(simultaneous_use=1, on_too_many="replace_oldest", data_limit_bytes=5 * GB)
    used = 0
    for number, mac in enumerate(MACS[:3]):
        answer = tenant.login(john, mac=mac)
        assert answer.accepted and answer.limit == 5 * GB - used
        session = Session(tenant.router, "john", f"80f0000{number}", answer.klass, mac=mac)
        assert session.send(AcctStatus.START)
        assert session.send(AcctStatus.INTERIM_UPDATE, Growth(seconds=60, octets_in=GB // 2, octets_out=GB // 2))
        used += GB
    for _ in range(2):
        assert tenant.login(john, mac=MACS[5]).limit == 2 * GB


def test_with_nothing_left_the_newest_is_refused_for_that(tenant: Tenant) -> None:
    john = tenant.on_plan(simultaneous_use=1, on_too_many="replace_oldest", data_limit_bytes=GB)
    answer = tenant.login(john, mac=MACS[0])
    session = Session(tenant.router, "john", "80f00001", answer.klass, mac=MACS[0])
    assert session.send(AcctStatus.START)
    assert session.send(AcctStatus.INTERIM_UPDATE, Growth(seconds=60, octets_in=GB, octets_out=0))
    assert not tenant.login(john, mac=MACS[1]).accepted
    assert tenant.codes(2) == ["accept", "quota_exceeded"]
