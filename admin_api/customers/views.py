"""Customers as they are shown: with what they used, and as expired as soon as they are."""

from __future__ import annotations

from collections.abc import Sequence

from admin_api.customers.bodies import CustomerOut
from admin_api.web.database import now, session, settle, tenant_id
from admin_api.web.money import shown_amount
from models import Customer
from models.money.pay_reference import pay_reference
from models.subscriptions.allowance import Allowance, allowances
from models.subscriptions.status import shown_expiry, shown_status

_WORKED_OUT = (
    "status",
    "expires_at",
    "used_bytes",
    "remaining_bytes",
    "uncounted_bytes",
    "used_seconds",
    "remaining_seconds",
    "pay_reference",
    "credit_limit",
    "suspended_for",
)
_COLUMNS = [name for name in CustomerOut.model_fields if name not in _WORKED_OUT]


def shown(rows: Sequence[Customer]) -> list[CustomerOut]:
    """In one statement for all of them."""
    used = allowances(session(), tenant_id(), [customer.id for customer in rows], now())
    return [_shown(customer, used[customer.id]) for customer in rows]


def shown_one(customer: Customer) -> CustomerOut:
    """A customer who has just been changed."""
    settle(customer)
    return shown([customer])[0]


def _shown(customer: Customer, used: Allowance) -> CustomerOut:
    columns = {name: getattr(customer, name) for name in _COLUMNS}
    return CustomerOut(
        **columns,
        status=shown_status(customer.status, customer.expires_at, now()),  # type: ignore[arg-type]
        expires_at=shown_expiry(customer),
        pay_reference=pay_reference(customer.id),
        credit_limit=None if customer.credit_limit_minor is None else shown_amount(customer.credit_limit_minor),
        suspended_for="operator" if customer.status == "suspended" else None,
        used_bytes=used.used,
        remaining_bytes=used.remaining,
        uncounted_bytes=used.uncounted,
        used_seconds=used.seconds,
        remaining_seconds=used.seconds_left,
    )
