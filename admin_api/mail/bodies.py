"""A tenant's mail server, and messages, as sent and as shown."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Literal

from pydantic import Field

from admin_api.web.pages import Page, PageQuery
from admin_api.web.types import Body, Email, Line, Port, RowId, Shown, Text

Security = Literal["starttls", "tls", "none"]
Password = Annotated[Line, Field(min_length=1)]


class MailSettingsIn(Body):
    """All of them; what is left out is set to its default. The password stays where host and username stay."""

    host: Line
    port: Port = 587
    #: `none` goes with no password.
    security: Security = "starttls"
    username: Line | None = None
    password: Password | None = None
    sender: Email
    sender_name: Line = ""
    reply_to: Email | None = None
    text: Text = ""
    #: Documents are sent when they are issued, from now on.
    automatic: bool = False


class MailSettingsOut(Shown):
    """The password is never shown; `has_password` says whether there is one."""

    saved: bool
    host: str | None = None
    port: int | None = None
    security: Security | None = None
    username: str | None = None
    has_password: bool = False
    sender: str | None = None
    sender_name: str = ""
    reply_to: str | None = None
    text: str = ""
    automatic: bool = False


class TestIn(Body):
    """Whom to write to."""

    to: Email


class SendIn(Body):
    """`to`: the customer's own address where it is absent; `again`: even if it was sent there before."""

    to: Email | None = None
    again: bool = False


class MailOut(Shown):
    """`answer`: the server's own words. A message of `unknown_outcome` may have arrived, and is not sent again."""

    id: int
    customer_id: int | None
    document_id: int | None
    recipient: str
    subject: str
    status: Literal["pending", "sending", "sent", "failed"]
    error: str | None
    answer: str | None
    attempts: int
    next_attempt_at: datetime
    created_at: datetime
    done_at: datetime | None


class MailPage(Page):
    items: list[MailOut]


class MailQuery(PageQuery):
    """Filters of the list."""

    customer_id: RowId | None = None
    document_id: RowId | None = None
    status: Literal["pending", "sending", "sent", "failed"] | None = None
