"""What happened in a tenant, summed up: traffic by day and month, refusals by reason, top users, who is online.

Days are those of the tenant's calendar, both ends included. Every question is one statement.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, datetime, time, timedelta
from typing import NamedTuple
from zoneinfo import ZoneInfo

from sqlalchemy import Date, Select, cast, func, select
from sqlalchemy.orm import Session

from models.tables.accounting import Radacct, Radpostauth
from models.tables.customers import Customer
from models.tables.devices import MikrotikDevice
from models.tables.plans import ServicePlan
from models.tables.usage import UsageDaily


class Traffic(NamedTuple):
    """Octets of a day, or of the month that begins on `date`."""

    date: date
    bytes_in: int
    bytes_out: int


class Refusals(NamedTuple):
    """How often a reason refused a login on a day."""

    date: date
    code: str
    times: int


class TopUser(NamedTuple):
    """`username` is None for a customer who is gone."""

    customer_id: int
    username: str | None
    bytes_in: int
    bytes_out: int


class CustomerUsage(NamedTuple):
    """A customer's octets of some days. Of one who is gone only the number is known."""

    customer_id: int
    username: str | None
    full_name: str | None
    plan: str | None
    bytes_in: int
    bytes_out: int


class DeviceOnline(NamedTuple):
    """Open sessions on a device; `device` is None for one that is gone."""

    device_id: int | None
    device: str | None
    sessions: int


def traffic(
    session: Session, isp_id: int, first: date, last: date, *, by_month: bool = False, customer_id: int | None = None
) -> list[Traffic]:
    """Days (or months) with any traffic, in order."""
    moment = cast(func.date_trunc("month", UsageDaily.day), Date) if by_month else UsageDaily.day
    query = (
        select(
            moment,
            # Sums are numeric in PostgreSQL: no row makes one that does not fit.
            func.sum(UsageDaily.bytes_in),
            func.sum(UsageDaily.bytes_out),
        )
        .where(UsageDaily.isp_id == isp_id, UsageDaily.day.between(first, last))
        .group_by(moment)
        .order_by(moment)
    )
    if customer_id is not None:
        query = query.where(UsageDaily.customer_id == customer_id)
    return [Traffic(day, int(bytes_in), int(bytes_out)) for day, bytes_in, bytes_out in session.execute(query)]


def refusals(session: Session, isp_id: int, zone: ZoneInfo, first: date, last: date) -> list[Refusals]:
    """Refused logins by day and reason."""
    day = cast(func.timezone(zone.key, Radpostauth.authdate), Date)
    begin, end = moments(zone, first, last)
    query = (
        select(day, Radpostauth.code, func.count())
        .where(
            Radpostauth.isp_id == isp_id,
            Radpostauth.authdate >= begin,
            Radpostauth.authdate < end,
            Radpostauth.reply == "Access-Reject",
        )
        .group_by(day, Radpostauth.code)
        .order_by(day, Radpostauth.code)
    )
    return [Refusals(*row) for row in session.execute(query)]


def top_users(session: Session, isp_id: int, first: date, last: date, limit: int) -> list[TopUser]:
    """Who moved most, most first."""
    total = func.sum(UsageDaily.bytes_in) + func.sum(UsageDaily.bytes_out)
    most_first = _moved(isp_id, first, last).order_by(total.desc(), UsageDaily.customer_id)
    top = most_first.limit(limit).subquery()
    query = (
        select(top.c.customer_id, Customer.username, top.c.bytes_in, top.c.bytes_out)
        .outerjoin(Customer, (Customer.id == top.c.customer_id) & (Customer.isp_id == isp_id))
        .order_by((top.c.bytes_in + top.c.bytes_out).desc(), top.c.customer_id)
    )
    return [
        TopUser(customer_id, username, int(bytes_in), int(bytes_out))
        for customer_id, username, bytes_in, bytes_out in session.execute(query)
    ]


def usage_by_customer(session: Session, isp_id: int, first: date, last: date) -> Iterator[CustomerUsage]:
    """Everybody, also those who moved nothing and those who are gone since; by customer. Rows come as they are read."""
    moved = _moved(isp_id, first, last).subquery()
    own = (
        select(Customer.id, Customer.username, Customer.full_name, ServicePlan.name)
        .outerjoin(ServicePlan, (ServicePlan.isp_id == isp_id) & (ServicePlan.id == Customer.service_plan_id))
        .where(Customer.isp_id == isp_id)
        .subquery()
    )
    number = func.coalesce(own.c.id, moved.c.customer_id)
    query = (
        select(number, own.c.username, own.c.full_name, own.c.name, moved.c.bytes_in, moved.c.bytes_out)
        .select_from(own.join(moved, moved.c.customer_id == own.c.id, full=True))
        .order_by(number)
        .execution_options(yield_per=1000)
    )
    rows = session.execute(query)
    return (CustomerUsage(*row[:4], int(row.bytes_in or 0), int(row.bytes_out or 0)) for row in rows)


def online(session: Session, isp_id: int) -> list[DeviceOnline]:
    """Open sessions by device, the fullest first."""
    count = func.count()
    query = (
        select(Radacct.device_id, MikrotikDevice.name, count)
        .outerjoin(MikrotikDevice, (MikrotikDevice.isp_id == Radacct.isp_id) & (MikrotikDevice.id == Radacct.device_id))
        .where(Radacct.isp_id == isp_id, Radacct.acctstoptime.is_(None))
        .group_by(Radacct.device_id, MikrotikDevice.name)
        .order_by(count.desc(), Radacct.device_id)
    )
    return [DeviceOnline(*row) for row in session.execute(query)]


def moments(zone: ZoneInfo, first: date, last: date) -> tuple[datetime, datetime]:
    """From the beginning of the first day to the end of the last, as moments."""
    begin = datetime.combine(first, time(), zone)
    return begin, datetime.combine(last + timedelta(days=1), time(), zone)


def _moved(isp_id: int, first: date, last: date) -> Select[int, int, int]:
    """What each customer moved in those days."""
    return (
        select(
            UsageDaily.customer_id,
            func.sum(UsageDaily.bytes_in).label("bytes_in"),
            func.sum(UsageDaily.bytes_out).label("bytes_out"),
        )
        .where(UsageDaily.isp_id == isp_id, UsageDaily.day.between(first, last))
        .group_by(UsageDaily.customer_id)
    )
