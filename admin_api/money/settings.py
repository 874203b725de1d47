"""How a tenant bills."""

from __future__ import annotations

from typing import Any

from apiflask import APIBlueprint
from stdnum import bic, iban

from admin_api.access.authentication import allowed
from admin_api.money.bodies import SettingsIn, SettingsOut
from admin_api.web.database import session, tenant, tenant_id
from admin_api.web.errors import invalid
from admin_api.web.route import answers, takes
from models import BillingSettings
from models.money import billing_settings
from models.money.documents import numbers, parties

settings = APIBlueprint("billing_settings", __name__, url_prefix="/api/billing/settings", tag="Money")

_SERIES = ("series", "credit_note_series", "receipt_series")
_PLAIN = ("seller", "invoicing", "invoicing_since", *_SERIES, "look", "fiscal_authority", "due_days", "dunning",
          "first_period", "suspension", "api_key_money")  # fmt: skip


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
    """Save the billing settings: from now on periods are charged

    Where documents are wanted (`invoicing`), what a document needs of the seller and the tax must be there.
    """
    for field in _SERIES:
        numbers.check_pattern(getattr(body, field), field)
    if len({getattr(body, field) for field in _SERIES}) < len(_SERIES):
        invalid("series", "must differ from the patterns of credit notes and receipts")
    values = body.model_dump()
    tax = values.pop("tax")
    values |= {f"tax_{name}": value for name, value in tax.items()}
    _check_bank(values["seller"])
    if values["invoicing_since"] is None:
        del values["invoicing_since"]
    row = billing_settings.save(session(), tenant_id(), values)
    if row.invoicing != "none":
        parties.check_complete(row)
    return _shown(row)


def _check_bank(seller: dict[str, Any]) -> None:
    """A wrong digit would send the money of everybody who types it nowhere."""
    if seller["iban"]:
        seller["iban"] = iban.compact(seller["iban"])
        if not iban.is_valid(seller["iban"], check_country=False):
            invalid("seller.iban", "is no IBAN")
    if seller["bic"] and not bic.is_valid(seller["bic"]):
        invalid("seller.bic", "is no BIC")


def _shown(row: BillingSettings | None) -> dict[str, Any]:
    currency = {"currency": tenant().currency}
    if row is None:
        return SettingsIn().model_dump() | currency | {"saved": False}
    tax = {name: getattr(row, f"tax_{name}") for name in ("name", "rate", "inclusive", "category", "exemption_reason")}
    return {name: getattr(row, name) for name in _PLAIN} | currency | {"saved": True, "tax": tax}
