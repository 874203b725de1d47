"""The books: how a batch of reports becomes radacct, usage, usage_daily, radpostauth and orders, in one transaction.

What holds, whatever is repeated, delayed, reordered or done again after a crash (docs/decisions/0031-books.md):
a session's octets are the most that any of its packets said; the sums of `usage` and of `usage_daily` over a
customer's sessions are the sums of their octets; a batch that is booked twice changes nothing the second time.
The caller commits; after BookingConflict he rolls back and books the batch again.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from datetime import date
from typing import NamedTuple

from sqlalchemy import Connection

from models.accounting import statements as sql
from models.accounting.batch_sessions import Chains
from models.accounting.records import (
    REBOOTS,
    ROUTER_REBOOT,
    AccountingRecord,
    AuthResult,
    Booked,
    InferredStop,
    readable,
)
from models.accounting.session import SessionState, booked_at, end, fold
from models.accounting.session_rows import BookingConflict, load, store
from models.accounting.statements import numbers, texts
from models.accounting.usage_split import Calendar, Growth, Periods, placed

__all__ = ["Booking", "BookingConflict", "Total", "book"]


class Total(NamedTuple):
    """What the database holds of one customer's period after a batch, for memories that count along."""

    isp_id: int
    customer_id: int
    #: Epoch seconds.
    period_start: float
    octets: int


class Booking(NamedTuple):
    """What a batch did: the sessions as they now are, and the periods that grew."""

    sessions: Sequence[SessionState]
    totals: Sequence[Total]


def book(connection: Connection, records: Sequence[Booked]) -> Booking:
    """Book a batch in the caller's transaction.

    Raises BookingConflict where another node was quicker with one of its sessions, and the database's errors.
    """
    connection.exec_driver_sql(sql.LOOK_UP)
    reports = [record for record in records if isinstance(record, AccountingRecord)]
    ends = [record for record in records if isinstance(record, InferredStop)]
    chains = load(connection, reports, ends)
    grown = _fold(chains, sorted([*reports, *ends], key=_moment))
    states = list(chains.states())
    _find_customers(connection, states)
    totals = _count(connection, grown)
    store(connection, [state for state in states if state.changed])
    _note_contacts(connection, reports)
    _record(connection, [record for record in records if isinstance(record, AuthResult)])
    return Booking(states, totals)


def _moment(record: AccountingRecord | InferredStop) -> float:
    return record.at if isinstance(record, InferredStop) else booked_at(record)


def _fold(chains: Chains, records: Sequence[AccountingRecord | InferredStop]) -> list[tuple[SessionState, Growth]]:
    """Take all records into their sessions, in the order of time; what grew."""
    grown = []
    for record in records:
        if isinstance(record, InferredStop):
            if (ended := chains.of_end(record)) is not None:
                end(ended, record.at, record.cause)
        elif record.status in REBOOTS:
            for left in chains.of_device(record.isp_id, record.device_id):
                end(left, booked_at(record), ROUTER_REBOOT)
        else:
            state = chains.of_report(record)
            growth = fold(state, record, chains.class_of(record))
            if growth is not None:
                grown.append((state, growth))
    return grown


def _find_customers(connection: Connection, states: Sequence[SessionState]) -> None:
    """Give sessions that have no customer the one whose user name they carry; those of nobody stay without."""
    wanted = {
        (state.isp_id, readable(state.first.username))
        for state in states
        if state.customer_id is None and state.first is not None
    }
    if not wanted:
        return
    found = connection.exec_driver_sql(sql.FIND_CUSTOMERS, {
        "isps": numbers(isp for isp, _ in wanted), "names": texts(name for _, name in wanted),
    })  # fmt: skip
    ids = {(isp_id, name): customer_id for isp_id, name, customer_id in found}
    for state in states:
        if state.customer_id is None and state.first is not None:
            state.customer_id = ids.get((state.isp_id, readable(state.first.username)))


