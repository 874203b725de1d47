"""Customers, as sent and as shown."""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal
from typing import Annotated, Any, Literal

from pydantic import Field

from admin_api.web.money import Amount, PayIn, minor_of, shown_amount
from admin_api.web.pages import Page, PageQuery
from admin_api.web.strict import EndMoment, Query, Strict
from admin_api.web.types import (
    Address,
    Body,
    CustomerPassword,
    Email,
    Gigabytes,
    HostAddress,
    Line,
    MacAddress,
    RowId,
    Shown,
    Text,
    Username,
    Wanted,
    Whole,
    unchanged,
)
from models import Subscription

Status = Literal["active", "suspended", "expired"]
Billing = Literal["prepaid", "postpaid"]
#: BCP 47, as far as documents need it: `en`, `pt-BR`, `zh-Hant`.
Language = Annotated[str, Field(pattern=r"^[a-z]{2,3}(-[A-Za-z0-9]{2,8}){0,3}$")]
Storage = Literal["encrypted", "nt_password", "ssha512"]
PeriodStatus = Literal["past", "running", "ahead", "undone"]
Sort = Literal[
    "id", "username", "full_name", "expires_at", "created_at",
    "-id", "-username", "-full_name", "-expires_at", "-created_at",
]  # fmt: skip


class _Customer(Body):
    """What new and changed customers share: the way of amounts into the table's columns."""

    def columns(self) -> dict[str, Any]:
        """The fields as columns of the table: all of a new customer's, and the given ones of a change."""
        fields = self.model_dump() if isinstance(self, CustomerIn) else self.given()
        if "credit_limit" in fields:
            limit = fields.pop("credit_limit")
            fields["credit_limit_minor"] = None if limit is None else minor_of(limit, "credit_limit")
        return fields


class CustomerIn(_Customer):
    """A new customer. `username` defaults to the e-mail, `expires_at` to one period of the plan: from now, or from the
    first login where the plan's clock says so.
    """

    full_name: Line | None = None
    email: Email | None = None
    phone: Line | None = None
    address: Text | None = None
    #: Null is the explicit wish for none.
    service_plan_id: RowId | None
    password: CustomerPassword
    username: Username | None = None
    status: Status = "active"
    expires_at: EndMoment | None = None
    static_ip: HostAddress | None = None
    mac_address: MacAddress | None = None
    credential_storage: Storage | None = None
    billing: Billing = "prepaid"
    auto_renew: bool = False
    tax_id: Line | None = None
    language: Language | None = None
    credit_limit: Amount | None = None


class CustomerChange(_Customer):
    """The fields that are given change. A plan change keeps the period's usage."""

    full_name: Line | None = None
    email: Email | None = None
    phone: Line | None = None
    address: Text | None = None
    service_plan_id: RowId | None = None
    password: CustomerPassword = unchanged()
    username: Username = unchanged()
    status: Status = unchanged()
    expires_at: EndMoment = unchanged()
    static_ip: HostAddress | None = None
    mac_address: MacAddress | None = None
    credential_storage: Storage | None = None
    billing: Billing = unchanged()
    auto_renew: bool = unchanged()
    tax_id: Line | None = None
    language: Language | None = None
    credit_limit: Amount | None = None


class RenewIn(PayIn):
    """How many periods of the customer's plan are paid, and whether they follow the paid ones or begin now."""

    periods: Annotated[Whole, Field(ge=1, le=120)] = 1
    begin: Literal["end", "now"] = Field(default="end", alias="from")


class TopupIn(PayIn):
    """Data on top of the plan's, until the current period ends; GB of 10^9 bytes."""

    data_gb: Annotated[Gigabytes, Field(gt=0)]
    price: Amount = Decimal(0)


class TopupOut(Shown):
    """Data that was bought."""

    id: int
    customer_id: int
    data_bytes: int
    period_start: datetime
    created_at: datetime


class TopupPage(Page):
    items: list[TopupOut]


class PeriodOut(Shown):
    """A paid period. `undone`: taken back, and kept because something of it had been used."""

    id: int
    customer_id: int
    service_plan_id: int | None
    price: str
    period_start: datetime
    period_end: datetime
    status: PeriodStatus
    created_at: datetime

    @classmethod
    def of(cls, row: Subscription, now: datetime) -> PeriodOut:
        """As it stands at that moment."""
        columns = {name: getattr(row, name) for name in cls.model_fields if name not in ("status", "price")}
        return cls(**columns, price=shown_amount(row.price_minor), status=_status(row, now))


def _status(period: Subscription, now: datetime) -> PeriodStatus:
    if period.undone_at is not None:
        return "undone"
    if period.period_start > now:
        return "ahead"
    return "past" if period.period_end <= now else "running"


class PeriodPage(Page):
    items: list[PeriodOut]


class CustomerOut(Shown):
    """A customer; `used_bytes` and `remaining_bytes` (null: no cap) are of the current period, and so are
    `uncounted_bytes` (traffic of hours that do not count, no part of `used_bytes`) and the seconds online.

    `not_started`: the first period begins with the first login, and `expires_at` is null until then.
    """

    id: int
    isp_id: int
    username: str
    full_name: str | None
    email: str | None
    phone: str | None
    address: str | None
    service_plan_id: int | None
    status: Status
    not_started: bool
    expires_at: datetime | None
    static_ip: Address | None
    mac_address: str | None
    credential_storage: Storage | None
    billing: Billing
    auto_renew: bool
    pay_reference: str
    tax_id: str | None
    language: str | None
    credit_limit: str | None
    suspended_for: Literal["operator", "debt"] | None
    next_service_plan_id: int | None
    used_bytes: int
    remaining_bytes: int | None
    uncounted_bytes: int
    used_seconds: int
    remaining_seconds: int | None
    created_at: datetime
    updated_at: datetime


class CustomerPage(Page):
    items: list[CustomerOut]


class ImportQuery(Query):
    """`dry_run=1`: check everything, change nothing."""

    dry_run: bool = False


class CellMessage(Shown):
    """About one cell of an imported table; the header is row 1, and `column` is empty where it is the row."""

    row: int
    column: str
    message: str


class ImportOut(Shown):
    """What an import did, or would do. `warnings`: what was taken, and should be looked at."""

    imported: int
    dry_run: bool
    warnings: list[CellMessage]


class CustomerFilter(Strict):
    """Which customers. `search`: in name, user name, e-mail, phone. `expiring_within`: days from now in which the paid
    time of an active customer ends."""

    search: Wanted | None = None
    status: Status | None = None
    service_plan_id: RowId | None = None
    username: Wanted | None = None
    mac_address: MacAddress | None = None
    expiring_within: Annotated[Whole, Field(ge=0, le=3650)] | None = None


class CustomerQuery(PageQuery, CustomerFilter):
    """Filters of the list of customers. `search`: in name, user name, e-mail, phone. `expiring_within`: days from now
    in which the paid time of an active customer ends."""

    sort: Sort | None = None
    format: Literal["json", "csv"] = "json"
