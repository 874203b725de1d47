"""Whatever a customer and an operator do, in whatever order and at whatever time: the books hold after each step."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any, ClassVar

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule, run_state_machine_as_test
from sqlalchemy import Engine, select
from sqlalchemy.orm import Session

from models import Charge, Payment, ServicePlan, Subscription, Topup
from models.money import charges, ledger, payments, periods, receivables
from models.money.periods import Terms
from models.money.purchases import auto_renewal, plan_change
from models.money.purchases.renewal import renew, top_up
from models.money.purchases.sale import Pay
from models.refusals import Invalid, Refused
from tests.support.money_world import MoneyWorld

#: Before ends of months, leap days and changes of the clock.
STARTS = [datetime(2027, 1, 31, 22, tzinfo=UTC), datetime(2028, 2, 27, 23, 30, tzinfo=UTC),
          datetime(2026, 3, 27, 12, tzinfo=UTC), datetime(2026, 10, 24, 22, 30, tzinfo=UTC)]  # fmt: skip
AMOUNTS = st.one_of(st.integers(1, 5000), st.sampled_from([1, 1999, 2320, 10**7]))


class Books(RuleBasedStateMachine):
    """One tenant, two customers, four plans; all of it undone at the end."""

    engine: ClassVar[Engine]

    @initialize(start=st.sampled_from(STARTS), zone=st.sampled_from(["UTC", "Europe/Berlin", "Pacific/Apia"]),
                tax=st.sampled_from(["0", "16", "7.7"]), inclusive=st.booleans())  # fmt: skip
    def begin(self, start: datetime, zone: str, tax: str, inclusive: bool) -> None:
        self.connection = self.engine.connect()
        self.transaction = self.connection.begin()
        self.session = Session(self.connection, join_transaction_mode="create_savepoint")
        self.world = MoneyWorld(self.session, timezone=zone, tax_rate=Decimal(tax), tax_inclusive=inclusive)
        self.world.now = self.world.customer.expires_at = start
        self.others = [self.world.new_customer("other")]
        self.plans = [self.world.plan(1999), self.world.plan(3333, validity_months=1),
                      self.world.plan(777, validity_days=7), self.world.plan(0)]  # fmt: skip
        self.names = 0

    def teardown(self) -> None:
        if hasattr(self, "session"):
            self.session.close()
            self.transaction.rollback()
            self.connection.close()

    def attempt(self, act: Callable[[], object]) -> None:
        """What is refused leaves nothing."""
        try:
            with self.session.begin_nested():
                act()
        except (Refused, Invalid):
            self.session.expire_all()

    def some(self, model: type[Any], number: int, *conditions: Any) -> Any:
        query = select(model).where(model.isp_id == self.world.isp.id, *conditions).order_by(model.id)
        rows = self.session.scalars(query).all()
        return rows[number % len(rows)] if rows else None

    @property
    def act_on(self) -> Any:
        return (self.world.session, self.world.isp, self.world.customer)

    @rule(count=st.integers(1, 3), plan=st.integers(0, 3), how=st.sampled_from([None, "given", "on_account", "cash"]))
    def buy(self, count: int, plan: int, how: Any) -> None:
        if self.world.customer.expires_at <= self.world.now:
            self.world.customer.service_plan_id = self.plans[plan].id
        self.attempt(lambda: renew(*self.act_on, self.world.now, count, Pay(how, "because")))

    @rule(plan=st.integers(0, 3), at_end=st.booleans())
    def change_plan(self, plan: int, at_end: bool) -> None:
        chosen: ServicePlan = self.plans[plan]
        if at_end:
            self.attempt(lambda: plan_change.change_at_period_end(self.session, self.world.customer, chosen))
        else:
            self.attempt(lambda: plan_change.change_now(*self.act_on, chosen, self.world.now))

    @rule()
    def there_and_back_ends_where_it_began(self) -> None:
        before, old = self.world.credit, self.world.customer.service_plan_id
        in_force = charges.in_force(self.session, self.world.isp.id, self.world.customer.id, self.world.now)
        if old is None or any(charge.service_plan_id != old or charge.days_until is not None for charge in in_force):
            return
        back = self.session.get_one(ServicePlan, (self.world.isp.id, old))
        if any(charge.unit_price != back.price_minor for charge in in_force):
            return
        periods_kept = [self.session.get_one(Subscription, (self.world.isp.id, charge.subscription_id))
                        for charge in in_force]  # fmt: skip
        if any(period.service_plan_id != old for period in periods_kept):
            return
        for plan in (self.plans[2], back):
            self.attempt(lambda plan=plan: plan_change.change_now(*self.act_on, plan, self.world.now))  # type: ignore[misc]
        assert self.world.credit == before

    @rule()
    def cancel(self) -> None:
        self.attempt(lambda: plan_change.cancel(*self.act_on, self.world.now, "moved away"))

    @rule(amount=AMOUNTS, method=st.sampled_from(["cash", "bank", "other"]), known=st.booleans())
    def pay(self, amount: int, method: str, known: bool) -> None:
        self.names += 1
        who = self.world.customer.id if known else None
        self.attempt(lambda: self.world.pay(amount, method, f"R{self.names}", customer_id=who))

    @rule(number=st.integers(0, 50), amount=AMOUNTS)
    def refund(self, number: int, amount: int) -> None:
        if (payment := self.some(Payment, number)) is not None:
            self.attempt(lambda: payments.refund(self.session, self.world.isp, payment, amount, "back", self.world.now))

    @rule(number=st.integers(0, 50))
    def take_a_payment_back(self, number: int) -> None:
        if (payment := self.some(Payment, number)) is not None:
            self.attempt(lambda: payments.reverse(self.session, self.world.isp, payment, "bounced", self.world.now))

    @rule(number=st.integers(0, 50))
    def assign(self, number: int) -> None:
        payment, who = self.some(Payment, number, Payment.customer_id.is_(None)), self.world.customer.id
        if payment is not None:
            self.attempt(lambda: payments.assign(self.session, self.world.isp, payment, who, self.world.now))

    @rule(price=st.integers(-500, 2000), quantity=st.integers(1, 3))
    def charge_once(self, price: int, quantity: int) -> None:
        self.world.charge(price, kind="adjustment", quantity=quantity)

    @rule(number=st.integers(0, 50))
    def take_a_charge_back(self, number: int) -> None:
        if (charge := self.some(Charge, number)) is not None:
            self.attempt(lambda: charges.reverse(self.session, self.world.isp, charge, "mistake", self.world.now))

    @rule(price=st.integers(0, 900))
    def buy_data(self, price: int) -> None:
        self.attempt(lambda: top_up(*self.act_on, self.world.now, 10**9, price))

    @rule(what=st.sampled_from([Subscription, Topup]))
    def undo_the_last(self, what: Any) -> None:
        if (row := self.some(what, -1, what.customer_id == self.world.customer.id)) is not None:
            self.session.delete(row)
            self.settle("undone")

    @rule(days=st.integers(1, 40))
    def move_the_end(self, days: int) -> None:
        period = self.some(Subscription, -1, Subscription.customer_id == self.world.customer.id)
        if period is not None:
            period.period_end = self.world.customer.expires_at = period.period_start + timedelta(days=days)
            self.settle("moved")

    def settle(self, reason: str) -> None:
        periods.settle(self.session, self.world.billing, [self.world.customer.id], Terms("none"), reason)
        last = select(Subscription.period_end).where(Subscription.customer_id == self.world.customer.id)
        end = self.session.scalar(last.order_by(Subscription.period_start.desc()).limit(1))
        self.world.customer.expires_at = end or self.world.now

    @rule(suspended=st.booleans(), renews=st.booleans(), billing=st.sampled_from(["prepaid", "postpaid"]))
    def set_up(self, suspended: bool, renews: bool, billing: str) -> None:
        customer = self.world.customer
        customer.status, customer.auto_renew = "suspended" if suspended else "active", renews
        customer.billing = billing

    @rule()
    def next_customer(self) -> None:
        self.others.append(self.world.customer)
        self.world.customer = self.others.pop(0)

    @rule()
    def delete(self) -> None:
        self.session.delete(self.world.customer)
        self.session.flush()
        self.names += 1
        self.world.customer = self.world.new_customer(f"new {self.names}")
        self.world.customer.expires_at = self.world.now

    @rule(hours=st.one_of(st.integers(1, 60), st.integers(300, 1500)))
    def time_passes(self, hours: int) -> None:
        self.world.now += timedelta(hours=hours)
        for isp_id, customer_id, _ in auto_renewal.due(self.session, self.world.now):
            if isp_id == self.world.isp.id:
                auto_renewal.renew_one(self.session, isp_id, customer_id, self.world.now)

    @invariant()
    def the_books_hold(self) -> None:
        if hasattr(self, "world"):
            self.session.flush()
            assert self.world.verify() == []
            credit = ledger.credit_of(self.session, self.world.isp.id, self.world.customer.id)
            unpaid = receivables.open_charges(self.session, self.world.isp.id, self.world.customer.id)
            assert sum(charge.open for charge in unpaid) == max(-credit, 0)


def run(owner: Engine, examples: int, steps: int) -> None:
    Books.engine = owner
    run_state_machine_as_test(  # type: ignore[no-untyped-call]
        Books,
        settings=settings(max_examples=examples, stateful_step_count=steps, deadline=None,
                          suppress_health_check=list(HealthCheck)),
    )  # fmt: skip


def test_the_books_hold_after_each_of_300_steps(owner: Engine) -> None:
    run(owner, 10, 30)


@pytest.mark.long
def test_the_books_hold_after_each_of_10000_steps(owner: Engine) -> None:
    run(owner, 250, 50)
