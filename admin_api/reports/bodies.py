"""Reports, as asked for and as shown."""

from __future__ import annotations

from datetime import date, datetime
from typing import Annotated, Literal

from pydantic import Field

from admin_api.web.strict import Day, Query
from admin_api.web.types import Address, Shown, Whole

Format = Literal["json", "csv", "svg"]


class ReportQuery(Query):
    """`since` and `until` are days of the ISP's calendar, both included; by default the last 31 of them."""

    since: Day | None = None
    until: Day | None = None
    format: Format = "json"


class FormatQuery(Query):
    """How the report is to look."""

    format: Format = "json"


class TrafficQuery(ReportQuery):
    """Traffic by day or by month."""

    by: Literal["day", "month"] = "day"


class TopQuery(ReportQuery):
    """How many of them."""

    limit: Annotated[Whole, Field(ge=1, le=100)] = 10


class CustomerUsageRow(Shown):
    """A customer's octets; of one who is gone the number is all that is known."""

    customer_id: int
    username: str | None
    full_name: str | None
    plan: str | None
    bytes_in: int
    bytes_out: int
    total_bytes: int


class CustomerUsageOut(Shown):
    """What each customer moved."""

    since: date
    until: date
    rows: list[CustomerUsageRow]


class TrafficRow(Shown):
    """Octets of a day, or of the month that begins on `date`."""

    date: date
    bytes_in: int
    bytes_out: int


class TrafficOut(Shown):
    """A tenant's traffic."""

    since: date
    until: date
    bytes_in: int
    bytes_out: int
    total_bytes: int
    rows: list[TrafficRow]


class RefusalRow(Shown):
    """How often a reason refused a login on a day."""

    date: date
    code: str
    times: int


class RefusalsOut(Shown):
    """Refused logins."""

    since: date
    until: date
    by_code: dict[str, int]
    rows: list[RefusalRow]


class TopUserRow(Shown):
    """`username` is null for a customer who is gone."""

    customer_id: int
    username: str | None
    bytes_in: int
    bytes_out: int
    total_bytes: int


class TopUsersOut(Shown):
    """Who transferred most."""

    since: date
    until: date
    rows: list[TopUserRow]


class OnlineRow(Shown):
    """Open sessions on a device; `device` is null for one that is gone."""

    device_id: int | None
    device: str | None
    sessions: int


class OnlineOut(Shown):
    """Who is online now."""

    online_sessions: int
    rows: list[OnlineRow]


class UsageSession(Shown):
    """A session in a customer's report."""

    start: datetime | None
    stop: datetime | None
    bytes_in: int
    bytes_out: int
    framed_ip: Address | None
    framed_ipv6: Address | None
    framed_ipv6_prefix: str | None
    delegated_ipv6_prefix: str | None
    framed_interface_id: str | None
    calling_station_id: str | None
    device: str | None


class UsageOut(Shown):
    """A customer's usage in the current period; `daily` and `sessions` are of the query's days, or the period's."""

    username: str
    bytes_in: int
    bytes_out: int
    total_bytes: int
    data_limit_bytes: int | None
    remaining_bytes: int | None
    #: What of the total came in hours that do not count.
    uncounted_bytes: int
    used_seconds: int
    remaining_seconds: int | None
    period_start: datetime
    #: Null while the first period waits for the first login.
    period_end: datetime | None
    daily: list[TrafficRow]
    sessions: list[UsageSession]
