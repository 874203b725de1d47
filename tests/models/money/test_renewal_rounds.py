"""Rounds of renewals: nobody waits behind somebody who cannot be renewed; who can pay is the same in SQL and Python."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from decimal import Decimal
from itertools import pairwise

import pytest
from sqlalchemy import event, text
from sqlalchemy.orm import Session

from models import Customer, ServicePlan, Subscription
from models.money import charges, ledger
from models.money.billing_settings import NO_TAX
from models.money.charges import Line
from models.money.purchases import auto_renewal, plan_change
from models.money.purchases.renewal_rounds import RenewalRounds, Result
from tests.support.money_world import NOON, MoneyWorld

MINUTE = timedelta(minutes=1)


def rounds_in(world: MoneyWorld, look: int = 2) -> RenewalRounds:
    """Rounds within the test's transaction, so few customers a look that it takes many."""

    @contextmanager
    def transaction() -> Iterator[Session]:
        with world.session.begin_nested():
            yield world.session

    return RenewalRounds(transaction, lambda: world.now, look)


def payer(world: MoneyWorld, plan: ServicePlan, credit: int, ended: int, **fields: object) -> Customer:
    """A customer with auto_renew whose period ended so many minutes before noon."""
    customer = world.new_customer(f"{plan.id} {ended} {credit}")
    for name, value in {"service_plan_id": plan.id, "auto_renew": True, **fields}.items():
        setattr(customer, name, value)
    customer.expires_at = NOON - ended * MINUTE
    world.session.flush()
    if credit > 0:
        world.pay(credit, customer_id=customer.id)
    if credit < 0:
        billing = world.billing._replace(tax=NO_TAX)
        charges.charge(world.session, billing, customer.id, Line("fee", "A fee", -credit))
    return customer


def renewed(results: list[Result]) -> list[int]:
    return [result.customer_id for result in results if result.renewed]


def test_customers_beyond_their_limit_keep_nobody_waiting(world: MoneyWorld) -> None:
    plan = world.plan(1000)
    for minutes in range(30, 20, -1):
        payer(world, plan, -500, minutes, billing="postpaid", credit_limit_minor=1000)
    rich = payer(world, plan, 1000, 1)
    assert renewed(list(rounds_in(world).run())) == [rich.id]
    assert (ledger.credit_of(world.session, world.isp.id, rich.id), world.verify()) == (0, [])


def test_customers_whose_renewal_is_refused_keep_nobody_waiting_and_are_left_alone(world: MoneyWorld) -> None:
    plan, retired = world.plan(1000), world.plan(500)
    waiting = [payer(world, plan, 1000, minutes) for minutes in range(30, 25, -1)]
    for customer in waiting:
        plan_change.change_at_period_end(world.session, customer, retired)
    retired.is_active = False
    rich = payer(world, plan, 1000, 1)
    rounds = rounds_in(world)
    first = list(rounds.run())
    assert renewed(first) == [rich.id]
    assert {result.failure for result in first} == {None, "this plan is no longer offered"}
    assert list(rounds.run()) == []
    world.now += 2 * MINUTE
    assert [result.customer_id for result in rounds.run()] == [customer.id for customer in waiting]
    retired.is_active = True
    world.now += 2 * MINUTE
    assert renewed(list(rounds.run())) == [customer.id for customer in waiting]


def test_a_renewal_that_goes_wrong_stops_no_other(world: MoneyWorld, monkeypatch: pytest.MonkeyPatch) -> None:
    plan = world.plan(1000)
    broken, confused, rich = (payer(world, plan, 5000, minutes) for minutes in (3, 2, 1))
    sold = {"period_start": broken.expires_at, "period_end": NOON + timedelta(days=1)}
    world.session.add(Subscription(isp_id=world.isp.id, customer_id=broken.id, **sold))
    world.session.flush()
    renew = auto_renewal.renew

    def confusing(session: Session, isp: object, customer: Customer, *rest: object) -> object:
        if customer.id == confused.id:
            raise ZeroDivisionError("division by zero")
        return renew(session, isp, customer, *rest)  # type: ignore[arg-type]

    monkeypatch.setattr(auto_renewal, "renew", confusing)
    results = {result.customer_id: result for result in rounds_in(world).run()}
    assert [number for number, result in results.items() if result.renewed] == [rich.id]
    assert "uq_subscriptions" in (results[broken.id].failure or "")
    assert results[confused.id].failure == "ZeroDivisionError: division by zero"
    assert broken.expires_at == NOON - 3 * MINUTE


