"""Reports about money: each as JSON, as CSV, and as a chart."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Sequence
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

from apiflask import APIBlueprint
from flask import Response

from admin_api.access.authentication import allowed
from admin_api.money.payment_bodies import ExpiringQuery, FormatQuery, MoneyReportQuery, ReportOut
from admin_api.web.charts.axes import every_day, every_month, fewer, month_name
from admin_api.web.charts.bar_chart import bars
from admin_api.web.csv_rows import csv_response
from admin_api.web.database import now, session, tenant, tenant_id
from admin_api.web.errors import invalid
from admin_api.web.money import shown_amount
from admin_api.web.route import answers, asks, documents
from models.money.books import reports
from models.money.charges import local_day

money_reports = APIBlueprint("money_reports", __name__, url_prefix="/api/billing/reports", tag="Reports")

_OTHER_FORMS = {200: {"content": {"text/csv": {"schema": {"type": "string"}},
                                  "image/svg+xml": {"schema": {"type": "string"}}}}}  # fmt: skip
_LONGEST = timedelta(days=3660)
Rows = Sequence[Any]


@money_reports.get("/revenue")
@documents(responses=_OTHER_FORMS)
@allowed("viewer")
@asks(MoneyReportQuery)
@answers(ReportOut)
def revenue(query: MoneyReportQuery) -> dict[str, Any] | Response:
    """What was charged less what was taken back, by month and kind"""
    since, until = _days(query)
    rows = reports.revenue(session(), tenant_id(), since, until)
    months = [month_name(month) for month in every_month(since, until)]
    return _report("Revenue", query.format, rows, ("net", "tax"),
                   lambda row: (month_name(row.month), row.kind, row.net),
                   {"since": since, "until": until}, months)  # fmt: skip


@money_reports.get("/tax")
@documents(responses=_OTHER_FORMS)
@allowed("viewer")
@asks(MoneyReportQuery)
@answers(ReportOut)
def tax(query: MoneyReportQuery) -> dict[str, Any] | Response:
    """Tax by month and rate"""
    since, until = _days(query)
    rows = reports.tax(session(), tenant_id(), since, until)
    months = [month_name(month) for month in every_month(since, until)]
    return _report("Tax", query.format, rows, ("base", "tax"),
                   lambda row: (month_name(row.month), f"{row.category} {row.rate} %", row.tax),
                   {"since": since, "until": until}, months)  # fmt: skip


@money_reports.get("/collections")
@documents(responses=_OTHER_FORMS)
@allowed("viewer")
@asks(MoneyReportQuery)
@answers(ReportOut)
def collections(query: MoneyReportQuery) -> dict[str, Any] | Response:
    """Money that came in and went back, by day and method"""
    since, until = _days(query)
    rows = reports.collections(session(), tenant_id(), since, until)
    return _report("Collections", query.format, rows, ("received", "returned"),
                   lambda row: (str(row.date), row.method, row.received - row.returned),
                   {"since": since, "until": until}, [str(day) for day in every_day(since, until)])  # fmt: skip


@money_reports.get("/aging")
@documents(responses=_OTHER_FORMS)
@allowed("viewer")
@asks(FormatQuery)
@answers(ReportOut)
def aging(query: FormatQuery) -> dict[str, Any] | Response:
    """Who owes how much, by how long ago it was charged"""
    rows = reports.aging(session(), tenant_id(), local_day(tenant(), now()))
    amounts = ("days_0_30", "days_31_60", "days_61_90", "older")
    return _report("Owed", query.format, rows, amounts, lambda row: (row.username or "(gone)", "owed", sum(row[2:])))


@money_reports.get("/expiring")
@documents(responses=_OTHER_FORMS)
@allowed("viewer")
@asks(ExpiringQuery)
@answers(ReportOut)
def expiring(query: ExpiringQuery) -> dict[str, Any] | Response:
    """Whose period ends in the next days, and whether there is money for another"""
    end = now() + timedelta(days=query.days)
    rows = reports.expiring(session(), tenant_id(), now(), end)
    days = every_day(local_day(tenant(), now()), local_day(tenant(), end))
    return _report("Expiring", query.format, rows, ("price", "credit"),
                   lambda row: (str(local_day(tenant(), row.expires_at)), "price", row.price),
                   axis=[str(day) for day in days])  # fmt: skip


def _days(query: MoneyReportQuery) -> tuple[date, date]:
    until = query.until or local_day(tenant(), now())
    since = query.since or date(max(until.year - 1, 1970), until.month, 1)
    if not timedelta(0) <= until - since <= _LONGEST:
        invalid("since", "must not lie after until, nor more than ten years before it")
    return since, until


def _report(
    title: str,
    form: str,
    rows: Rows,
    amounts: tuple[str, ...],
    point: Callable[[Any], tuple[str, str, int]],
    more: dict[str, Any] | None = None,
    axis: Sequence[str] = (),
) -> dict[str, Any] | Response:
    """The rows in the wanted form. `point`: (label, series, minor units) of a row, for the chart.

    `axis`: the labels in their order, also those without a row; none where the rows say what there is.
    """
    if form == "svg":
        return _chart(title, [point(row) for row in rows], axis)
    if form == "csv":
        columns = rows[0]._fields if rows else ("nothing",)
        cells = ([_cell(row, name, amounts) for name in row._fields] for row in rows)
        return csv_response(title.lower(), columns, list(cells))
    shown = [
        {name: shown_amount(value) if name in amounts else _text(value) for name, value in row._asdict().items()}
        for row in rows
    ]
    return {"currency": tenant().currency, "rows": shown} | (more or {})


def _cell(row: Any, name: str, amounts: tuple[str, ...]) -> object:  # noqa: ANN401  # a row of any report
    value = getattr(row, name)
    return Decimal(shown_amount(value)) if name in amounts else value


def _text(value: object) -> object:
    return value if value is None or isinstance(value, bool | int | str) else value.isoformat()  # type: ignore[attr-defined]


def _chart(title: str, points: Sequence[tuple[str, str, int]], axis: Sequence[str]) -> Response:
    sums: dict[str, dict[str, int]] = defaultdict(lambda: defaultdict(int))
    for label, series, amount in points:
        sums[series][label] += amount
    labels = axis or list(dict.fromkeys(label for label, _, _ in points))
    values = {series: [amounts.get(label, 0) for label in labels] for series, amounts in sums.items()}
    title = f"{title} ({tenant().currency})"
    chart = (title, labels, values) if axis else fewer(title, labels, values)
    return bars(*chart, shown=lambda value: shown_amount(int(value)))
