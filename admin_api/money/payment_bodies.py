"""Payments, drawers and reports, as sent and as shown."""

from __future__ import annotations

from datetime import date, datetime
from typing import Annotated, Literal

from pydantic import Field, model_validator

from admin_api.web.money import Amount, PositiveAmount
from admin_api.web.pages import Page, PageQuery
from admin_api.web.strict import Day, Moment, Query
from admin_api.web.types import Body, Line, Name, RowId, Shown, Text, Whole

Method = Literal["cash", "bank", "mpesa", "stripe", "agent", "other"]
#: What is booked by hand; the others come from gateways.
ByHand = Literal["cash", "bank", "mpesa", "agent", "other"]
State = Literal["pending", "unknown", "confirmed", "failed", "reversed"]
Reference = Annotated[str, Field(min_length=1, max_length=200)]


class PaymentIn(Body):
    """Money that came in. With neither customer nor reference of one it waits in suspense."""

    customer_id: RowId | None = None
    pay_reference: Reference | None = None
    amount: PositiveAmount
    method: ByHand
    reference: Reference | None = None
    received_at: Moment | None = None
    note: Text | None = None

    @model_validator(mode="after")
    def _one_customer(self) -> PaymentIn:
        if self.customer_id is not None and self.pay_reference is not None:
            raise ValueError("give customer_id or pay_reference, not both")
        return self


class PaymentChange(Body):
    """Why; it stays in the books."""

    reason: Name


class RefundIn(PaymentChange):
    """How much goes back."""

    amount: PositiveAmount


class AssignIn(Body):
    """Whose money it is."""

    customer_id: RowId


class AllocationOut(Shown):
    """So much of the payment paid so much of a charge."""

    charge_id: int
    amount: str


class PaymentOut(Shown):
    """A payment; `unallocated` is the part of it that has paid nothing yet."""

    id: int
    customer_id: int | None
    pay_reference: str | None
    amount: str
    refunded: str
    method: Method
    reference: str | None
    received_at: datetime
    state: State
    note: str | None
    drawer_id: int | None
    allocations: list[AllocationOut]
    unallocated: str
    actor: str
    created_at: datetime


class PaymentPage(Page):
    items: list[PaymentOut]


class PaymentQuery(PageQuery):
    """Filters of the list of payments; `suspense`: those that nobody is known for."""

    customer_id: RowId | None = None
    method: Method | None = None
    state: State | None = None
    reference: Reference | None = None
    suspense: bool = False


class DrawerOut(Shown):
    """`held` is what must be in an open drawer; a closed one has what was expected and counted."""

    id: int
    operator: str
    opened_at: datetime
    closed_at: datetime | None
    held: str
    expected: str | None
    counted: str | None
    note: str | None


class DrawerPage(Page):
    items: list[DrawerOut]


class CountIn(Body):
    """What was counted."""

    counted: Amount
    note: Text | None = None


class MoneyReportQuery(Query):
    """Days of the ISP's calendar, both included; by default this month and the eleven before."""

    since: Day | None = None
    until: Day | None = None
    format: Literal["json", "csv", "svg"] = "json"


class ExpiringQuery(Query):
    """How many days ahead."""

    days: Annotated[Whole, Field(ge=1, le=366)] = 7
    format: Literal["json", "csv", "svg"] = "json"


class FormatQuery(Query):
    """How the report is to look."""

    format: Literal["json", "csv", "svg"] = "json"


class ReportOut(Shown):
    """Rows of a report; amounts are decimal text."""

    currency: str
    since: date | None = None
    until: date | None = None
    rows: list[dict[str, Line | int | bool | None]]
