"""A tenant that bills, for tests of the books: short ways to its accounts, charges and payments."""

from __future__ import annotations

from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

from sqlalchemy import Connection, text
from sqlalchemy.orm import Session

from models import Charge, Customer, Isp, Payment, ServicePlan
from models.money import billing_settings, charges, ledger, payments
from models.money.books.verification import verify
from models.money.charges import Billing, Line
from models.money.payments import Received
from models.money.purchases.plan_change import change_now
from models.money.purchases.renewal import renew
from models.money.purchases.sale import USUAL, Pay

NOON = datetime(2026, 3, 10, 12, tzinfo=UTC)


class MoneyWorld:
    """One tenant with one customer and no tax, unless told."""

    def __init__(self, session: Session, *, currency: str = "USD", timezone: str = "UTC", **settings: Any) -> None:
        self.session = session
        self.isp = Isp(name="Billing", currency=currency, timezone=timezone)
        session.add(self.isp)
        session.flush()
        billing_settings.save(session, self.isp.id, {"tax_rate": Decimal(0)} | settings)
        self.customer = self.new_customer("payer")
        self.now = NOON

    def new_customer(self, username: str) -> Customer:
        customer = Customer(isp_id=self.isp.id, username=username, expires_at=NOON)
        self.session.add(customer)
        self.session.flush()
        return customer

    @property
    def billing(self) -> Billing:
        settings = billing_settings.read(self.session, self.isp.id)
        return Billing(self.isp, billing_settings.tax_of(settings), self.now)

    def charge(self, amount: int, **fields: Any) -> Charge:
        line = Line("fee", "A fee", amount)._replace(**fields)
        return charges.charge(self.session, self.billing, self.customer.id, line)

    def pay(self, amount: int, method: str = "bank", reference: str | None = None, **fields: Any) -> Payment:
        received = Received(amount, method, self.now, self.customer.id, reference)._replace(**fields)
        return payments.receive(self.session, self.isp, received, self.now)

    def plan(self, price: int, **fields: Any) -> ServicePlan:
        days = {} if "validity_months" in fields else {"validity_days": 30}
        plan = ServicePlan(isp_id=self.isp.id, name=f"Plan {price}", price_minor=price, **(days | fields))
        self.session.add(plan)
        self.session.flush()
        return plan

    def subscribe(self, plan: ServicePlan, count: int = 1, pay: Pay = USUAL) -> list[Charge]:
        self.customer.service_plan_id = plan.id
        self.session.flush()
        return renew(self.session, self.isp, self.customer, self.now, count, pay)

    def change(self, plan: ServicePlan) -> list[Charge]:
        return change_now(self.session, self.isp, self.customer, plan, self.now)

    @property
    def credit(self) -> int:
        return ledger.credit_of(self.session, self.isp.id, self.customer.id)

    def balance(self, code: str) -> int:
        kind, _, name = code.partition(":")
        ledger.account(self.session, self.isp.id, kind, name)
        return ledger.balances(self.session, self.isp.id, [code])[code]

    def verify(self) -> list[str]:
        return broken(self.session)


def broken(session: Session | Connection) -> list[str]:
    """The names of the rules that the books break."""
    connection = session.connection() if isinstance(session, Session) else session
    return [finding.check for finding in verify(connection)]


def suspend_triggers(session: Session, table: str) -> None:
    """As a superuser, or a bug in the schema, could change rows."""
    session.execute(text(f"alter table {table} disable trigger user"))
