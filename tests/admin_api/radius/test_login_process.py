"""RADIUS over HTTP and `explain` beside a FreeRADIUS that runs: the same rules, slots, delays and counters for both."""

from __future__ import annotations

import socket
import threading
import time
from dataclasses import replace
from pathlib import Path

import pytest
from apiflask import APIFlask
from sqlalchemy import text

from radius_module.ipc import question
from tests.radius_client import AcctStatus, Growth
from tests.support.caller import Answer
from tests.support.portal import AUTH, MACS, Portal, login_socket
from tests.wire.system import System
from tests.wire.tenant import Person, Tenant
from tests.wire.test_accounting import Session, eventually


@pytest.fixture
def tenant(wire_tenant: Tenant) -> Tenant:
    """In the installation whose FreeRADIUS runs."""
    return wire_tenant


def test_a_place_taken_over_http_is_taken_on_the_wire_and_the_other_way_round(portal: Portal, tenant: Tenant) -> None:
    ann, bob = tenant.on_plan("ann", simultaneous_use=1), tenant.on_plan("bob", simultaneous_use=1)
    assert portal.login(ann, MACS[0]).status == 200
    assert not tenant.login(ann, mac=MACS[1]).accepted
    assert portal.login(ann, MACS[1]).code == "too_many_sessions"
    assert tenant.login(bob, mac=MACS[0]).accepted
    assert portal.login(bob, MACS[1]).code == "too_many_sessions"
    assert portal.login(bob, MACS[0]).status == 200
    assert tenant.codes(6).count("too_many_sessions") == 3


def test_explain_sees_places_that_wait_for_their_start_and_takes_none(portal: Portal, tenant: Tenant) -> None:
    ann = tenant.on_plan("ann", simultaneous_use=1)
    for mac in (*MACS, *MACS):
        assert portal.explain(ann, mac)["code"] == "accept"
    assert tenant.login(ann, mac=MACS[0]).accepted
    explanation = portal.explain(ann, MACS[1])
    assert explanation["code"] == "too_many_sessions"
    assert explanation["rules"][-2] == {
        "code": "too_many_sessions",
        "passed": False,
        "text": "All slots are taken by other devices: online 1, allowed 1.",
        "facts": {"online": 1, "allowed": 1},
    }
    assert portal.explain(ann, MACS[0])["code"] == "accept"
    assert tenant.codes(1) == ["accept"]


def test_octets_that_are_not_booked_yet_count(portal: Portal, tenant: Tenant, system: System) -> None:
    """While nothing can be booked, as in a storm or behind a lock."""
    ann = tenant.on_plan("ann", data_limit_bytes=1000)
    klass = tenant.login(ann, mac=MACS[0]).klass
    session = Session(tenant.router, "ann", "80f00001", klass, mac=MACS[0])
    assert session.send(AcctStatus.START)
    with system.owner.begin() as connection:
        connection.exec_driver_sql("lock table usage in share row exclusive mode")
        assert session.send(AcctStatus.INTERIM_UPDATE, Growth(seconds=9, octets_in=400, octets_out=600))
        assert not connection.execute(text("select 1 from usage where customer_id = :id"), {"id": ann.id}).all()
        explanation = portal.explain(ann, MACS[0])
        assert (explanation["code"], portal.login(ann, MACS[0]).code) == ("quota_exceeded", "quota_exceeded")
    assert (
        next(rule["facts"]["used_bytes"] for rule in explanation["rules"] if rule["code"] == "quota_exceeded") == 1000
    )


def test_guesses_are_braked_together_and_a_right_password_never_is(portal: Portal, tenant: Tenant) -> None:
    ann = tenant.customer("ann")
    for _ in range(3):
        assert not tenant.login(ann, "wrong").accepted
    for _ in range(2):
        assert portal.login(ann, password="wrong").code == "bad_password"
    begun = time.monotonic()
    assert portal.login(ann, password="wrong").code == "bad_password"
    assert 0.9 < time.monotonic() - begun < 1.9
    begun = time.monotonic()
    assert portal.login(ann).status == 200
    assert time.monotonic() - begun < 0.5


