"""Bugs that books have had elsewhere, planted here: each is seen by `verify-books` or refused on the spot."""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal

import pytest
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError
from sqlalchemy.orm import Session

from models.money import amounts, charges, ledger
from models.money.charges import Days
from models.money.ledger import Cause, Movement
from models.money.purchases import plan_change
from tests.support.money_world import MoneyWorld


def half_even(numerator: int, denominator: int) -> int:
    return round(Decimal(numerator) / denominator)


def in_floats(numerator: int, denominator: int) -> int:
    return int(numerator / denominator + 0.5)


@pytest.mark.parametrize("rounding", [half_even, in_floats])
def test_another_rounding_is_seen(
    session: Session, monkeypatch: pytest.MonkeyPatch, rounding: Callable[[int, int], int]
) -> None:
    world = MoneyWorld(session, tax_rate=Decimal(5))
    world.charge(1010)
    assert world.verify() == []
    monkeypatch.setattr(amounts, "half_up", rounding)
    for amount in (50, 1010, *range(10**17, 10**17 + 20)):
        world.charge(amount)
    assert "charge_amount" in world.verify()


def test_a_truncated_denominator_is_seen(session: Session, monkeypatch: pytest.MonkeyPatch) -> None:
    """The days that are left taken for the days of the period: the whole price for ten days."""
    world = MoneyWorld(session)
    world.subscribe(world.plan(3000))
    world.now = world.now.replace(day=30)
    exact = charges.shares_of

    def truncated(line: charges.Line, tax: charges.Tax) -> amounts.Taxed:
        days = line.days and Days(0, line.days.until - line.days.since, line.days.until - line.days.since)
        return exact(line._replace(days=days), tax)

    monkeypatch.setattr(charges, "shares_of", truncated)
    plan_change.change_now(session, world.isp, world.customer, world.plan(6000), world.now)
    assert "charge_amount" in world.verify()


def test_a_kept_balance_that_is_not_moved_is_seen(session: Session) -> None:
    world = MoneyWorld(session)
    session.execute(text("alter table transfers disable trigger move_credit"))
    world.pay(500)
    assert "kept_balance" in world.verify()


def test_a_movement_without_its_key_is_refused(session: Session) -> None:
    world = MoneyWorld(session)
    payment = world.pay(500)
    till = ledger.account(session, world.isp.id, "clearing", "bank")
    holder = ledger.account(session, world.isp.id, "customer", str(world.customer.id))
    with pytest.raises(DBAPIError, match="key_length"):
        cause = Cause("payment", payment.id, world.now.date())
        ledger.post(session, world.isp.id, cause, [Movement("", till, holder, 5)])


def test_a_key_that_is_new_each_time_is_seen(session: Session) -> None:
    """The same payment, posted again by a writer that forgot what makes it the same."""
    world = MoneyWorld(session)
    payment = world.pay(500)
    till = ledger.account(session, world.isp.id, "clearing", "bank")
    holder = ledger.account(session, world.isp.id, "customer", str(world.customer.id))
    cause = Cause("payment", payment.id, world.now.date())
    assert world.verify() == []
    ledger.post(session, world.isp.id, cause, [Movement("a new key", till, holder, 500)])
    assert {"payment_in_ledger", "customer_balance"} <= set(world.verify())


def test_a_charge_that_moves_nothing_is_seen(session: Session, monkeypatch: pytest.MonkeyPatch) -> None:
    world = MoneyWorld(session)
    monkeypatch.setattr(charges, "_movements", lambda *_: [])
    world.charge(700)
    assert {"charge_in_ledger", "customer_balance"} <= set(world.verify())