def _count(connection: Connection, grown: Sequence[tuple[SessionState, Growth]]) -> list[Total]:
    """Add growth to the customers' periods and days, and order what a crossed allowance asks for."""
    since: dict[tuple[int, int], float] = {}
    for state, growth in grown:
        if state.customer_id is not None:
            key = (state.isp_id, state.customer_id)
            since[key] = min(growth.start, since.get(key, growth.start))
    if not since:
        return []
    calendars, periods = _calendars(connection, {isp for isp, _ in since}), _periods(connection, since)
    by_period: dict[tuple[int, int, float], list[int]] = defaultdict(lambda: [0, 0])
    by_day: dict[tuple[int, int, date], list[int]] = defaultdict(lambda: [0, 0])
    for state, growth in grown:
        known = None if state.customer_id is None else periods.get(state.customer_id)
        if known is None or state.customer_id is None:
            continue
        for day, period, piece in placed(growth, calendars[state.isp_id], known):
            whose = state.isp_id, state.customer_id
            for sums in (by_period[*whose, period], by_day[*whose, day]):
                sums[0] += piece.octets_in
                sums[1] += piece.octets_out
    return _add(connection, by_period, by_day)


def _add(
    connection: Connection,
    by_period: dict[tuple[int, int, float], list[int]],
    by_day: dict[tuple[int, int, date], list[int]],
) -> list[Total]:
    """In the order of keys, so that two nodes never wait for each other in a circle."""
    if not by_period:
        return []
    periods = sorted(by_period.items())
    totals = connection.exec_driver_sql(
        sql.ADD_USAGE, _sums(periods) | {"period": numbers(repr(key[2]) for key, _ in periods)}
    ).all()
    days = sorted(by_day.items())
    connection.exec_driver_sql(sql.ADD_DAYS, _sums(days) | {"day": numbers(key[2] for key, _ in days)})
    connection.exec_driver_sql(sql.ORDER_CROSSINGS, {
        "isp": numbers(key[0] for key, _ in periods), "customer": numbers(key[1] for key, _ in periods),
        "period": numbers(repr(key[2]) for key, _ in periods), "added": numbers(sum(both) for _, both in periods),
    })  # fmt: skip
    return [Total(*row) for row in totals]


def _sums(rows: Sequence[tuple[tuple[int, int, object], list[int]]]) -> dict[str, str]:
    return {
        "isp": numbers(key[0] for key, _ in rows), "customer": numbers(key[1] for key, _ in rows),
        "octets_in": numbers(both[0] for _, both in rows), "octets_out": numbers(both[1] for _, both in rows),
    }  # fmt: skip


def _calendars(connection: Connection, isps: Iterable[int]) -> dict[int, Calendar]:
    rows = connection.exec_driver_sql(sql.ZONES, {"isps": numbers(isps)})
    return {isp_id: Calendar.of(zone) for isp_id, zone in rows}


def _periods(connection: Connection, since: dict[tuple[int, int], float]) -> dict[int, Periods]:
    """Periods of the customers that still exist; for the others nothing is counted."""
    rows = connection.exec_driver_sql(sql.PERIODS, {
        "isps": numbers(isp for isp, _ in since), "ids": numbers(customer for _, customer in since),
        "since": numbers(map(repr, since.values())),
    })  # fmt: skip
    found, earliest = {}, {customer: moment for (_, customer), moment in since.items()}
    for customer_id, came, begun in rows:
        starts = names = begun or []
        if not starts or starts[0] > earliest[customer_id]:
            starts, names = [float("-inf"), *starts], [came, *starts]
        found[customer_id] = Periods(starts, names)
    return found


def _note_contacts(connection: Connection, reports: Sequence[AccountingRecord]) -> None:
    """When each router was last heard of."""
    seen = {(report.isp_id, report.device_id): report.received for report in reports}
    if seen:
        connection.exec_driver_sql(sql.NOTE_CONTACTS, {
            "isp": numbers(isp for isp, _ in seen), "device": numbers(device for _, device in seen),
            "seen": numbers(map(repr, seen.values())),
        })  # fmt: skip


def _record(connection: Connection, results: Sequence[AuthResult]) -> None:
    """Store login results. Not idempotent by itself: the writer's progress is in the same transaction."""
    if not results:
        return
    connection.exec_driver_sql(sql.INSERT_RESULTS, {
        "isp": numbers(one.isp_id for one in results), "answered": numbers(repr(one.answered) for one in results),
        "name": texts(readable(one.username) for one in results),
        "customer": numbers(one.customer_id for one in results), "device": numbers(one.device_id for one in results),
        "nas": texts(one.nas_address for one in results), "mac": texts(one.mac for one in results),
        "reply": texts(one.reply for one in results), "code": texts(one.code for one in results),
        "class": texts(one.klass.hex() for one in results),
    })  # fmt: skip
