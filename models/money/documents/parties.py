"""Who sells and who buys, as a document keeps them: snapshots, so that no later change of a name changes a document."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from models.money.pay_reference import pay_reference
from models.refusals import Invalid, Refused
from models.tables.customers import Customer
from models.tables.isps import BillingSettings

#: What the API's `seller` holds besides the name.
SELLER = ("name", "address", "city", "postcode", "country", "vat_id", "tax_id", "email", "phone", "iban", "bic")
#: Categories under which no tax is charged, with the words where a tenant has none of its own (EN 16931: BR-E-10 and
#: its siblings want a reason; Z is a rate of zero, which wants none).
WHY_NONE = {
    "E": "Exempt from tax",
    "AE": "Reverse charge",
    "K": "Intra-community supply",
    "G": "Export outside the EU",
    "O": "Not subject to tax",
}
_COUNTRY = re.compile(r"[A-Z]{2}")


def missing(settings: BillingSettings) -> dict[str, str]:
    """Field → what a document needs of it and it has not."""
    seller = settings.seller
    lacks = {
        f"seller.{name}": "is required on documents" for name in ("name", "address", "country") if not seller.get(name)
    }
    if settings.tax_category not in ("O", "E") and not (seller.get("tax_id") or seller.get("vat_id")):
        lacks["seller.tax_id"] = "is required where tax is charged (or vat_id)"
    if settings.tax_category in ("AE", "K", "G") and not seller.get("vat_id"):
        lacks["seller.vat_id"] = "is required in this tax category"
    if settings.tax_category in ("O", "Z", "E", "AE", "K", "G") and settings.tax_rate:
        lacks["tax.rate"] = "must be 0 in this tax category"
    if settings.tax_category == "S" and not settings.tax_rate:
        lacks["tax.category"] = "S wants a rate above 0: Z is a rate of 0, O is outside of the tax"
    return lacks


def check_complete(settings: BillingSettings) -> None:
    """Before documents are chosen: the first thing that is missing, by its field."""
    if not _COUNTRY.fullmatch(settings.seller.get("country") or "XX"):
        raise Invalid("seller.country", "must be two letters of ISO 3166-1, such as KE")
    for field, lack in missing(settings).items():
        raise Invalid(field, lack)


def complete(settings: BillingSettings | None) -> BillingSettings:
    """The settings, where a document can be issued by them."""
    if settings is None:
        raise Refused("no_billing_settings", "Save the billing settings first: documents name the seller and the tax.")
    lacks = missing(settings)
    if lacks:
        raise Refused("settings_incomplete", f"The billing settings lack what a document needs: {', '.join(lacks)}.")
    return settings


def seller_of(settings: BillingSettings) -> dict[str, Any]:
    """As it is kept with a document; what is empty is left out."""
    return {name: settings.seller[name] for name in SELLER if settings.seller.get(name)}


def buyers(session: Session, isp_id: int, ids: Iterable[int], country: str) -> dict[int, dict[str, Any]]:
    """Customer → as a document keeps them; nobody who is gone. They are taken to be in the seller's country."""
    columns = (Customer.id, Customer.full_name, Customer.username, Customer.address, Customer.email, Customer.phone,
               Customer.tax_id, Customer.language)  # fmt: skip
    rows = session.execute(select(*columns).where(Customer.isp_id == isp_id, Customer.id.in_(list(ids))))
    return {row.id: _buyer(row, country) for row in rows}


def _buyer(row: Any, country: str) -> dict[str, Any]:  # noqa: ANN401  # a row of the columns above
    texts = {
        "name": row.full_name or row.username,
        "address": row.address,
        "country": country,
        "email": row.email,
        "phone": row.phone,
        "tax_id": row.tax_id,
        "language": row.language,
        "number": pay_reference(row.id),
    }
    return {name: value for name, value in texts.items() if value}
