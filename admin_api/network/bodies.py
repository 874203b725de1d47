"""Requests to devices, as shown."""

from __future__ import annotations

from datetime import datetime
from typing import Literal

from admin_api.web.pages import Page, PageQuery
from admin_api.web.types import RowId, Shown

Status = Literal["pending", "sent", "done", "failed"]
Kind = Literal["coa", "disconnect"]
Reason = Literal[
    "suspended", "isp_suspended", "expired", "quota_exceeded", "throttled", "topup", "renewed", "plan_changed",
    "too_many_sessions", "password_changed", "deleted", "device_removed", "by_hand", "time_of_day",
    "time_used_up",
]  # fmt: skip


class RequestOut(Shown):
    """One request about one session; without one it is an event that no session has been looked up for yet.

    `sent`: the device has answered yes; `done`: accounting shows the effect; `failed`: see `error`, where `superseded`
    says that it was no longer wanted. `error_cause` is the device's Error-Cause (RFC 5176).
    """

    id: int
    kind: Kind
    reason: str
    customer_id: int | None
    device_id: int | None
    session_id: str | None
    username: str | None
    status: Status
    error: str | None
    error_cause: int | None
    attempts: int
    created_at: datetime
    sent_at: datetime | None
    done_at: datetime | None


class RequestPage(Page):
    items: list[RequestOut]


class RequestQuery(PageQuery):
    """The newest first."""

    customer_id: RowId | None = None
    device_id: RowId | None = None
    status: Status | None = None
    reason: Reason | None = None


class RequestsMade(Shown):
    """Ids of the requests: one a session."""

    requests: list[int]
