"""How a tenant bills; until it has saved that, nothing is owed."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any

from sqlalchemy import Date, Select, cast, func, select
from sqlalchemy.orm import Session

from models.audit_trail import record, snapshot
from models.tables.isps import BillingSettings, Isp


@dataclass(frozen=True)
class Tax:
    """One rate. `rate` is in thousandths of a percent, `percent` as it is shown."""

    category: str
    percent: Decimal
    inclusive: bool

    @property
    def rate(self) -> int:
        return int(self.percent * 1000)


NO_TAX = Tax("O", Decimal(0), inclusive=False)


def read(session: Session, isp_id: int) -> BillingSettings | None:
    """None: the tenant has not saved any."""
    settings = session.get(BillingSettings, isp_id)
    # A session forgets what nobody holds, and every step of a sale asks.
    session.info.setdefault("billing_settings", {})[isp_id] = settings
    return settings


def tax_of(settings: BillingSettings | None) -> Tax:
    """What is added to (or contained in) the tenant's prices."""
    if settings is None:
        return NO_TAX
    return Tax(settings.tax_category, settings.tax_rate, settings.tax_inclusive)


def save(session: Session, isp_id: int, values: dict[str, Any]) -> BillingSettings:
    """The tenant's settings become the given ones. They hold for what is charged from now on.

    So does invoicing: what was charged before it was chosen reaches no document.
    """
    settings = read(session, isp_id)
    if values.get("invoicing", "none") != "none" and not values.get("invoicing_since"):
        begun = settings.invoicing_since if settings else None
        values = values | {"invoicing_since": begun or session.scalar(_today(isp_id))}
    values = values | _fiscal_since(session, settings, values.get("fiscal_authority"))
    if settings is None:
        settings = BillingSettings(isp_id=isp_id, **values)
        session.add(settings)
        session.flush()
        session.refresh(settings)
        record(session, "create", settings)
        return settings
    before = snapshot(settings)
    for name, value in values.items():
        setattr(settings, name, value)
    session.flush()
    session.refresh(settings)
    record(session, "update", settings, before)
    return settings


def _fiscal_since(session: Session, settings: BillingSettings | None, authority: str | None) -> dict[str, Any]:
    """An authority is told about what is issued from its being chosen on."""
    if authority is None:
        return {"fiscal_since": None}
    same = settings is not None and settings.fiscal_authority == authority
    return {"fiscal_since": settings.fiscal_since if settings and same else session.scalar(select(func.now()))}


def _today(isp_id: int) -> Select[date]:
    return select(cast(func.timezone(Isp.timezone, func.now()), Date)).where(Isp.id == isp_id)
