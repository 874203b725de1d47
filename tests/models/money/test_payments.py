"""Payments by hand: what came in is credit, pays the oldest first, and goes back only as far as it came."""

from __future__ import annotations

from datetime import timedelta

import pytest
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError

from models.audit_trail import Actor, act_as
from models.money import drawers, payments, receivables
from models.refusals import Refused
from tests.support.money_world import NOON, MoneyWorld


def standing(world: MoneyWorld) -> receivables.Standing:
    return receivables.standing(world.session, world.isp, world.customer.id, world.now)


def test_money_pays_the_oldest_first_and_the_rest_stays_credit(world: MoneyWorld) -> None:
    first, second = world.charge(1000), world.charge(700)
    payment = world.pay(1200)
    assert [(row.charge_id, row.total, row.open) for row in standing(world).open_charges] == [(second.id, 700, 500)]
    paid = receivables.allocations(world.session, world.isp.id, [world.customer.id])
    assert paid == {payment.id: [(first.id, 1000), (second.id, 200)]}
    more = world.pay(900)
    paid = receivables.allocations(world.session, world.isp.id, [world.customer.id])
    assert (paid[more.id], world.credit, standing(world).open_charges) == ([(second.id, 500)], 400, [])
    third = world.charge(300)
    paid = receivables.allocations(world.session, world.isp.id, [world.customer.id])
    assert paid[more.id] == [(second.id, 500), (third.id, 300)]


def test_what_is_open_is_overdue_after_its_days(world: MoneyWorld) -> None:
    world.charge(1000)
    assert standing(world).overdue == 0
    world.now = NOON + timedelta(days=1)
    assert (standing(world).overdue, standing(world).overdue_since) == (1000, NOON.date())
    world.pay(999)
    assert standing(world).overdue == 1


def test_a_reference_is_one_payment_for_ever(world: MoneyWorld) -> None:
    first = world.pay(500, "bank", "R1")
    assert world.pay(500, "bank", "R1").id == first.id
    assert world.credit == 500
    with pytest.raises(Refused, match="reference"):
        world.pay(501, "bank", "R1")
    world.pay(500, "other", "R1")
    payments.reverse(world.session, world.isp, first, "typed twice", world.now)
    assert world.pay(500, "bank", "R1").state == "reversed"
    assert (world.credit, world.verify()) == (500, [])


def test_nothing_vanishes_from_suspense(world: MoneyWorld) -> None:
    lost = world.pay(800, customer_id=None, pay_reference="99999")
    assert (world.balance("suspense"), world.credit) == (800, 0)
    payments.assign(world.session, world.isp, lost, world.customer.id, world.now)
    assert (world.balance("suspense"), world.credit, world.verify()) == (0, 800, [])
    with pytest.raises(Refused, match="suspense"):
        payments.assign(world.session, world.isp, lost, world.customer.id, world.now)
    payments.reverse(world.session, world.isp, lost, "not ours", world.now)
    assert (world.balance("suspense"), world.balance("clearing:bank"), world.verify()) == (0, 0, [])


def test_a_reversal_opens_what_was_paid(world: MoneyWorld) -> None:
    charge = world.charge(1000)
    payment = world.pay(1000)
    payments.reverse(world.session, world.isp, payment, "cheque bounced", world.now)
    assert [(row.charge_id, row.open) for row in standing(world).open_charges] == [(charge.id, 1000)]
    with pytest.raises(Refused):
        payments.reverse(world.session, world.isp, payment, "again", world.now)
    assert world.verify() == []


def test_refunds_never_exceed_what_was_received_nor_what_is_left(world: MoneyWorld) -> None:
    payment = world.pay(1000)
    world.charge(300)
    with pytest.raises(Refused, match="used this money"):
        payments.refund(world.session, world.isp, payment, 701, "moved", world.now)
    payments.refund(world.session, world.isp, payment, 700, "moved", world.now)
    world.pay(5000)
    with pytest.raises(Refused, match="cannot exceed"):
        payments.refund(world.session, world.isp, payment, 301, "moved", world.now)
    with pytest.raises(Refused, match="given back"):
        payments.reverse(world.session, world.isp, payment, "no", world.now)
    assert (world.credit, world.verify()) == (5000, [])


@pytest.mark.parametrize(("counted", "lost"), [(1500, 0), (1400, 100), (1600, -100), (0, 1500)])
def test_a_drawer_is_closed_by_count_and_says_what_is_missing(world: MoneyWorld, counted: int, lost: int) -> None:
    act_as(world.session, Actor("carol"))
    world.pay(1000, "cash")
    world.pay(500, "cash")
    drawer = drawers.open_drawer(world.session, world.isp, world.now)
    assert (drawer.operator, drawers.held(world.session, drawer)) == ("carol", 1500)
    drawers.close(world.session, world.isp, drawer, counted, None, world.now)
    assert (drawer.expected, drawer.counted) == (1500, counted)
    assert (world.balance("clearing:cash"), world.balance("write_off")) == (-counted, -lost)
    assert drawers.held(world.session, drawer) == 0
    with pytest.raises(Refused):
        drawers.close(world.session, world.isp, drawer, 0, None, world.now)
    assert drawers.open_drawer(world.session, world.isp, world.now).id != drawer.id
    assert world.verify() == []


def test_cash_that_is_taken_back_leaves_from_where_it_lies(world: MoneyWorld) -> None:
    act_as(world.session, Actor("carol"))
    payment = world.pay(1000, "cash")
    drawer = drawers.open_drawer(world.session, world.isp, world.now)
    drawers.close(world.session, world.isp, drawer, 1000, None, world.now)
    payments.reverse(world.session, world.isp, payment, "false notes", world.now)
    assert (world.balance("clearing:cash"), drawers.held(world.session, drawer), world.verify()) == (0, 0, [])


def test_each_operator_has_a_drawer(world: MoneyWorld) -> None:
    held = {}
    for name, amount in (("carol", 100), ("dan", 200)):
        act_as(world.session, Actor(name))
        world.pay(amount, "cash")
        held[name] = drawers.held(world.session, drawers.open_drawer(world.session, world.isp, world.now))
    assert held == {"carol": 100, "dan": 200}


@pytest.mark.parametrize(
    "change",
    ["amount = 1", "state = 'pending'", "method = 'other'", "customer_id = null", "received_at = now()", "note = 'x'"],
)
def test_a_payment_is_not_changed_in_sql_either(world: MoneyWorld, change: str) -> None:
    payment = world.pay(500)
    with pytest.raises(DBAPIError, match="not changed"):
        world.session.execute(text(f"update payments set {change} where id = :id"), {"id": payment.id})  # noqa: S608
