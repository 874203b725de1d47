"""Documents and invoice runs, as sent and as shown."""

from __future__ import annotations

from datetime import date, datetime
from typing import Annotated, Any, Literal

from pydantic import Field

from admin_api.web.money import Amount, PositiveAmount
from admin_api.web.pages import Page, PageQuery
from admin_api.web.strict import Day
from admin_api.web.types import Body, Line, Name, RowId, Shown, Whole

DocumentKind = Literal["invoice", "credit_note", "receipt", "proforma"]


class DocumentQuery(PageQuery):
    """Filters; days are those of issue, both included."""

    kind: DocumentKind | None = None
    customer_id: Whole | None = None
    number: Line | None = None
    since: Day | None = None
    until: Day | None = None


class DocumentLineOut(Shown):
    """`net` = `quantity` x `unit_price` / `price_quantity`. Both days are included."""

    line: int
    charge_id: int | None
    description: str
    quantity: int
    unit_price: str
    price_quantity: int
    net: str
    tax_category: str
    tax_rate: str
    period_from: date | None
    period_until: date | None


class DocumentTaxOut(Shown):
    """The tax of one category and rate, rounded once."""

    tax_category: str
    tax_rate: str
    base: str
    tax: str
    exemption_reason: str


class DocumentOut(Shown):
    """`total` + `rounding` is what is owed for it; `open` what of that is not paid or credited."""

    id: int
    kind: DocumentKind
    number: str | None
    issued_at: datetime | None
    issued_on: date
    supply_from: date | None
    supply_to: date | None
    due_on: date | None
    customer_id: int | None
    seller: dict[str, Any]
    buyer: dict[str, Any]
    currency: str
    net: str
    tax: str
    total: str
    rounding: str
    prepaid: str
    open: str
    note: str | None
    corrects: int | None
    corrected_by: list[int]
    payment_id: int | None
    run_id: int | None
    fiscal: dict[str, Any] | None
    hash: str | None
    lines: list[DocumentLineOut]
    taxes: list[DocumentTaxOut]
    actor: str
    created_at: datetime


class DocumentPage(Page):
    items: list[DocumentOut]


class ProformaLine(Body):
    """Something that would be sold."""

    description: Name
    unit_price: Amount
    quantity: Annotated[Whole, Field(ge=1, le=1_000_000)] = 1


class ProformaIn(Body):
    """What it would cost: the lines, or so many further periods of the customer's plan."""

    kind: Literal["proforma"] = "proforma"
    customer_id: RowId
    lines: list[ProformaLine] = Field(default_factory=list, max_length=100)
    periods: Annotated[Whole, Field(ge=1, le=120)] | None = None


class CreditIn(Body):
    """Lines by their numbers, or an amount with its tax; one of both."""

    lines: Annotated[list[Annotated[Whole, Field(ge=1)]], Field(min_length=1, max_length=1000)] | None = None
    amount: PositiveAmount | None = None
    reason: Name


class RunIn(Body):
    """Charges up to that day, included. `dry_run`: only what it would issue."""

    until: Day
    dry_run: bool = False


class PlanShareOut(Shown):
    """Waiting charges of a plan; null: of none."""

    service_plan_id: int | None
    charges: int
    total: str


class RunOut(Shown):
    """`count` customers with what `total`s for them wait; `issued` documents that sum to `issued_total` are done."""

    id: int | None
    until: date
    state: Literal["planned", "issuing", "done"]
    automatic: bool
    count: int
    total: str
    by_plan: list[PlanShareOut]
    issued: int
    issued_total: str
    currency: str
    actor: str
    created_at: datetime | None
    done_at: datetime | None


class RunPage(Page):
    items: list[RunOut]
