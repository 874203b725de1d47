"""Rows → entries of the directory, for everybody at a (re)load and for a few ids when there is news."""

from __future__ import annotations

import time
from collections import defaultdict
from collections.abc import Callable, Iterable, Sequence
from sys import intern
from typing import Any

from sqlalchemy import Connection, RowMapping, func, select

from models import Isp as IspRow
from models import ServicePlan
from models.accounting.session_id import INTERIM_INTERVAL
from models.names import mac_of, station
from models.tables.plans import rate_limit, windows_of
from radius_module.directory import queries
from radius_module.directory.changes import by_id
from radius_module.directory.contents import Contents, Directory
from radius_module.fast_tuple import maker
from radius_module.online.table import OnlineTable, StoredSession
from radius_module.rules.facts import Attribute, Customer, Device, Isp, Plan

_HOUR = 3600.0
_make_customer = maker(Customer)

Row = Sequence[Any]


def load(connection: Connection, online: OnlineTable) -> Contents:
    """Everything, in one consistent view of the database."""
    connection = connection.execution_options(isolation_level="REPEATABLE READ")
    # The passwords of 200,000 customers are sorted in memory, not in a file; back to normal with the transaction.
    connection.execute(select(func.set_config("work_mem", "128MB", True))).scalar()
    contents = Contents()
    refresh_isps(connection, contents)
    refresh_devices(connection, contents)
    refresh_plans(connection, contents)
    _put_customers(contents, online, by_id.read_all(connection))
    online.keep_only(contents.customers.keys())
    _settle(connection, online)
    connection.rollback()
    return contents


def excerpt(
    connection: Connection, isp_id: int, customer_id: int | None, device_id: int | None
) -> tuple[Directory, OnlineTable]:
    """What the database says about one login: its tenant, customer with plan, and device; nobody else is known."""
    directory, online = Directory(), OnlineTable()
    contents = directory.contents
    refresh_isps(connection, contents, [isp_id])
    if customer_id is not None:
        refresh_customers(connection, contents, online, [customer_id])
    if device_id is not None:
        refresh_devices(connection, contents, [device_id])
    customer = contents.customers.get(customer_id or 0)
    if customer is not None and customer.plan_id is not None:
        refresh_plans(connection, contents, [customer.plan_id])
    return directory, online


def _settle(connection: Connection, online: OnlineTable) -> None:
    """What memory takes for not booked yet may be booked: sessions that ended while no writer was connected."""
    owed = dict((uid, customer_id) for customer_id, uid in online.unbooked())
    if owed:
        rows = connection.execute(queries.octets_of(list(owed))).all()
        booked = [(owed[uid], uid, octets, over, False, (), seconds) for uid, _customer, octets, over, seconds in rows]
        online.apply_booking((), booked, time.time())


def refresh_isps(connection: Connection, contents: Contents, ids: Sequence[int] | None = None) -> None:
    """Read tenants anew. One that is still there is never missing in between: its customers log in meanwhile."""
    gone = set(ids or ())
    for isp_id, status, timezone, hours in connection.execute(queries.isps(ids)):
        gone.discard(isp_id)
        contents.isps[isp_id] = Isp(isp_id, status == "active", timezone, hours * _HOUR)
    for isp_id in gone:
        contents.isps.pop(isp_id, None)


def refresh_devices(connection: Connection, contents: Contents, ids: Sequence[int] | None = None) -> None:
    """Read devices anew."""
    gone = set(ids or ())
    for device_id, isp_id, network, status, secret, require, reversed_ in connection.execute(queries.devices(ids)):
        gone.discard(device_id)
        contents.put_device(network, Device(device_id, isp_id, status == "active", secret, require, reversed_))
    for device_id in gone:
        contents.drop_device(device_id)


def refresh_plans(connection: Connection, contents: Contents, ids: Sequence[int] | None = None) -> None:
    """Read plans anew, with what operators added to their groups.

    A plan that is gone stays until the next reload: nobody is on it, and a customer whose move to another plan is
    read a moment later must not be without limits in between.
    """
    groups = None if ids is None else [f"plan_{plan_id}" for plan_id in ids]
    extra: dict[tuple[int, str], list[Attribute]] = defaultdict(list)
    for isp_id, group, name, op, value in connection.execute(queries.plan_rows(groups)):
        extra[isp_id, group].append(Attribute(name, op, value))
    for row in connection.execute(queries.plans(ids).with_only_columns(*ServicePlan.__table__.columns)).mappings():
        contents.plans[row["id"]] = _plan(row, tuple(extra.get((row["isp_id"], f"plan_{row['id']}"), ())))


