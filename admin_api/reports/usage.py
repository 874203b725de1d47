"""A customer's usage report: what was used of the period, day by day and session by session."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from flask import Response
from sqlalchemy import func

from admin_api.reports.bodies import ReportQuery
from admin_api.sessions.views import sessions
from admin_api.web.charts.axes import every_day, every_month, month_name
from admin_api.web.charts.bar_chart import bars, readable
from admin_api.web.csv_rows import csv_response
from admin_api.web.database import session
from admin_api.web.errors import invalid
from models import Customer, Isp, MikrotikDevice, Radacct
from models.accounting import statistics
from models.accounting.statistics import Traffic
from models.subscriptions.allowance import allowances

_COLUMNS = (
    Radacct.acctstarttime.label("start"),
    Radacct.acctstoptime.label("stop"),
    Radacct.acctinputoctets.label("bytes_in"),
    Radacct.acctoutputoctets.label("bytes_out"),
    Radacct.framedipaddress.label("framed_ip"),
    Radacct.framedipv6address.label("framed_ipv6"),
    Radacct.framedipv6prefix.label("framed_ipv6_prefix"),
    Radacct.delegatedipv6prefix.label("delegated_ipv6_prefix"),
    Radacct.framedinterfaceid.label("framed_interface_id"),
    func.nullif(Radacct.callingstationid, "").label("calling_station_id"),
    MikrotikDevice.name.label("device"),
)
#: The newest of the time; a report is read by people.
_MOST_SESSIONS = 500
_LONGEST = timedelta(days=1100)


def of_customer(isp: Isp, customer: Customer, query: ReportQuery, now: datetime) -> dict[str, Any] | Response:
    """The report in the wanted form. The days are the period's, or those of the query."""
    used = allowances(session(), isp.id, [customer.id], now)[customer.id]
    zone = ZoneInfo(isp.timezone)
    since = query.since or used.period_start.astimezone(zone).date()
    until = query.until or max(since, min(now, used.period_end or now).astimezone(zone).date())
    check_days(since, until)
    daily = statistics.traffic(session(), isp.id, since, until, customer_id=customer.id)
    if query.format == "csv":
        return csv_response("usage", ("date", "bytes_in", "bytes_out"), daily)
    if query.format == "svg":
        return chart(f"Traffic of {customer.username}", daily, since, until)
    return {
        "username": customer.username,
        "bytes_in": used.bytes_in,
        "bytes_out": used.bytes_out,
        "total_bytes": used.total,
        "data_limit_bytes": used.limit,
        "remaining_bytes": used.remaining,
        "uncounted_bytes": used.uncounted,
        "used_seconds": used.seconds,
        "remaining_seconds": used.seconds_left,
        "period_start": used.period_start,
        "period_end": used.period_end,
        "daily": daily,
        "sessions": [dict(row) for row in _sessions(customer, zone, since, until)],
    }


def check_days(since: date, until: date) -> None:
    """Ends the request where the days are no time to report about."""
    if not timedelta(0) <= until - since <= _LONGEST or since.year < 1970 or until.year >= 3000:
        invalid("since", "must not lie after until, nor more than three years before it")


def chart(title: str, rows: Sequence[Traffic], since: date, until: date, *, by_month: bool = False) -> Response:
    """Download and upload, one on top of the other; a day without traffic is an empty place."""
    moved = {row.date: row for row in rows}
    places = every_month(since, until) if by_month else every_day(since, until)
    moments = [moved.get(place, Traffic(place, 0, 0)) for place in places]
    series = {"download": [row.bytes_out for row in moments], "upload": [row.bytes_in for row in moments]}
    return bars(title, [month_name(day) if by_month else day.isoformat() for day in places], series, shown=readable)


def _sessions(customer: Customer, zone: ZoneInfo, since: date, until: date) -> Sequence[Any]:
    """Those that were open in that time, the newest first."""
    begin, end = statistics.moments(zone, since, until)
    ended_before = Radacct.acctstoptime < begin
    query = sessions().where(Radacct.customer_id == customer.id, Radacct.acctstarttime < end, ended_before.is_not(True))
    # Columns, not rows of the model: a fifth of the work where there are hundreds.
    columns = query.with_only_columns(*_COLUMNS, maintain_column_froms=True)
    return session().execute(columns.limit(_MOST_SESSIONS)).mappings().all()
