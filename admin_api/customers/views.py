"""Customers as they are shown: with what they used, and as expired as soon as they are."""

from __future__ import annotations

from collections.abc import Sequence

from admin_api.customers.bodies import CustomerOut
from admin_api.web.database import now, session, settle, tenant_id
from models import Customer
from models.subscriptions.allowance import Allowance, allowances
from models.subscriptions.status import shown_status

_COLUMNS = [name for name in CustomerOut.model_fields if name not in ("status", "used_bytes", "remaining_bytes")]


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
        used_bytes=used.used,
        remaining_bytes=used.remaining,
    )
