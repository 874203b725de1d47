"""What a tenant's books rest on: currency and time zone stay once there is a transfer."""

from __future__ import annotations

from datetime import date
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from models.money import ledger
from models.money.currencies import digits, may_begin
from models.refusals import Invalid, Refused
from models.tables.isps import Isp
from models.tables.plans import ServicePlan


def check_currency(code: str, today: date) -> None:
    """A tenant begins with a currency that is there."""
    if not may_begin(code, today):
        raise Invalid("currency", "must be a currency of ISO 4217 that is in use")


def change_terms(session: Session, isp: Isp, changes: dict[str, Any], today: date) -> None:
    """Before a tenant is changed: refuse what the books rest on; carry prices over to a currency of other digits."""
    for name in ("currency", "timezone"):
        if changes.get(name, getattr(isp, name)) != getattr(isp, name) and ledger.has_transfers(session, isp.id):
            raise Refused("books_begun", f"The books have begun: the {name} stays.")
    currency = changes.get("currency", isp.currency)
    if currency != isp.currency:
        check_currency(currency, today)
        _carry_prices(session, isp, digits(currency) - digits(isp.currency))


def _carry_prices(session: Session, isp: Isp, places: int) -> None:
    """12.50 stays 12.50; where the new currency has no such amount, nothing is rounded, and the change is refused."""
    for plan in session.scalars(select(ServicePlan).where(ServicePlan.isp_id == isp.id)):
        if places >= 0:
            plan.price_minor *= 10**places
            continue
        price, rest = divmod(plan.price_minor, 10**-places)
        if rest:
            raise Invalid("currency", f"has fewer decimals than the price of plan {plan.id}: change that first")
        plan.price_minor = price
