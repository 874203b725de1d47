"""What a customer's status is at a moment: `expired` as soon as the paid time is over, whatever the row says.

The rules of a login say the same of their facts (radius_module.rules.standing); a test compares the three.
"""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import ColumnElement, and_, or_

from models.tables.customers import Customer


def is_over(status: str, expires_at: datetime, now: datetime) -> bool:
    """Is the paid time over? At the very moment of expires_at it is."""
    return status == "expired" or expires_at <= now


def shown_status(status: str, expires_at: datetime, now: datetime) -> str:
    """A suspension goes before expiry: a customer who pays again is still suspended."""
    return "expired" if status != "suspended" and is_over(status, expires_at, now) else status


def shown_expiry(customer: Customer) -> datetime | None:
    """The end of the paid time; None while the first period waits for the first login."""
    return None if customer.not_started else customer.expires_at


def has_status(status: str, now: datetime) -> ColumnElement[bool]:
    """`shown_status` as a condition on customers."""
    over = or_(Customer.status == "expired", and_(Customer.status == "active", Customer.expires_at <= now))
    return over if status == "expired" else and_(Customer.status == status, ~over)
