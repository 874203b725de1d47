"""Audit log, quarantine and extra RADIUS attributes, as sent and as shown."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any, Literal

from pydantic import Field

from admin_api.web.pages import Page, PageQuery
from admin_api.web.types import Address, Body, Moment, RowId, Shown, Text, Wanted, unchanged

Operator = Literal["=", ":=", "+="]
AttributeName = Annotated[Text, Field(min_length=1, max_length=100)]
AttributeValue = Annotated[Text, Field(min_length=1, max_length=253)]


class AuditOut(Shown):
    """A change: who, what, before and after (only what differs; secrets are masks)."""

    id: int
    isp_id: int | None
    actor: str
    action: str
    resource: str
    resource_id: int | None
    before: dict[str, Any] | None
    after: dict[str, Any] | None
    address: Address | None
    request_id: str | None
    created_at: datetime


class AuditPage(Page):
    items: list[AuditOut]


class AuditQuery(PageQuery):
    """Filters of the audit log."""

    actor: Wanted | None = None
    action: Wanted | None = None
    resource: Wanted | None = None
    resource_id: RowId | None = None
    since: Moment | None = None
    until: Moment | None = None


class QuarantinedOut(Shown):
    """A report that could not be booked: why, and what it says."""

    id: int
    reason: str
    record: dict[str, Any]
    node: str
    received_at: datetime | None
    created_at: datetime


class QuarantinePage(Page):
    items: list[QuarantinedOut]


class AttributeIn(Body):
    """A reply attribute. `=`: unless there is one; `:=`: in place of what there is; `+=`: besides."""

    attribute: AttributeName
    op: Operator = ":="
    value: AttributeValue


class AttributeChange(Body):
    """The fields that are given change."""

    op: Operator = unchanged()
    value: AttributeValue = unchanged()


class AttributeOut(Shown):
    """An operator's own reply attribute."""

    id: int
    attribute: str
    op: str
    value: str
    is_active: bool


class AttributePage(Page):
    items: list[AttributeOut]
