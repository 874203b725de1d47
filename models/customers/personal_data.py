"""Everything that is kept about a customer, for the person to read and take along."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from sqlalchemy import ColumnElement, or_, select
from sqlalchemy.orm import Session

from models.audit_trail import snapshot
from models.money.amounts import decimal_text
from models.tables.accounting import Radacct, Radpostauth
from models.tables.audit_log import AuditLog
from models.tables.base import Base
from models.tables.charges import Charge
from models.tables.customers import Customer
from models.tables.isps import Isp
from models.tables.mail import Mail
from models.tables.outbox import Outbox
from models.tables.payments import Payment, Refund
from models.tables.radius import Radreply
from models.tables.subscriptions import Subscription, Topup
from models.tables.usage import UsageDaily
from models.tables.usage_corrections import UsageCorrection

Rows = list[dict[str, Any]]
#: Under what name, from which table, in which order.
_OF_CUSTOMER: tuple[tuple[str, Any, Any], ...] = (
    ("reply_attributes", Radreply, Radreply.id),
    ("periods", Subscription, Subscription.period_start),
    ("topups", Topup, Topup.id),
    ("usage_corrections", UsageCorrection, UsageCorrection.id),
    ("usage_by_day", UsageDaily, UsageDaily.day),
    ("sessions", Radacct, Radacct.acctstarttime),
    ("logins", Radpostauth, Radpostauth.authdate),
    ("network_requests", Outbox, Outbox.id),
    ("charges", Charge, Charge.id),
    ("payments", Payment, Payment.id),
    ("mails", Mail, Mail.id),
)
#: In minor units of the tenant's currency in the database.
_AMOUNTS = frozenset({"price_minor", "unit_price", "net", "tax", "amount", "fee", "credit_limit_minor"})


def personal_data(session: Session, isp: Isp, customer: Customer) -> dict[str, Any]:
    """Lists by what they are about; the password is never among it."""
    data: dict[str, Any] = {"customer": _shown(isp, customer)}
    for name, model, order in _OF_CUSTOMER:
        wanted = select(model).where(model.isp_id == isp.id, model.customer_id == customer.id).order_by(order)
        data[name] = [_shown(isp, row) for row in session.scalars(wanted)]
    data["refunds"] = [_shown(isp, row) for row in session.scalars(_refunds(isp.id, customer.id))]
    data["changes"] = [_shown(isp, row) for row in session.scalars(_changes(isp.id, customer.id))]
    return data


def _refunds(isp_id: int, customer_id: int) -> Any:  # noqa: ANN401  # a select
    payments = select(Payment.id).where(Payment.isp_id == isp_id, Payment.customer_id == customer_id)
    return select(Refund).where(Refund.isp_id == isp_id, Refund.payment_id.in_(payments)).order_by(Refund.id)


def _changes(isp_id: int, customer_id: int) -> Any:  # noqa: ANN401  # a select
    about: ColumnElement[bool] = or_(
        (AuditLog.resource == Customer.__tablename__) & (AuditLog.resource_id == customer_id),
        AuditLog.before["customer_id"].as_integer() == customer_id,
        AuditLog.after["customer_id"].as_integer() == customer_id,
    )
    return select(AuditLog).where(AuditLog.isp_id == isp_id, about).order_by(AuditLog.id)


def _shown(isp: Isp, row: Base) -> dict[str, Any]:
    return dict(_fields(isp, snapshot(row)))


def _fields(isp: Isp, values: dict[str, Any]) -> Iterator[tuple[str, Any]]:
    for name, value in values.items():
        if name in _AMOUNTS and value is not None:
            yield name.removesuffix("_minor"), decimal_text(value, isp.currency)
        elif name != "isp_id":
            yield name.rstrip("_"), value if isinstance(value, str | int | bool | dict | list | None) else str(value)
