"""Renewals, changes of plan, ends before the end: what they cost, to the cent."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from models import Charge, Outbox, Subscription
from models.money import charges, periods, receivables
from models.money.periods import Terms
from models.money.purchases import auto_renewal, plan_change, taken_back
from models.money.purchases.quote import quote
from models.money.purchases.renewal import renew, top_up
from models.money.purchases.sale import Pay
from models.refusals import Invalid, Refused
from tests.support.money_world import NOON, MoneyWorld


def test_a_renewal_is_owed_with_its_tax(session: Session) -> None:
    world = MoneyWorld(session, tax_rate=Decimal(16))
    [charge] = world.subscribe(world.plan(1999))
    assert (charge.net, charge.tax, charge.kind) == (1999, 320, "period")
    assert (world.credit, world.balance("tax:S:16000")) == (-2319, 320)
    assert world.verify() == []


def test_an_inclusive_price_keeps_its_gross(session: Session) -> None:
    world = MoneyWorld(session, tax_rate=Decimal(16), tax_inclusive=True)
    [charge] = world.subscribe(world.plan(2000))
    assert (charge.net, charge.tax, world.credit) == (1724, 276, -2000)
    assert world.verify() == []


def test_given_is_a_charge_and_its_reversal_without_money(world: MoneyWorld) -> None:
    [charge] = world.subscribe(world.plan(1500), pay=Pay("given", "for the outage"))
    rows = world.session.scalars(select(Charge).order_by(Charge.id)).all()
    assert [(row.net, row.given, row.reason) for row in rows[-2:]] == [
        (1500, True, "for the outage"), (-1500, True, "for the outage")]  # fmt: skip
    assert (charge.given, world.credit, world.verify()) == (True, 0, [])
    with pytest.raises(Invalid):
        world.subscribe(world.plan(1500), pay=Pay("given"))


def test_cash_pays_what_is_charged_and_lies_in_the_drawer(session: Session) -> None:
    world = MoneyWorld(session, tax_rate=Decimal(10))
    world.subscribe(world.plan(1000), pay=Pay("cash"))
    assert world.credit == 0
    assert world.verify() == []


def test_the_credit_limit_refuses_what_lies_beyond_it(world: MoneyWorld) -> None:
    world.customer.credit_limit_minor = 1500
    plan = world.plan(1000)
    world.subscribe(plan)
    with pytest.raises(Refused, match=r"would owe 20\.00 USD, and may owe 15\.00"):
        world.subscribe(plan)


def test_no_instant_is_charged_twice(world: MoneyWorld) -> None:
    [charge] = world.subscribe(world.plan(1000))
    line = charges.Line("period", "again", 5, during=charges.bounds(charge))
    with pytest.raises(Exception, match="no_instant_charged_twice"):
        charges.charge(world.session, world.billing, world.customer.id, line)


def test_an_undone_period_is_taken_back_and_may_be_sold_again(world: MoneyWorld) -> None:
    world.subscribe(world.plan(1000), 2)
    last = world.session.scalars(
        select(Subscription)
        .filter_by(customer_id=world.customer.id)
        .order_by(Subscription.period_start.desc())
        .limit(1)
    ).one()
    taken_back.undo_period(world.session, world.isp, world.customer, last, world.now)
    assert (world.credit, world.verify()) == (-1000, [])
    renew(world.session, world.isp, world.customer, world.now, 1)
    assert (world.credit, world.verify()) == (-2000, [])


def test_a_moved_end_is_a_reversal_with_its_reason_and_keeps_the_price(world: MoneyWorld) -> None:
    world.subscribe(world.plan(1000), 2)
    rows = list(
        world.session.scalars(
            select(Subscription).filter_by(customer_id=world.customer.id).order_by(Subscription.period_start)
        )
    )
    middle = rows[0].period_start + timedelta(days=10)
    rows[0].period_end = middle
    rows[1].period_end = rows[1].period_start + timedelta(days=45)
    periods.settle(world.session, world.billing, [world.customer.id], Terms("none"), "expires_at moved")
    spans = [charges.bounds(row) for row in charges.in_force(world.session, world.isp.id, world.customer.id, NOON)]
    assert spans == [(rows[0].period_start, middle), (rows[1].period_start, rows[1].period_end)]
    reasons = set(world.session.scalars(select(Charge.reason).where(Charge.reverses.is_not(None))))
    assert (world.credit, reasons, world.verify()) == (-2000, {"expires_at moved"}, [])


def test_a_change_of_plan_credits_the_rest_and_charges_the_new_one_by_whole_days(world: MoneyWorld) -> None:
    world.subscribe(world.plan(3000))  # 10 March to 9 April, noon
    world.now = NOON + timedelta(days=10)
    written = world.change(world.plan(6001))
    assert [(row.net, row.days_from, row.days_until, row.days_whole) for row in written] == [
        (-3000, None, None, None), (1000, 0, 10, 30), (4001, 10, 30, 30)]  # fmt: skip
    assert (world.credit, world.verify()) == (-5001, [])


@pytest.mark.parametrize("validity", [{"validity_days": 30}, {"validity_months": 1}, {"validity_days": 7}])
@pytest.mark.parametrize("timezone", ["UTC", "Europe/Berlin", "Asia/Kathmandu", "Pacific/Apia"])
@pytest.mark.parametrize(("tax", "inclusive"), [("16", False), ("7.7", True)])
def test_upgrade_and_back_within_a_day_ends_where_it_began(
    session: Session, validity: dict[str, Any], timezone: str, tax: str, inclusive: bool
) -> None:
    world = MoneyWorld(session, timezone=timezone, tax_rate=Decimal(tax), tax_inclusive=inclusive)
    world.now = world.customer.expires_at = datetime(2028, 1, 31, 23, 30, tzinfo=UTC)
    old, new = world.plan(1999, **validity), world.plan(7777, validity_days=10)
    world.subscribe(old, 2)
    for hours in (0, 5, 24 * 3, 24 * 33 + 7):
        before = world.credit
        world.now = datetime(2028, 1, 31, 23, 30, tzinfo=UTC) + timedelta(hours=hours)
        world.change(new)
        world.change(old)
        assert (hours, world.credit) == (hours, before)
    assert world.verify() == []


def test_a_cancelled_service_credits_the_rest_and_counts_today(world: MoneyWorld) -> None:
    world.subscribe(world.plan(3000), 2)
    world.pay(6000)
    world.now = NOON + timedelta(days=9, hours=3)
    plan_change.cancel(world.session, world.isp, world.customer, world.now, "moved away")
    assert (world.credit, world.verify()) == (5000, [])
    assert world.customer.expires_at == world.now
    reasons = set(world.session.scalars(select(Outbox.reason).where(Outbox.customer_id == world.customer.id)))
    assert "expired" in reasons
    renew(world.session, world.isp, world.customer, world.now, 1)
    assert (world.credit, world.verify()) == (2000, [])


def test_a_quote_says_what_the_act_does_and_leaves_nothing(world: MoneyWorld) -> None:
    plan, better = world.plan(3000), world.plan(4500)
    world.subscribe(plan)
    world.now = NOON + timedelta(days=7)
    count = world.session.query(Charge).count()
    asked = quote(world.session, world.isp.id, world.customer.id, lambda: world.change(better))
    assert (world.session.query(Charge).count(), world.credit) == (count, -3000)
    written = world.change(better)
    assert asked.total == sum(row.total for row in written)
    assert asked.credit_after == world.credit
    assert [(line.net, line.tax) for line in asked.lines] == [(row.net, row.tax) for row in written]


def test_a_change_at_the_end_waits_for_the_renewal(world: MoneyWorld) -> None:
    small, large = world.plan(1000), world.plan(2000)
    world.subscribe(small)
    plan_change.change_at_period_end(world.session, world.customer, large)
    with pytest.raises(Refused, match="when the period ends"):
        renew(world.session, world.isp, world.customer, world.now, 1)
    world.now = world.customer.expires_at
    [charge] = renew(world.session, world.isp, world.customer, world.now, 1)
    assert (charge.net, world.customer.service_plan_id) == (2000, large.id)


def test_data_on_top_has_a_price_and_is_taken_back_with_it(world: MoneyWorld) -> None:
    world.subscribe(world.plan(0))
    topup, [charge] = top_up(world.session, world.isp, world.customer, world.now, 5 * 10**9, 250)
    assert (charge.description, charge.net, world.credit) == ("5 GB on top", 250, -250)
    world.session.delete(topup)
    periods.settle(world.session, world.billing, [world.customer.id], Terms("none"), "undone")
    assert (world.credit, world.verify()) == (0, [])


class TestAutoRenewal:
    """Never twice, never without credit, caught up."""

    def run(self, world: MoneyWorld) -> int:
        return sum(
            len(auto_renewal.renew_one(world.session, isp_id, customer_id, world.now).charges)
            for isp_id, customer_id, _ in auto_renewal.due(world.session, world.now)
            if isp_id == world.isp.id
        )

    def test_prepaid_is_renewed_as_often_as_its_credit_lasts(self, world: MoneyWorld) -> None:
        world.subscribe(world.plan(1000))
        world.customer.auto_renew = True
        world.pay(2999)
        for _ in range(3):
            world.now = world.customer.expires_at
            self.run(world)
            self.run(world)
        assert (world.credit, world.verify()) == (999, [])
        assert receivables.standing(world.session, world.isp, world.customer.id, world.now).overdue == 0

    def test_a_gap_without_credit_is_not_paid_for(self, world: MoneyWorld) -> None:
        world.subscribe(world.plan(1000))
        world.pay(1000)
        world.customer.auto_renew = True
        world.now = world.customer.expires_at + timedelta(days=7)
        assert self.run(world) == 0
        world.pay(1000)
        assert self.run(world) == 1
        assert world.customer.expires_at == world.now + timedelta(days=30)

    def test_a_short_outage_leaves_no_gap(self, world: MoneyWorld) -> None:
        world.subscribe(world.plan(1000))
        world.pay(5000)
        world.customer.auto_renew = True
        end = world.customer.expires_at
        world.now = end + timedelta(minutes=5)
        assert self.run(world) == 1
        assert world.customer.expires_at == end + timedelta(days=30)

    def test_postpaid_misses_no_instant_and_counts_none_twice(self, world: MoneyWorld) -> None:
        world.subscribe(world.plan(1000))
        world.customer.auto_renew, world.customer.billing = True, "postpaid"
        end = world.customer.expires_at
        world.now = end + timedelta(days=65)
        assert self.run(world) == 3
        assert self.run(world) == 0
        assert (world.customer.expires_at, world.credit) == (end + timedelta(days=90), -4000)
        assert world.verify() == []

    @pytest.mark.parametrize("change", [{"status": "suspended"}, {"auto_renew": False}, {"service_plan_id": None}])
    def test_who_is_not_to_be_renewed_is_not(self, world: MoneyWorld, change: dict[str, Any]) -> None:
        world.subscribe(world.plan(1000))
        world.pay(9000)
        world.customer.auto_renew = True
        for name, value in change.items():
            setattr(world.customer, name, value)
        world.now = world.customer.expires_at
        assert self.run(world) == 0
        assert auto_renewal.renew_one(world.session, world.isp.id, world.customer.id, world.now) == ([], None)
