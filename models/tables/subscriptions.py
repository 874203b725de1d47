"""Periods that customers paid for, and data bought on top; which period runs, and what was bought for it.

The rules know both from memory (radius_module.rules: `Customer.period_start`, `allowance`); a test compares the two
over generated histories (tests/radius_module/directory/test_running_period.py).
"""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import (
    BigInteger,
    CheckConstraint,
    ColumnElement,
    ForeignKeyConstraint,
    Index,
    ScalarSelect,
    SQLColumnExpression,
    UniqueConstraint,
    cast,
    func,
    literal_column,
    select,
    text,
)
from sqlalchemy.dialects import postgresql
from sqlalchemy.orm import Mapped, aliased, mapped_column

from models.tables.base import Base, Created, Id, TenantKey


class Subscription(Base):
    """One paid period. The current one is the newest that has begun; it ends where the next starts, or at expiry."""

    __tablename__ = "subscriptions"
    __table_args__ = (
        ForeignKeyConstraint(["isp_id", "customer_id"], ["customers.isp_id", "customers.id"], ondelete="CASCADE"),
        ForeignKeyConstraint(["isp_id", "service_plan_id"], ["service_plans.isp_id", "service_plans.id"]),
        UniqueConstraint("isp_id", "customer_id", "period_start"),
        Index("ix_subscriptions_isp_id_service_plan_id", "isp_id", "service_plan_id"),
        CheckConstraint("period_start < period_end", name="period_not_empty"),
    )

    isp_id: Mapped[TenantKey]
    id: Mapped[Id]
    customer_id: Mapped[int]
    #: The plan when the period was sold; what applies is the customer's plan of today.
    service_plan_id: Mapped[int | None]
    #: As sold, in minor units of the tenant's currency.
    price_minor: Mapped[int] = mapped_column(server_default=text("0"))
    period_start: Mapped[datetime]
    #: Follows the customer's expires_at as long as this is the last period (migration 0021).
    period_end: Mapped[datetime]
    #: Its end as paid, where a renewal from now has ended it before.
    paid_until: Mapped[datetime | None]
    #: When it was taken back although something had been used of it; untouched periods go.
    undone_at: Mapped[datetime | None]
    created_at: Mapped[Created]


class Topup(Base):
    """Data bought on top of the plan's allowance; it ends with its period."""

    __tablename__ = "topups"
    __table_args__ = (
        ForeignKeyConstraint(["isp_id", "customer_id"], ["customers.isp_id", "customers.id"], ondelete="CASCADE"),
        Index("ix_topups_isp_id_customer_id_period_start", "isp_id", "customer_id", "period_start"),
        CheckConstraint("data_bytes > 0", name="data_positive"),
        CheckConstraint("price_minor >= 0", name="price_not_negative"),
    )

    isp_id: Mapped[TenantKey]
    id: Mapped[Id]
    customer_id: Mapped[int]
    period_start: Mapped[datetime]
    data_bytes: Mapped[int]
    price_minor: Mapped[int] = mapped_column(server_default=text("0"))
    created_at: Mapped[Created]


#: The table under a name of its own, so that a query over periods may ask for the running one beside.
_Begun = aliased(Subscription, name="begun")


def has_begun(moment: ColumnElement[datetime], period: type[Subscription] = Subscription) -> ColumnElement[bool]:
    """Has the period begun by then? The newest that has is the one that runs, whatever its end says."""
    return period.period_start <= moment


def running_start(
    isp_id: SQLColumnExpression[int], customer_id: SQLColumnExpression[int], moment: ColumnElement[datetime]
) -> ScalarSelect[datetime]:
    """Start of the customer's period that runs at `moment`; null before the first."""
    return (
        select(func.max(_Begun.period_start))
        .where(_Begun.isp_id == isp_id, _Begun.customer_id == customer_id, has_begun(moment, _Begun))
        .scalar_subquery()
    )


def bought_bytes(
    isp_id: SQLColumnExpression[int], customer_id: SQLColumnExpression[int], period_start: ColumnElement[datetime]
) -> ColumnElement[int]:
    """Data bought on top for that period. The allowance is the plan's limit and this."""
    bought = (
        select(func.sum(Topup.data_bytes))
        .where(Topup.isp_id == isp_id, Topup.customer_id == customer_id, Topup.period_start == period_start)
        .scalar_subquery()
    )
    return cast(func.least(func.coalesce(bought, 0), MOST_BYTES), BigInteger)


#: An allowance above this is as good as none: sums with a plan's limit stay within 64 bits.
MOST_BYTES = 4 * 10**18


def running_start_sql(isp_id: str, customer_id: str, moment: str) -> str:
    """`running_start` as text, for statements that are written by hand; the arguments are columns."""
    return _sql(running_start(literal_column(isp_id), literal_column(customer_id), literal_column(moment)))


def bought_bytes_sql(isp_id: str, customer_id: str, period_start: str) -> str:
    """`bought_bytes` as text."""
    return _sql(bought_bytes(literal_column(isp_id), literal_column(customer_id), literal_column(period_start)))


def _sql(expression: ColumnElement[Any] | ScalarSelect[Any]) -> str:
    compiled = expression.compile(
        dialect=postgresql.dialect(),  # type: ignore[no-untyped-call]  # has no types
        compile_kwargs={"literal_binds": True},
    )
    return " ".join(str(compiled).split())
