"""Customers as they are shown: with what they used, and as expired as soon as they are."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import ColumnElement, and_, or_

from admin_api.customers.bodies import CustomerOut
from admin_api.web.database import now, session, settle, tenant_id
from models import Customer
from models.subscriptions.allowance import Allowance, allowances

_COLUMNS = [name for name in CustomerOut.model_fields if name not in ("status", "used_bytes", "remaining_bytes")]


def shown(rows: Sequence[Customer]) -> list[CustomerOut]:
    """In one statement for all of them."""
    used = allowances(session(), tenant_id(), [customer.id for customer in rows], now())
    return [_shown(customer, used[customer.id]) for customer in rows]


def shown_one(customer: Customer) -> CustomerOut:
    """A customer who was just changed."""
    settle(customer)
    return shown([customer])[0]


def status_of(customer: Customer, moment: datetime) -> str:
    """A suspension goes before expiry: who pays again is still suspended."""
    if customer.status == "active" and customer.expires_at <= moment:
        return "expired"
    return customer.status


def has_status(status: str, moment: datetime) -> ColumnElement[bool]:
    """The same as a condition."""
    expired = or_(Customer.status == "expired", and_(Customer.status == "active", Customer.expires_at <= moment))
    if status == "expired":
        return expired
    return and_(Customer.status == status, ~expired)


def _shown(customer: Customer, used: Allowance) -> CustomerOut:
    columns = {name: getattr(customer, name) for name in _COLUMNS}
    return CustomerOut(
        **columns,
        status=status_of(customer, now()),  # type: ignore[arg-type]
        used_bytes=used.used,
        remaining_bytes=used.remaining,
    )
