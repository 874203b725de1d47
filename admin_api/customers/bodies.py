"""Customers, as sent and as shown."""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal
from typing import Annotated, Literal

from pydantic import BaseModel, Field

from admin_api.web.money import Amount, PayIn
from admin_api.web.pages import Page, PageQuery
from admin_api.web.types import (
    Address,
    Body,
    CustomerPassword,
    Email,
    Gigabytes,
    HostAddress,
    Line,
    MacAddress,
    Moment,
    RowId,
    Shown,
    Text,
    Username,
    Wanted,
    unchanged,
)

Status = Literal["active", "suspended", "expired"]
Storage = Literal["encrypted", "nt_password", "ssha512"]
Sort = Literal[
    "id", "username", "full_name", "expires_at", "created_at",
    "-id", "-username", "-full_name", "-expires_at", "-created_at",
]  # fmt: skip


class CustomerIn(Body):
    """A new customer. `username` defaults to the e-mail, `expires_at` to one period of the plan from now."""

    full_name: Line | None = None
    email: Email | None = None
    phone: Line | None = None
    address: Text | None = None
    service_plan_id: RowId | None = None
    password: CustomerPassword
    username: Username | None = None
    status: Status = "active"
    expires_at: Moment | None = None
    static_ip: HostAddress | None = None
    mac_address: MacAddress | None = None
    credential_storage: Storage | None = None


class CustomerChange(Body):
    """The fields that are given change. A plan change keeps the period's usage."""

    full_name: Line | None = None
    email: Email | None = None
    phone: Line | None = None
    address: Text | None = None
    service_plan_id: RowId | None = None
    password: CustomerPassword = unchanged()
    username: Username = unchanged()
    status: Status = unchanged()
    expires_at: Moment = unchanged()
    static_ip: HostAddress | None = None
    mac_address: MacAddress | None = None
    credential_storage: Storage | None = None


class RenewIn(PayIn):
    """How many periods of the customer's plan are paid."""

    periods: Annotated[int, Field(ge=1, le=120)] = 1


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


class CustomerOut(Shown):
    """A customer; `used_bytes` and `remaining_bytes` (null: no cap) are of the current period."""

    id: int
    isp_id: int
    username: str
    full_name: str | None
    email: str | None
    phone: str | None
    address: str | None
    service_plan_id: int | None
    status: Status
    expires_at: datetime
    static_ip: Address | None
    mac_address: str | None
    credential_storage: Storage | None
    used_bytes: int
    remaining_bytes: int | None
    created_at: datetime
    updated_at: datetime


class CustomerPage(Page):
    items: list[CustomerOut]


class ImportQuery(BaseModel):
    """`dry_run=1`: check everything, change nothing."""

    dry_run: bool = False


class ImportOut(Shown):
    """What an import did, or would do."""

    imported: int
    dry_run: bool


class CustomerQuery(PageQuery):
    """Filters of the list of customers. `search`: in name, user name, e-mail, phone."""

    search: Wanted | None = None
    status: Status | None = None
    service_plan_id: RowId | None = None
    username: Wanted | None = None
    mac_address: MacAddress | None = None
    sort: Sort | None = None
    format: Literal["json", "csv"] = "json"