def refresh_customers(
    connection: Connection, contents: Contents, online: OnlineTable, ids: Sequence[int], *, often: bool = False
) -> None:
    """Read a few customers anew, with their usage and their open sessions. `often`: not for the last time."""
    tenants = _tenants_of(contents, ids) or list(connection.scalars(select(IspRow.id)))
    rows = by_id.read(connection, ids, tenants, often=often)
    _put_customers(contents, online, rows)
    for customer_id in set(ids).difference(row[0] for row in rows.customers):
        contents.drop_customer(customer_id)
        online.forget(customer_id)


def _tenants_of(contents: Contents, ids: Sequence[int]) -> list[int]:
    """Whose the customers are; any tenant's, where one is new. Empty: no tenant is known."""
    known = [customer.isp_id for customer_id in ids if (customer := contents.customers.get(customer_id)) is not None]
    return list(set(known)) if len(known) == len(ids) else list(contents.isps)


def _put_customers(contents: Contents, online: OnlineTable, rows: by_id.CustomerRows) -> None:
    extra = _grouped(rows.customer_rows, lambda row: Attribute(*row[1:]))
    ahead = _grouped(rows.periods_ahead, lambda row: float(row[1]))
    topups = _grouped(rows.topups, lambda row: (float(row[1]), int(row[2])))
    sessions = _grouped(
        rows.sessions,
        lambda row: StoredSession._make((row[0], row[1], station(row[2]), *row[3:13], *_of_class(row[13]))),
        at=1,
    )
    aliases = _grouped(rows.aliases, lambda row: (row[1], row[2]))
    customer = None
    for row in rows.customers:
        customer_id = row[0]
        customer = _customer(
            row, ahead.get(customer_id, ()), topups.get(customer_id, ()), extra.get(customer_id, ()), customer
        )
        contents.put_customer(customer)
        online.refresh(
            customer_id, customer.period_starts[0], row[12],
            sessions.pop(customer_id, ()), aliases.get(customer_id, ()), row[14],
        )  # fmt: skip
    for customer_id, stored in sessions.items():
        # Of nobody, or of customers who are gone: they end like anybody's.
        online.refresh(customer_id, 0.0, 0, stored, aliases.get(customer_id, ()))


def _of_class(class_hex: str) -> tuple[int, bool]:
    """(Acct-Interim-Interval, whether it says whose the session is) of a stored Class."""
    is_ours = len(class_hex) == 46 and class_hex.startswith("02")
    return (int(class_hex[42:], 16), True) if is_ours else (INTERIM_INTERVAL, False)


def _grouped(rows: Iterable[Row], make: Callable[[Row], Any], at: int = 0) -> dict[int, tuple[Any, ...]]:
    lists: dict[int, list[Any]] = defaultdict(list)
    for row in rows:
        lists[row[at]].append(make(row))
    return {key: tuple(values) for key, values in lists.items()}


def _customer(
    row: Row,
    ahead: tuple[float, ...],
    topups: tuple[tuple[float, int], ...],
    extra: tuple[Attribute, ...],
    before: Customer | None,
) -> Customer:
    """`before`: the customer of the row before; times that are equal are the same object.

    Customers are imported by thousands at one moment, often until one day: that is 145 octets for each of them.
    """
    customer_id, isp_id, username, status, expires, plan_id, static_ip, mac, kind, credential, *times = row
    created, running, _used, waits, _seconds = times
    expires_at, created_at, starts = float(expires), float(created), (float(running), *ahead)
    if before is not None:
        expires_at = before.expires_at if expires_at == before.expires_at else expires_at
        created_at = before.created_at if created_at == before.created_at else created_at
        starts = before.period_starts if starts == before.period_starts else starts
    mac = (mac_of(mac) or mac) if mac else ""
    customer: Customer = _make_customer(
        # One text for all of the same status: 200,000 copies would be 25 MB.
        (customer_id, isp_id, username, intern(status), expires_at, plan_id, static_ip, mac,
         intern(kind) if kind else None, credential, created_at, starts, topups, waits, extra)
    )  # fmt: skip
    return customer


def _plan(row: RowMapping, extra: tuple[Attribute, ...]) -> Plan:
    throttled = row["throttle_bandwidth"]
    return Plan(
        row["id"],
        row["isp_id"],
        rate_limit(row["bandwidth_limit"], row["upload_limit"]),
        rate_limit(throttled, throttled),
        row["data_limit_bytes"],
        None if row["session_timeout"] is None else row["session_timeout"] * 60,
        None if row["idle_timeout"] is None else row["idle_timeout"] * 60,
        row["simultaneous_use"],
        row["on_too_many"] == "replace_oldest",
        row["over_limit"] == "throttle",
        row["address_pool"],
        windows_of(row["hours"]),
        None if row["time_limit"] is None else row["time_limit"] * 60,
        (row["validity_days"], row["validity_months"]),
        extra,
    )