def test_who_guesses_leaves_room_for_others(portal: Portal, tenant: Tenant) -> None:
    """Of a process' threads two wait at most; whoever finds no seat is told how long to wait."""
    ann = tenant.customer("ann")
    for _ in range(5):
        portal.login(ann, password="wrong")
    answers: list[Answer] = []
    guesses = [threading.Thread(target=lambda: answers.append(portal.login(ann, password="wrong"))) for _ in range(4)]
    begun = time.monotonic()
    for guess in guesses:
        guess.start()
    for guess in guesses:
        guess.join()
    assert [answer.code for answer in answers] == ["bad_password"] * 4 and time.monotonic() - begun < 5
    assert len([answer for answer in answers if "Retry-After" in answer.headers]) == 2


def test_what_was_committed_before_is_in_force(portal: Portal, tenant: Tenant) -> None:
    """However quickly one request follows the other."""
    caller = portal.caller
    plan = caller.post("/api/billing/plans", {"name": "p", "bandwidth_limit": 1}).data["id"]
    for number in range(8):
        body = {"username": f"new{number}", "password": "first", "service_plan_id": plan}
        customer = Person(caller.post("/api/billing/customers", body).data["id"], body["username"], "first")
        assert portal.login(customer).status == 200
        address = f"/api/billing/customers/{customer.id}"
        caller.patch(address, {"password": "second"})
        assert portal.login(customer).code == "bad_password"
        caller.post(f"{address}/suspend")
        assert portal.login(customer, password="second").code == "suspended"
        assert portal.explain(customer, "")["code"] == "suspended"


def test_who_names_no_station_has_one_slot_at_a_device(portal: Portal, tenant: Tenant) -> None:
    ann = tenant.on_plan("ann", simultaneous_use=1)
    assert [portal.login(ann).status for _ in range(3)] == [200] * 3
    assert portal.login(ann, MACS[0]).code == "too_many_sessions"
    assert portal.report(ann, "Start", "s1").status == 200
    assert portal.login(ann).status == 200, "the session's slot is the one that the next such login takes over"
    assert portal.login(ann, MACS[0]).code == "too_many_sessions"
    assert portal.report(ann, "Start", "s2").status == 200
    assert portal.report(ann, "Stop", "s1", 5, 6).status == 200
    assert portal.report(ann, "Stop", "s2", 5, 6).status == 200
    assert portal.login(ann, MACS[0]).status == 200


def test_a_report_over_http_keeps_a_place_and_moves_it(portal: Portal, tenant: Tenant, system: System) -> None:
    ann = tenant.on_plan("ann", simultaneous_use=1, data_limit_bytes=1000)
    assert portal.login(ann, MACS[0]).status == 200
    assert portal.report(ann, "Start", "s1", mac=MACS[0]).status == 200
    assert not tenant.login(ann, mac=MACS[1]).accepted
    assert portal.report(ann, "Start", "s2", 0, 0, MACS[0]).status == 200
    taken_over = f"select acctterminatecause from radacct where customer_id = {ann.id} and acctsessionid = 's1'"  # noqa: S608
    eventually(lambda: system.sql(taken_over), [("Session-Taken-Over",)], 20)
    assert portal.report(ann, "Stop", "s2", 400, 500, MACS[0]).status == 200
    assert portal.explain(ann, MACS[1])["code"] == "accept"
    shown = next(rule["facts"] for rule in portal.explain(ann, "")["rules"] if rule["code"] == "quota_exceeded")
    assert shown["used_bytes"] == 900, "neither twice, from memory and from the books, nor not at all"
    assert portal.report(ann, "Stop", "s2", 400, 600, MACS[0]).status == 200
    assert portal.login(ann, MACS[1]).code == "quota_exceeded"


