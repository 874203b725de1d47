"""Sessions and logins, as shown."""

from __future__ import annotations

from datetime import datetime
from typing import Literal

from admin_api.web.pages import Page, PageQuery
from admin_api.web.strict import EndMoment, Moment
from admin_api.web.types import Address, AddressOrNetwork, RowId, Shown, Wanted


class SessionOut(Shown):
    """A session; `stop` is null while it is open. bytes_in is what the customer uploaded."""

    id: str
    session_id: str
    customer_id: int | None
    username: str | None
    device_id: int | None
    device: str | None
    start: datetime | None
    last_update: datetime | None
    stop: datetime | None
    seconds: int | None
    bytes_in: int
    bytes_out: int
    framed_ip: Address | None
    framed_ipv6: Address | None
    framed_ipv6_prefix: str | None
    delegated_ipv6_prefix: str | None
    framed_interface_id: str | None
    calling_station_id: str | None
    terminate_cause: str | None
    #: What the device last claimed beyond what the line carries: not billed; null where it did not.
    implausible_bytes_in: int | None
    implausible_bytes_out: int | None


class SessionPage(Page):
    items: list[SessionOut]


class SessionQuery(PageQuery):
    """`status`: `online`, or `past`: over, and running between `since` and `until` (a month at most; by default the
    last day). `framed_ip`: an IPv4 or IPv6 address that the session had, or that lies in a prefix of its own; or a
    network of addresses."""

    status: Literal["online", "past"] = "online"
    username: Wanted | None = None
    device_id: RowId | None = None
    framed_ip: AddressOrNetwork | None = None
    unknown_customer: bool = False
    since: Moment | None = None
    until: EndMoment | None = None


class CustomerSessionQuery(PageQuery):
    """A customer's sessions, the newest first."""

    status: Literal["all", "online", "past"] = "all"


class LoginQuery(PageQuery):
    """Logins of the tenant since that moment (a month ago at most; by default the last day), the newest first.

    Those with names that nobody has are among them.
    """

    code: Wanted | None = None
    username: Wanted | None = None
    device_id: RowId | None = None
    since: Moment | None = None


class LoginOut(Shown):
    """A login and the code that decided it (`accept`, or the refusal's)."""

    id: int
    at: datetime
    username: str
    customer_id: int | None
    device_id: int | None
    nas_ip: Address | None
    calling_station_id: str | None
    accepted: bool
    code: str


class LoginPage(Page):
    items: list[LoginOut]
