"""How a tenant bills."""

from __future__ import annotations

import re
from typing import Any

from apiflask import APIBlueprint

from admin_api.access.authentication import allowed
from admin_api.money.bodies import SettingsIn, SettingsOut
from admin_api.web.database import session, tenant, tenant_id
from admin_api.web.errors import invalid
from admin_api.web.route import answers, takes
from models import BillingSettings
from models.money import billing_settings

settings = APIBlueprint("billing_settings", __name__, url_prefix="/api/billing/settings", tag="Money")

_PLAIN = ("seller", "invoicing", "series", "due_days", "dunning", "first_period", "suspension", "api_key_money")
_SERIES = re.compile(r"[^{}]*(\{(year|month)\}[^{}]*)*\{number(:0[1-9])?\}[^{}]*(\{(year|month)\}[^{}]*)*")


@settings.get("")
@allowed("viewer")
@answers(SettingsOut)
def read() -> dict[str, Any]:
    """Read the billing settings; those of a tenant that has saved none are the defaults"""
    return _shown(billing_settings.read(session(), tenant_id()))


@settings.put("")
@allowed("admin")
@takes(SettingsIn)
@answers(SettingsOut, message="Billing settings saved.")
def save(body: SettingsIn) -> dict[str, Any]:
    """Save the billing settings: from now on periods are charged"""
    if not _SERIES.fullmatch(body.series):
        invalid("series", "must hold {number} once, and may hold {year} and {month}, as in INV-{year}-{number:05}")
    values = body.model_dump()
    tax = values.pop("tax")
    values |= {f"tax_{name}": value for name, value in tax.items()}
    return _shown(billing_settings.save(session(), tenant_id(), values))


def _shown(row: BillingSettings | None) -> dict[str, Any]:
    currency = {"currency": tenant().currency}
    if row is None:
        return SettingsIn().model_dump() | currency | {"saved": False}
    tax = {"name": row.tax_name, "rate": row.tax_rate, "inclusive": row.tax_inclusive, "category": row.tax_category}
    return {name: getattr(row, name) for name in _PLAIN} | currency | {"saved": True, "tax": tax}