@pytest.mark.parametrize(
    ("tax", "price", "fields", "enough"),
    [
        (("16", False), 1000, {}, 1160),
        (("16", True), 1000, {}, 1000),
        (("5", False), 50, {}, 53),  # 2.5 is 3
        (("7.7", False), 1999, {}, 2153),
        (("16", False), 1000, {"billing": "postpaid", "credit_limit_minor": 200}, 960),
        (("16", False), 1000, {"billing": "postpaid", "credit_limit_minor": 1660}, -500),
        (("0", False), 1000, {"billing": "postpaid", "credit_limit_minor": 0}, 1000),
    ],
)
def test_who_can_pay_is_the_same_in_sql_and_in_the_act(
    session: Session, tax: tuple[str, bool], price: int, fields: dict[str, object], enough: int
) -> None:
    world = MoneyWorld(session, tax_rate=Decimal(tax[0]), tax_inclusive=tax[1])
    plan = world.plan(price)
    world.now = NOON
    short, able = payer(world, plan, enough - 1, 2, **fields), payer(world, plan, enough, 1, **fields)
    assert [row.customer_id for row in auto_renewal.due(session, world.now) if row.isp_id == world.isp.id] == [able.id]
    assert not auto_renewal.renew_one(session, world.isp.id, short.id, world.now).charges
    assert auto_renewal.renew_one(session, world.isp.id, able.id, world.now).charges
    assert world.verify() == []


@pytest.mark.parametrize("fields", [{"billing": "postpaid"}, {"service_plan_id": None}, {"credit_limit_minor": 0}])
def test_without_a_limit_or_a_price_whoever_owes_is_renewed(world: MoneyWorld, fields: dict[str, object]) -> None:
    plan = world.plan(1000 if "billing" in fields else 0)
    customer = payer(world, plan, -700, 1, **fields)
    if "service_plan_id" in fields:
        plan_change.change_at_period_end(world.session, customer, plan)
    assert renewed(list(rounds_in(world).run())) == [customer.id]


def test_an_active_postpaid_customer_misses_no_instant_whenever_the_worker_was_away(session: Session) -> None:
    """A year with ends of months and two changes of the clock; the worker is away for up to two months."""
    world = MoneyWorld(session, timezone="Europe/Berlin")
    plans = [world.plan(1000, validity_months=1), world.plan(300, validity_days=7)]
    people = [payer(world, plan, 0, 0, billing="postpaid") for plan in plans]
    for away in (0, 1, 3, 50, 2, 31, 29, 45, 30, 1, 49, 60, 33, 31):
        world.now += timedelta(days=away, minutes=away)
        list(rounds_in(world).run())
    for customer in people:
        rows = charges.in_force(world.session, world.isp.id, customer.id, NOON)
        spans = [charges.bounds(row) for row in rows]
        assert spans[0][0] == NOON and spans[-1][1] == customer.expires_at > world.now
        assert all(before[1] == after[0] for before, after in pairwise(spans))
    assert world.verify() == []


def test_a_look_is_cheap_however_many_cannot_pay(world: MoneyWorld) -> None:
    """Nothing is read of them but what the one statement reads."""
    plan = world.plan(1000)
    for minutes in range(40, 0, -1):
        payer(world, plan, 999, minutes)
    statements: list[str] = []
    connection = world.session.connection()

    def note(_connection: object, _cursor: object, statement: str, *_rest: object) -> None:
        statements.append(statement)

    event.listen(connection, "before_cursor_execute", note)
    try:
        assert list(rounds_in(world).run()) == []
    finally:
        event.remove(connection, "before_cursor_execute", note)
    assert len([statement for statement in statements if statement.startswith("SELECT")]) == 1
    assert world.session.scalar(text("select count(*) from customers where isp_id = :isp"), {"isp": world.isp.id}) == 41
