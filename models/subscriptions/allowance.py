"""What customers have used of what they have: one statement, however many customers there are."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from typing import NamedTuple

from sqlalchemy import BigInteger, DateTime, case, func, literal, select
from sqlalchemy.orm import Session

from models.tables.customers import Customer
from models.tables.plans import ServicePlan
from models.tables.subscriptions import Subscription, bought_bytes, running_start
from models.tables.usage import Usage


class Allowance(NamedTuple):
    """Octets and seconds online of the current period. Limits: plan and top-ups together; None where there is none."""

    period_start: datetime
    #: None while the first period waits for the first login.
    period_end: datetime | None
    bytes_in: int
    bytes_out: int
    limit: int | None
    #: What of the octets does not count, both ways.
    uncounted: int
    seconds: int
    time_limit: int | None

    @property
    def total(self) -> int:
        return self.bytes_in + self.bytes_out

    @property
    def used(self) -> int:
        """What counts."""
        return self.total - self.uncounted

    @property
    def seconds_left(self) -> int | None:
        return None if self.time_limit is None else max(self.time_limit - self.seconds, 0)

    @property
    def remaining(self) -> int | None:
        return None if self.limit is None else max(self.limit - self.used, 0)


def allowances(session: Session, isp_id: int, customers: Iterable[int], now: datetime) -> dict[int, Allowance]:
    """By customer. The period is the newest that has begun, or else from the customer's creation to their expiry."""
    running = running_start(Customer.isp_id, Customer.id, literal(now, DateTime(timezone=True)))
    start = func.coalesce(Subscription.period_start, Customer.created_at)
    end = case((~Customer.not_started, func.coalesce(Subscription.period_end, Customer.expires_at)))
    of_now = (
        (Subscription.isp_id == Customer.isp_id)
        & (Subscription.customer_id == Customer.id)
        & (Subscription.period_start == running)
    )
    zero = literal(0, BigInteger)
    of_period = (Usage.isp_id == Customer.isp_id) & (Usage.customer_id == Customer.id) & (Usage.period_start == start)
    of_customer = (ServicePlan.isp_id == Customer.isp_id) & (ServicePlan.id == Customer.service_plan_id)
    rows = session.execute(
        select(
            Customer.id,
            start,
            end,
            func.coalesce(Usage.bytes_in, zero),
            func.coalesce(Usage.bytes_out, zero),
            ServicePlan.data_limit_bytes + bought_bytes(Customer.isp_id, Customer.id, start),
            func.coalesce(Usage.uncounted_in + Usage.uncounted_out, zero),
            func.coalesce(Usage.seconds, zero),
            ServicePlan.time_limit * 60,
        )
        .select_from(Customer)
        .join(Subscription, of_now, isouter=True)
        .join(Usage, of_period, isouter=True)
        .join(ServicePlan, of_customer, isouter=True)
        .where(Customer.isp_id == isp_id, Customer.id.in_(list(customers)))
    )
    return {row[0]: Allowance(*row[1:]) for row in rows}