def test_a_device_that_counts_the_other_way_round_is_put_right(portal: Portal, tenant: Tenant, system: System) -> None:
    ann, bob = tenant.customer("ann"), tenant.customer("bob")
    tenant.set_device("octets_reversed = true")
    assert portal.report(ann, "Interim-Update", "s1", 7, 8).status == 200
    wire = Session(tenant.router, "bob", "80f00001", mac=MACS[0])
    assert wire.send(AcctStatus.INTERIM_UPDATE, Growth(octets_in=7, octets_out=8))
    for person in (ann, bob):
        octets = f"select acctinputoctets, acctoutputoctets from radacct where customer_id = {person.id}"  # noqa: S608
        eventually(lambda octets=octets: system.sql(octets), [(8, 7)])


def test_a_device_that_is_switched_off_reports_nothing(portal: Portal, tenant: Tenant) -> None:
    ann = tenant.customer("ann")
    tenant.set_device("status = 'disabled'")
    answers = [portal.report(ann, "Start", "s1"), portal.login(ann)]
    assert [(answer.status, answer.code) for answer in answers] == [(403, "unknown_device")] * 2


def test_results_are_recorded_as_those_of_the_wire(portal: Portal, tenant: Tenant) -> None:
    ann, address, device = tenant.customer("ann"), tenant.router.address, tenant.router.device_id
    portal.login(ann, MACS[0])
    portal.login(ann, MACS[0], password="wrong")
    portal.login(ann, MACS[0], nas_ip="127.0.0.2")
    portal.login(ann, MACS[0], username="nobody")
    rows = [(row.username, row.code, row.customer_id, row.device_id, row.nas_address) for row in tenant.results(4)]
    assert rows == [
        ("ann", "accept", ann.id, device, address), ("ann", "bad_password", ann.id, device, address),
        ("ann", "unknown_device", ann.id, None, "127.0.0.2"), ("nobody", "unknown_customer", None, device, address),
    ]  # fmt: skip


def test_another_tenants_device_and_customers_are_unknown(portal: Portal, tenant: Tenant, system: System) -> None:
    other = Tenant(system)
    ann, eve = tenant.customer("ann"), other.customer("eve")
    assert portal.login(ann, nas_ip=other.router.address).code == "unknown_device"
    assert portal.login(eve).code == "unknown_customer"
    assert [row.device_id for row in tenant.results(2)] == [None, tenant.router.device_id]
    path = login_socket(system)
    fields: dict[str, object] = {"isp_id": tenant.isp_id, "mac": "", "device_id": None}
    assert question.ask(path, "explain", None, fields | {"customer_id": eve.id}) is None
    strange = {"customer_id": ann.id, "device_id": other.router.device_id}
    assert question.ask(path, "explain", None, fields | strange) is None


def test_a_refusal_is_not_kept_for_its_idempotency_key(portal: Portal, tenant: Tenant) -> None:
    ann, key = tenant.customer("ann"), {"Idempotency-Key": "login-1"}
    body = {"username": "ann", "password": "wrong", "nas_ip": tenant.router.address}
    for _ in range(2):
        assert portal.caller.post(AUTH, body, key).code == "bad_password"
    answers = [portal.caller.post(AUTH, body | {"password": ann.password}, key) for _ in range(2)]
    assert answers[0].status == 200 and answers[0].body == answers[1].body
    assert tenant.codes(3).count("accept") == 1


def test_without_the_login_process_the_database_decides(
    running_app: APIFlask, portal: Portal, tenant: Tenant, tmp_path: Path
) -> None:
    """No socket, a socket that nobody serves, and one that never answers."""
    deaf = socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET)
    deaf.bind(str(tmp_path / "ask.sock"))
    ann, parts = tenant.customer("ann"), running_app.extensions["infora"]
    for directory in (tmp_path / "none", tmp_path, tmp_path):
        running_app.extensions["infora"] = replace(parts, settings=replace(parts.settings, socket_dir=directory))
        try:
            begun = time.monotonic()
            assert portal.explain(ann, MACS[0])["code"] == "accept"
            assert time.monotonic() - begun < 1.5
            if directory != tmp_path:
                assert portal.login(ann, MACS[0]).status == 200
                assert portal.login(ann, MACS[0], password="wrong").code == "bad_password"
        finally:
            running_app.extensions["infora"] = parts
        deaf.listen()
    deaf.close()
