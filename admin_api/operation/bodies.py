"""The audit log, as asked for and as shown."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from admin_api.web.pages import Page, PageQuery
from admin_api.web.strict import EndMoment, Moment
from admin_api.web.types import Address, RowId, Shown, Wanted


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
    until: EndMoment | None = None
