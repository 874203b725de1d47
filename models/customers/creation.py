"""Customers are created: one or thousands, in the same statements. In the caller's transaction; commits nothing.

The API, the import and the demo tenant all come here. The number of statements does not grow with that of customers.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any, NamedTuple
from zoneinfo import ZoneInfo

from sqlalchemy import TextClause, insert, text
from sqlalchemy.orm import Session

from models.money.periods import begin_first
from models.radius import provisioning
from models.secrets.keyring import Keyring
from models.subscriptions.calendar import DEFAULT_VALIDITY_DAYS, UNTIL_FIRST_LOGIN, boundaries
from models.tables.customers import Customer
from models.tables.isps import Isp
from models.tables.plans import ServicePlan
from models.tables.radius import Radcheck, Radreply, Radusergroup
from models.tables.subscriptions import Subscription

_NEXT_IDS = text("select nextval(pg_get_serial_sequence('customers', 'id')) from generate_series(1, :count)")
_LEARN_SIZES = text("select infora_learn_sizes()")
_LEARN_CHARGE_SIZES = text("select infora_learn_charge_sizes()")
#: So many at once are one of several thousands.
_MANY = 500


class NewCustomer(NamedTuple):
    """The columns of a customer (`username` among them) and the password in clear.

    Without `expires_at` the customer has one period of the plan, which begins now or, where the plan's clock says so,
    with the first login.
    """

    columns: Mapping[str, Any]
    password: str


def create_customers(
    session: Session,
    keyring: Keyring,
    isp: Isp,
    now: datetime,
    wanted: Sequence[NewCustomer],
    plans: Mapping[int, ServicePlan],
) -> list[Customer]:
    """Each with first period, password and rad* rows, in the order given. `plans`: by id, those that are named.

    Raises ValueError for a password that cannot be. The audit rows are the caller's: one for each, or one for all.
    """
    customers = _insert_customers(session, isp, now, wanted, plans)
    if len(customers) > 1:
        _learn_sizes(session, _LEARN_SIZES)
    credentials = [
        provisioning.credential_row(keyring, isp, customer, new.password)
        for customer, new in zip(customers, wanted, strict=True)
    ]
    periods = [
        first_period(customer, plans.get(customer.service_plan_id or 0), now)
        for customer in customers
        if now < customer.expires_at and not customer.not_started
    ]
    groups = [row for customer in customers if (row := provisioning.group_row(customer)) is not None]
    addresses = [row for customer in customers if (row := provisioning.address_row(customer)) is not None]
    for table, rows in (
        (Radcheck, credentials), (Subscription, periods), (Radusergroup, groups), (Radreply, addresses),
    ):  # fmt: skip
        if rows:
            session.execute(insert(table), rows)
    if periods:
        begin_first(session, isp, now, [period["customer_id"] for period in periods])
    if len(periods) >= _MANY:
        _learn_sizes(session, _LEARN_CHARGE_SIZES)
    return customers


def first_period_end(isp: Isp, plan: ServicePlan | None, now: datetime) -> datetime:
    """One period of the plan from now, by the tenant's calendar."""
    days = plan.validity_days if plan else DEFAULT_VALIDITY_DAYS
    return boundaries(now, now, 1, days, plan.validity_months if plan else None, ZoneInfo(isp.timezone))[0][1]


def _insert_customers(
    session: Session, isp: Isp, now: datetime, wanted: Sequence[NewCustomer], plans: Mapping[int, ServicePlan]
) -> list[Customer]:
    ids = session.scalars(_NEXT_IDS, {"count": len(wanted)}).all()
    rows = []
    for new_id, new in zip(ids, wanted, strict=True):
        plan = plans.get(new.columns.get("service_plan_id") or 0)
        end = new.columns.get("expires_at")
        waits = end is None and plan is not None and plan.clock == "from_first_login"
        end = end or (UNTIL_FIRST_LOGIN if waits else first_period_end(isp, plan, now))
        rows.append({**new.columns, "isp_id": isp.id, "id": new_id, "expires_at": end, "not_started": waits})
    by_id = {customer.id: customer for customer in session.scalars(insert(Customer).returning(Customer), rows)}
    return [by_id[new_id] for new_id in ids]


def _learn_sizes(session: Session, learn: TextClause) -> None:
    """Once, with the first of many: the checks of foreign keys follow the statistics of the table, and by those of a
    table that looks empty they read all of it."""
    if not session.info.get(learn.text):
        session.info[learn.text] = session.scalar(learn)


def first_period(customer: Customer, plan: ServicePlan | None, now: datetime) -> dict[str, Any]:
    """The period from now to the customer's expiry."""
    return {
        "isp_id": customer.isp_id,
        "customer_id": customer.id,
        "service_plan_id": customer.service_plan_id,
        "price_minor": plan.price_minor if plan else 0,
        "period_start": now,
        "period_end": customer.expires_at,
    }
