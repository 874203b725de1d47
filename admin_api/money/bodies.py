"""Accounts, charges and purchases, as sent and as shown. Amounts are decimal text in the tenant's currency."""

from __future__ import annotations

from datetime import date, datetime
from decimal import Decimal
from typing import Annotated, Literal

from pydantic import Field

from admin_api.web.money import Amount, PayIn, SignedAmount
from admin_api.web.pages import Page, PageQuery
from admin_api.web.strict import Day, Query
from admin_api.web.types import Body, Exact, Gigabytes, Line, Name, RowId, Shown, Text, Whole, unchanged

Percent = Annotated[Exact, Field(ge=0, lt=100, max_digits=6, decimal_places=3)]
#: UNCL5305, as EN 16931 uses it.
TaxCategory = Literal["S", "Z", "E", "AE", "K", "G", "O", "L", "M"]
ChargeKind = Literal["period", "topup", "fee", "addon", "late_fee", "adjustment"]


class Seller(Body):
    """Who sells, as documents name them."""

    name: Line = ""
    address: Text = ""
    city: Line = ""
    postcode: Line = ""
    country: Annotated[str, Field(pattern="^([A-Z]{2})?$")] = ""
    tax_id: Line | None = None
    vat_id: Line | None = None
    email: Line | None = None
    phone: Line | None = None
    iban: Line | None = None
    bic: Line | None = None


class TaxTerms(Body):
    """One tax, in percent; `inclusive`: prices hold it; `exemption_reason`: why there is none, as documents say."""

    name: Line = ""
    rate: Percent = Decimal(0)
    inclusive: bool = False
    category: TaxCategory = "S"
    exemption_reason: Annotated[str, Field(max_length=500)] = ""


class LookOfPages(Body):
    """What a tenant chooses about its documents; `logo` is PNG or JPEG in base64, of at most 200 kB."""

    colour: Annotated[str, Field(pattern="^#[0-9a-fA-F]{6}$")] = "#1f4e79"
    text: Text = ""
    footer: Text = ""
    logo: Annotated[str, Field(max_length=280_000)] = ""


class DunningStep(Body):
    """What happens so many days after something fell due; weekdays 1 (Monday) to 7."""

    after_days: Annotated[Whole, Field(ge=0, le=365)]
    action: Literal["notice", "throttle", "suspend", "late_fee", "close"]
    weekdays: list[Annotated[Whole, Field(ge=1, le=7)]] = Field(default_factory=lambda: [1, 2, 3, 4, 5, 6, 7])


class SettingsIn(Body):
    """All of a tenant's billing settings; what is left out is set to its default."""

    seller: Seller = Field(default_factory=Seller)
    tax: TaxTerms = Field(default_factory=TaxTerms)
    invoicing: Literal["none", "each_charge", "monthly"] = "none"
    invoicing_since: Day | None = None
    series: Name = "INV-{year}-{number:05}"
    credit_note_series: Name = "CN-{year}-{number:05}"
    receipt_series: Name = "RC-{year}-{number:05}"
    look: LookOfPages = Field(default_factory=LookOfPages)
    fiscal_authority: Literal["reference"] | None = None
    due_days: Annotated[Whole, Field(ge=0, le=365)] = 0
    dunning: list[DunningStep] = Field(default_factory=list, max_length=20)
    first_period: Literal["on_account", "free"] = "on_account"
    suspension: Literal["bill", "pause"] = "bill"
    api_key_money: bool = False


class SettingsOut(Shown):
    """`saved` is false until the tenant has saved them: its periods are given until then."""

    saved: bool
    currency: str
    seller: Seller
    tax: TaxTerms
    invoicing: str
    invoicing_since: date | None
    series: str
    credit_note_series: str
    receipt_series: str
    look: LookOfPages
    fiscal_authority: str | None
    due_days: int
    dunning: list[DunningStep]
    first_period: str
    suspension: str
    api_key_money: bool


class OpenChargeOut(Shown):
    """What of a charge is not paid."""

    charge_id: int
    description: str
    effective_on: date
    total: str
    open: str


class AccountOut(Shown):
    """`credit` above zero is the customer's money, below zero what they owe."""

    customer_id: int
    credit: str
    currency: str
    pay_reference: str
    overdue: str
    overdue_since: date | None
    open_charges: list[OpenChargeOut]
    open_documents: list[int]


class StatementQuery(Query):
    """Days of the ISP's calendar, both included; by default the last 31 of them."""

    since: Day | None = None
    until: Day | None = None
    format: Literal["json", "csv", "pdf"] = "json"


class EntryOut(Shown):
    """`amount` is added to the credit."""

    date: date
    cause: str
    cause_id: int
    description: str
    amount: str
    balance: str


class StatementOut(Shown):
    """A customer's account between two days."""

    since: date
    until: date
    currency: str
    opening: str
    closing: str
    entries: list[EntryOut]


class ChargeIn(Body):
    """A one-off fee, an add-on, or an adjustment, which below zero is a discount."""

    kind: Literal["fee", "addon", "adjustment"] = "fee"
    description: Name
    unit_price: SignedAmount
    quantity: Annotated[Whole, Field(ge=1, le=1_000_000)] = 1


class ReasonIn(Body):
    """Why; it stays in the books."""

    reason: Name


class ChargeOut(Shown):
    """A line of an account. `reversed_by` names the charge that took it back."""

    id: int
    customer_id: int
    kind: ChargeKind
    description: str
    quantity: int
    unit_price: str
    net: str
    tax: str
    total: str
    tax_category: str
    tax_rate: str
    period_start: datetime | None
    period_end: datetime | None
    days: list[int] | None
    given: bool
    reason: str | None
    reverses: int | None
    reversed_by: int | None
    effective_on: date
    actor: str
    created_at: datetime


class ChargePage(Page):
    items: list[ChargeOut]


class ChargeQuery(PageQuery):
    """Filters of a customer's charges."""

    kind: ChargeKind | None = None


class PlanChangeIn(PayIn):
    """`now`: used days are charged, the rest is at the new price; `period_end`: at the next renewal."""

    service_plan_id: RowId
    when: Literal["now", "period_end"] = "now"


class QuoteIn(PayIn):
    """What would be done; the other fields are those of the act."""

    action: Literal["renew", "change_plan", "cancel", "topup"]
    periods: Annotated[Whole, Field(ge=1, le=120)] = 1
    service_plan_id: RowId = unchanged()
    when: Literal["now", "period_end"] = "now"
    data_gb: Annotated[Gigabytes, Field(gt=0)] = unchanged()
    price: Amount = Decimal(0)


class QuoteLine(Shown):
    """A charge; below zero, one that is taken back. `days`: from, until (exclusive), of so many."""

    kind: ChargeKind
    description: str
    quantity: int
    unit_price: str
    days: list[int] | None
    net: str
    tax: str
    total: str
    given: bool
    reason: str | None


class QuoteOut(Shown):
    """What it costs, and what the customer's credit is then."""

    lines: list[QuoteLine]
    total: str
    credit_after: str
    currency: str
