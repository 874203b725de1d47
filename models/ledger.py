"""The books: how a batch of reports becomes radacct, usage, usage_daily, radpostauth and orders, in one transaction.

What holds, whatever is repeated, delayed, reordered or done again after a crash (docs/decisions/books.md):
a session's octets are the most that any of its packets said; the sums of `usage` and of `usage_daily` over a
customer's sessions are the sums of their octets; a batch that is booked twice changes nothing the second time.
The caller commits; after BookingConflict he rolls back and books the batch again.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable, Sequence
from datetime import date, datetime
from typing import NamedTuple

from sqlalchemy import Connection

from models import ledger_sql as sql
from models.growth import Calendar, Growth, Periods, placed
from models.identity import read_class
from models.ledger_rows import BookingConflict, Chains, load, store
from models.ledger_sql import numbers, texts
from models.reports import CLOSE, REBOOTS, ROUTER_REBOOT, LoginResult, SessionReport, readable
from models.sessions import SessionState, booked_at, fold

__all__ = ["Booking", "BookingConflict", "Counted", "book", "record_results"]

_SEPARATOR = re.compile(r"[:.-]")
_MAC = re.compile(r"[0-9A-Fa-f]{12}")


class Counted(NamedTuple):
    """What the database holds after a batch, for memories that count along."""

    isp_id: int
    customer_id: int
    period_start: datetime
    octets: int


class Booking(NamedTuple):
    """What a batch did: the sessions as they now are, and the octets it added by customer and period."""

    sessions: Sequence[SessionState]
    added: Sequence[Counted]


def book(connection: Connection, reports: Sequence[SessionReport], results: Sequence[LoginResult]) -> Booking:
    """Book a batch in the caller's transaction.

    Raises BookingConflict where another node was quicker with one of its sessions, and the database's errors.
    """
    in_order = sorted(reports, key=booked_at)
    chains = load(connection, in_order)
    grown = [
        (state, growth)
        for report in in_order
        for state in _of_report(chains, report)
        if (growth := fold(state, _as_close(report), read_class(report.klass, report.received))) is not None
    ]
    states = [state for state in chains.states() if state.changed]
    _find_customers(connection, states)
    added = _count(connection, grown)
    store(connection, states)
    _note_contacts(connection, in_order)
    record_results(connection, results)
    return Booking(states, added)


def _of_report(chains: Chains, report: SessionReport) -> Iterable[SessionState]:
    """The session of a report; for a reboot all of its device; none for the end of a session nobody has seen."""
    if report.status in REBOOTS:
        return chains.of_device(report.isp_id, report.device_id)
    state = chains.of_report(report, create=report.status != CLOSE)
    return () if state is None else (state,)


def _as_close(report: SessionReport) -> SessionReport:
    return report._replace(cause=ROUTER_REBOOT) if report.status in REBOOTS else report


def _find_customers(connection: Connection, states: Sequence[SessionState]) -> None:
    """Give sessions that have no customer the one whose user name they carry; those of nobody stay without."""
    wanted = {
        (state.isp_id, readable(state.first.username), written)
        for state in states
        if state.customer_id is None and state.first is not None
        for written in _spellings(readable(state.first.username))
    }
    if not wanted:
        return
    found = connection.exec_driver_sql(sql.FIND_CUSTOMERS, {
        "isps": numbers(isp for isp, _, _ in wanted), "names": texts(name for _, name, _ in wanted),
        "tried": texts(written for _, _, written in wanted),
    })  # fmt: skip
    ids = {(isp_id, name): customer_id for isp_id, name, customer_id in found}
    for state in states:
        if state.customer_id is None and state.first is not None:
            state.customer_id = ids.get((state.isp_id, readable(state.first.username)))


def _spellings(name: str) -> tuple[str, ...]:
    """A user name that is a MAC address stands for the customer however his was written."""
    digits = _SEPARATOR.sub("", name)
    if not _MAC.fullmatch(digits):
        return (name,)
    pairs, dotted = [digits[at : at + 2] for at in range(0, 12, 2)], [digits[:4], digits[4:8], digits[8:]]
    return digits, ":".join(pairs), "-".join(pairs), ".".join(dotted), f"{digits[:6]}-{digits[6:]}"


def _count(connection: Connection, grown: Sequence[tuple[SessionState, Growth]]) -> list[Counted]:
    """Add growth to the customers' periods and days, and order what a crossed allowance asks for."""
    since: dict[tuple[int, int], float] = {}
    for state, growth in grown:
        if state.customer_id is not None:
            key = (state.isp_id, state.customer_id)
            since[key] = min(growth.start, since.get(key, growth.start))
    if not since:
        return []
    calendars, periods = _calendars(connection, {isp for isp, _ in since}), _periods(connection, since)
    by_period: dict[tuple[int, int, datetime], list[int]] = defaultdict(lambda: [0, 0])
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
    by_period: dict[tuple[int, int, datetime], list[int]],
    by_day: dict[tuple[int, int, date], list[int]],
) -> list[Counted]:
    """In the order of keys, so that two nodes never wait for each other."""
    for statement, sums, name in ((sql.ADD_USAGE, by_period, "period"), (sql.ADD_DAYS, by_day, "day")):
        keys = sorted(sums)
        if keys:
            connection.exec_driver_sql(statement, {
                "isp": numbers(key[0] for key in keys), "customer": numbers(key[1] for key in keys),
                name: texts(key[2].isoformat() for key in keys),
                "octets_in": numbers(sums[key][0] for key in keys),  # type: ignore[index]
                "octets_out": numbers(sums[key][1] for key in keys),  # type: ignore[index]
            })  # fmt: skip
    added = [Counted(*key, sum(octets)) for key, octets in sorted(by_period.items())]
    if added:
        connection.exec_driver_sql(sql.ORDER_CROSSINGS, {
            "isp": numbers(one.isp_id for one in added), "customer": numbers(one.customer_id for one in added),
            "period": texts(one.period_start.isoformat() for one in added),
            "added": numbers(one.octets for one in added),
        })  # fmt: skip
    return added


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
    for customer_id, created_at, begun in rows:
        names = list(begun or ())
        starts = [moment.timestamp() for moment in names]
        if not starts or starts[0] > earliest[customer_id]:
            names, starts = [created_at, *names], [float("-inf"), *starts]
        found[customer_id] = Periods(starts, names)
    return found


def _note_contacts(connection: Connection, reports: Sequence[SessionReport]) -> None:
    """When each router was last heard of."""
    seen = {(report.isp_id, report.device_id): report.received for report in reports if report.status != CLOSE}
    if seen:
        connection.exec_driver_sql(sql.NOTE_CONTACTS, {
            "isp": numbers(isp for isp, _ in seen), "device": numbers(device for _, device in seen),
            "seen": numbers(map(repr, seen.values())),
        })  # fmt: skip


def record_results(connection: Connection, results: Sequence[LoginResult]) -> None:
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
