"""Whose a session is, on the wire: what the server granted decides, whatever the customer is called since."""

from __future__ import annotations

from tests.radius_client import Growth
from tests.wire.system import System
from tests.wire.tenant import Tenant
from tests.wire.test_accounting import INTERIM, START, STOP, Session, booked, eventually, usage

MEGA = 10**6


def rename(system: System, customer_id: int, username: str) -> None:
    system.sql("update customers set username = :name where id = :id returning id", name=username, id=customer_id)
    system.settle()


def test_a_customer_who_is_renamed_while_online_is_billed_and_the_newcomer_is_not(
    system: System, tenant: Tenant
) -> None:
    ann = tenant.on_plan(simultaneous_use=1)
    answer = tenant.router.login(ann.username, ann.password)
    session = Session(tenant.router, ann.username, "80f00001", answer.klass)
    assert session.send(START)
    assert session.send(INTERIM, Growth(60, 4 * MEGA, 0))
    rename(system, ann.id, f"{ann.username}-2")
    newcomer = tenant.customer(username=ann.username)
    assert session.send(INTERIM, Growth(120, 9 * MEGA, 0))
    eventually(lambda: usage(system, ann.id), [(9 * MEGA, 0)])
    assert usage(system, newcomer.id) == []
    # The slot is theirs too: nobody else gets in under the new name, and the newcomer does.
    assert not tenant.router.login(f"{ann.username}-2", ann.password, mac="02:00:00:00:00:99").accepted
    assert tenant.router.login(newcomer.username, newcomer.password, mac="02:00:00:00:00:98").accepted


def test_a_rename_between_accept_and_start_leaves_the_session_with_whom_it_was_granted_to(
    system: System, tenant: Tenant
) -> None:
    ann = tenant.customer()
    klass = tenant.router.login(ann.username, ann.password).klass
    rename(system, ann.id, f"{ann.username}-2")
    newcomer = tenant.customer(username=ann.username)
    session = Session(tenant.router, ann.username, "80f00001", klass)
    assert session.send(START)
    assert session.send(STOP, Growth(60, 5 * MEGA, 1))
    eventually(lambda: usage(system, ann.id), [(5 * MEGA, 1)])
    assert usage(system, newcomer.id) == []


def test_two_users_of_one_id_without_a_class_have_a_session_each(system: System, tenant: Tenant) -> None:
    ann, bob = tenant.customer("ann"), tenant.customer("bob")
    for customer, octets in ((ann, 5), (bob, 6)):
        session = Session(tenant.router, customer.username, "80f00001", mac=f"02:00:00:00:00:0{octets}")
        assert session.send(INTERIM, Growth(60, octets * MEGA, 0))
    eventually(lambda: (usage(system, ann.id), usage(system, bob.id)), ([(5 * MEGA, 0)], [(6 * MEGA, 0)]))
    assert len(booked(system, tenant.isp_id, "1")) == 2


def test_a_class_that_changes_within_a_session_makes_no_other(system: System, tenant: Tenant) -> None:
    ann = tenant.customer()
    session = Session(tenant.router, ann.username, "80f00001")
    for step, status in enumerate((START, INTERIM, INTERIM, STOP)):
        session.klass = tenant.router.login(ann.username, ann.password).klass
        assert session.send(status, Growth(60 * step, 3 * MEGA * step, 0))
    eventually(lambda: usage(system, ann.id), [(9 * MEGA, 0)])
    eventually(lambda: booked(system, tenant.isp_id, "acctinputoctets, acctstoptime is null"), [(9 * MEGA, False)])
