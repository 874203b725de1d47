"""Reports that people look at: each as JSON, as CSV, and as a chart."""

from __future__ import annotations

from collections import Counter
from datetime import date, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from apiflask import APIBlueprint
from flask import Response

from admin_api.access.authentication import allowed
from admin_api.reports import usage as usage_report
from admin_api.reports.bodies import (
    CustomerUsageOut,
    CustomerUsageRow,
    FormatQuery,
    OnlineOut,
    RefusalsOut,
    ReportQuery,
    TopQuery,
    TopUsersOut,
    TrafficOut,
    TrafficQuery,
    UsageOut,
)
from admin_api.web.charts.axes import every_day, fewer
from admin_api.web.charts.bar_chart import bars, readable
from admin_api.web.csv_rows import csv_response
from admin_api.web.database import lend_to, now, session, tenant, tenant_id
from admin_api.web.errors import refuse
from admin_api.web.route import answers, asks, documents
from models import Customer
from models.accounting import statistics
from models.customers.lookup import customer_id_named

reports = APIBlueprint("reports", __name__, url_prefix="/api/billing/reports", tag="Reports")

_OTHER_FORMS = {200: {"content": {"text/csv": {"schema": {"type": "string"}},
                                  "image/svg+xml": {"schema": {"type": "string"}}}}}  # fmt: skip


@reports.get("/usage/<path:username>")
@documents(responses=_OTHER_FORMS)
@allowed("viewer")
@asks(ReportQuery)
@answers(UsageOut)
def of_customer(username: str, query: ReportQuery) -> dict[str, Any] | Response:
    """A customer's usage: the period, by day, by session"""
    customer_id = customer_id_named(session(), username.strip())
    if customer_id is None:
        refuse(404, "not_found", "There is no customer with this user name.")
    customer = session().get_one(Customer, (tenant_id(), customer_id))
    return usage_report.of_customer(tenant(), customer, query, now())


@reports.get("/usage")
@documents(responses=_OTHER_FORMS)
@allowed("viewer")
@asks(TrafficQuery)
@answers(TrafficOut)
def usage(query: TrafficQuery) -> dict[str, Any] | Response:
    """The ISP's traffic by day or month"""
    since, until = days(query)
    rows = statistics.traffic(session(), tenant_id(), since, until, by_month=query.by == "month")
    if query.format == "csv":
        return csv_response("usage", ("date", "bytes_in", "bytes_out"), rows)
    if query.format == "svg":
        return usage_report.chart(f"Traffic by {query.by}", rows, since, until, by_month=query.by == "month")
    totals = {"bytes_in": sum(row.bytes_in for row in rows), "bytes_out": sum(row.bytes_out for row in rows)}
    return {"since": since, "until": until, "rows": rows, "total_bytes": sum(totals.values())} | totals


@reports.get("/online")
@documents(responses=_OTHER_FORMS)
@allowed("viewer")
@asks(FormatQuery)
@answers(OnlineOut)
def online(query: FormatQuery) -> dict[str, Any] | Response:
    """Who is online now, by device"""
    rows = statistics.online(session(), tenant_id())
    if query.format == "csv":
        return csv_response("online", ("device_id", "device", "sessions"), rows)
    if query.format == "svg":
        names = [row.device or "(gone)" for row in rows]
        return bars(*fewer("Online now", names, {"sessions": [row.sessions for row in rows]}))
    return {"online_sessions": sum(row.sessions for row in rows), "rows": rows}


@reports.get("/refusals")
@documents(responses=_OTHER_FORMS)
@allowed("viewer")
@asks(ReportQuery)
@answers(RefusalsOut)
def refusals(query: ReportQuery) -> dict[str, Any] | Response:
    """Refused logins by day and reason"""
    since, until = days(query)
    rows = statistics.refusals(session(), tenant_id(), ZoneInfo(tenant().timezone), since, until)
    if query.format == "csv":
        return csv_response("refusals", ("date", "code", "times"), rows)
    by_code: Counter[str] = Counter()
    for row in rows:
        by_code[row.code] += row.times
    if query.format == "svg":
        return _refusal_chart(rows, list(by_code), every_day(since, until))
    return {"since": since, "until": until, "by_code": dict(by_code.most_common()), "rows": rows}


@reports.get("/top-users")
@documents(responses=_OTHER_FORMS)
@allowed("viewer")
@asks(TopQuery)
@answers(TopUsersOut)
def top_users(query: TopQuery) -> dict[str, Any] | Response:
    """Who moved most"""
    since, until = days(query)
    rows = statistics.top_users(session(), tenant_id(), since, until, query.limit)
    if query.format == "csv":
        return csv_response("top-users", ("customer_id", "username", "bytes_in", "bytes_out"), rows)
    if query.format == "svg":
        names = [row.username or f"(gone) {row.customer_id}" for row in rows]
        series = {"download": [row.bytes_out for row in rows], "upload": [row.bytes_in for row in rows]}
        return bars(*fewer("Top users", names, series), shown=readable)
    shown = [row._asdict() | {"total_bytes": row.bytes_in + row.bytes_out} for row in rows]
    return {"since": since, "until": until, "rows": shown}


@reports.get("/usage-by-customer")
@documents(responses=_OTHER_FORMS)
@allowed("viewer")
@asks(ReportQuery)
@answers(CustomerUsageOut)
def usage_by_customer(query: ReportQuery) -> dict[str, Any] | Response:
    """What each customer moved, those who moved nothing among them"""
    since, until = days(query)
    rows = statistics.usage_by_customer(session(), tenant_id(), since, until)
    if query.format == "csv":
        lines = ((*row, row.bytes_in + row.bytes_out) for row in rows)
        return lend_to(csv_response("usage-by-customer", tuple(CustomerUsageRow.model_fields), lines))
    if query.format == "svg":
        most = sorted(rows, key=lambda row: -(row.bytes_in + row.bytes_out))
        names = [row.username or f"(gone) {row.customer_id}" for row in most]
        series = {"download": [row.bytes_out for row in most], "upload": [row.bytes_in for row in most]}
        return bars(*fewer("Usage by customer", names, series), shown=readable)
    shown = [row._asdict() | {"total_bytes": row.bytes_in + row.bytes_out} for row in rows]
    return {"since": since, "until": until, "rows": shown}


def days(query: ReportQuery) -> tuple[date, date]:
    """The days of the query, or the last 31."""
    until = query.until or now().astimezone(ZoneInfo(tenant().timezone)).date()
    since = query.since or max(until, date(1970, 2, 1)) - timedelta(days=30)
    usage_report.check_days(since, until)
    return since, until


def _refusal_chart(rows: list[statistics.Refusals], codes: list[str], places: list[date]) -> Response:
    times = {(row.date, row.code): row.times for row in rows}
    series = {code: [times.get((day, code), 0) for day in places] for code in codes}
    return bars("Refused logins", [day.isoformat() for day in places], series)
