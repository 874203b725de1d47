"""ISPs, as sent and as shown."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Literal

from pydantic import Field

from admin_api.web.pages import Page
from admin_api.web.types import (
    ApiKey,
    Body,
    Currency,
    Email,
    IspRadiusSecret,
    Line,
    Name,
    Shown,
    TimeZone,
    Whole,
    unchanged,
)

Status = Literal["active", "suspended"]
Storage = Literal["encrypted", "nt_password", "ssha512"]
StaleHours = Annotated[Whole, Field(ge=0, le=8760)]
RetentionMonths = Annotated[Whole, Field(ge=1, le=1200)]
#: Who changes something should not be able to let the trace of it vanish at once.
AuditMonths = Annotated[Whole, Field(ge=3, le=1200)]
RetentionDays = Annotated[Whole, Field(ge=7, le=36_500)]


class IspIn(Body):
    """A new ISP. The server makes the two secrets where they are absent or `auto-generated`."""

    name: Name
    company_name: Line | None = None
    email: Email | None = None
    api_key: ApiKey | None = None
    radius_secret: IspRadiusSecret | None = None
    timezone: TimeZone = "UTC"
    currency: Currency = "USD"
    status: Status = "active"
    max_stale_hours: StaleHours = 72
    retention_months: RetentionMonths = 24
    login_retention_months: RetentionMonths | None = None
    audit_retention_months: AuditMonths = 24
    request_retention_days: RetentionDays = 90
    quarantine_retention_days: RetentionDays = 365
    credential_storage: Storage = "encrypted"


class IspChange(Body):
    """The fields that are given change. `status` is a superadmin's."""

    name: Name = unchanged()
    company_name: Line | None = None
    email: Email | None = None
    radius_secret: IspRadiusSecret = unchanged()
    timezone: TimeZone = unchanged()
    currency: Currency = unchanged()
    status: Status = unchanged()
    max_stale_hours: StaleHours = unchanged()
    retention_months: RetentionMonths = unchanged()
    login_retention_months: RetentionMonths | None = None
    audit_retention_months: AuditMonths = unchanged()
    request_retention_days: RetentionDays = unchanged()
    quarantine_retention_days: RetentionDays = unchanged()
    credential_storage: Storage = unchanged()


class IspOut(Shown):
    """An ISP. Its secrets are shown when they are made, and never again."""

    id: int
    name: str
    company_name: str | None
    email: str | None
    timezone: str
    currency: str
    status: Status
    max_stale_hours: int
    retention_months: int
    login_retention_months: int | None
    audit_retention_months: int
    request_retention_days: int
    quarantine_retention_days: int
    credential_storage: Storage
    created_at: datetime
    updated_at: datetime


class IspMade(IspOut):
    """A new ISP with its secrets, for the only time."""

    api_key: str
    radius_secret: str


class IspKey(IspOut):
    """An ISP with its new API key, for the only time."""

    api_key: str


class IspPage(Page):
    items: list[IspOut]
