"""Session rows of the books: find the row of each record, and store what became of it.

A session with our Class is one row, in the month of its login. One without is known by its id alone; when the
session of that id was over for good before the record's own began, it is a namesake, and gets the next identity.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import date
from typing import Any

from sqlalchemy import Connection, Row

from models.accounting import statements as sql
from models.accounting.batch_sessions import BatchSessions, Entry, Key, Owner
from models.accounting.records import REBOOTS, START, AccountingRecord, InferredStop, readable
from models.accounting.session import SessionState, booked_at
from models.accounting.session_id import month_before, month_of
from models.accounting.statements import numbers, texts


class BookingConflict(Exception):
    """Another node booked one of the sessions at the same moment: roll back and book the batch again."""


def load(
    connection: Connection, records: Sequence[AccountingRecord], ends: Sequence[InferredStop] = ()
) -> tuple[BatchSessions, list[Entry]]:
    """The stored states of all sessions that the records and ends touch; Class and identity of each record.

    Records of a router's restart touch whatever it left open, and have no entry.
    """
    sessions = BatchSessions()
    for record in records:
        if record.status in REBOOTS:
            _add_rows(sessions, connection.exec_driver_sql(
                sql.OPEN_SESSIONS_OF_DEVICE, {"isp": record.isp_id, "device": record.device_id}))  # fmt: skip
    entries = [sessions.entry(record) for record in records if record.status not in REBOOTS]
    months = {
        entry.key: month_of(entry.session_class.login_time)
        for entry in entries
        if entry.session_class.login_time is not None
    }
    _add_rows_of_month(connection, sessions, months)
    _load_aliases(connection, sessions, entries)
    _load_chains(connection, sessions, entries, ends)
    _load_owners(connection, sessions, entries)
    return sessions, entries


def _load_chains(
    connection: Connection, sessions: BatchSessions, entries: Sequence[Entry], ends: Sequence[InferredStop]
) -> None:
    """Sessions without Class, and those that are to end; where one was over, its namesake, until one was not."""
    nameless = [entry for entry in entries if entry.session_class.login_time is None]
    known: set[Key] = set()
    while (
        wanted := (
            {sessions.key_of(entry) for entry in nameless}
            | {(end.isp_id, sessions.id_at(end.isp_id, end.unique_id, end.at)) for end in ends}
        )
        - known
    ):
        _add_rows(sessions, connection.exec_driver_sql(sql.SESSIONS_OF_ANY_MONTH, {
            "isps": numbers(isp for isp, _ in wanted), "ids": numbers(uid for _, uid in wanted),
        }))  # fmt: skip
        known |= wanted


def _add_rows(sessions: BatchSessions, rows: Iterable[Row[Any]]) -> None:
    """Rows of the books as states."""
    for row in rows:
        (isp_id, uid, month, device_id, customer_id, started, updated, stopped, cause, seconds, octets_in, octets_out,
         nas_address, router, session_id) = tuple(row)  # fmt: skip
        sessions.add(SessionState(
            isp_id, uid, month, device_id or 0, None, customer_id, started, updated, stopped, cause, seconds,
            octets_in, octets_out, stored=(updated, octets_in, octets_out, stopped), nas_address=nas_address or "",
            router=router or "", session_id=session_id.encode(),
        ))  # fmt: skip


def _add_rows_of_month(connection: Connection, sessions: BatchSessions, months: Mapping[Key, date]) -> None:
    """Sessions whose month is known: by the time of their login."""
    if months:
        _add_rows(sessions, connection.exec_driver_sql(sql.SESSIONS_OF_MONTH, {
            "isps": numbers(isp for isp, _ in months), "ids": numbers(uid for _, uid in months),
            "months": numbers(months.values()),
        }))  # fmt: skip


def _load_aliases(connection: Connection, sessions: BatchSessions, entries: Sequence[Entry]) -> None:
    """Sessions that go by another Class as well. A Start is its own session; nearly all others are known by now."""
    wanted = {entry.key for entry in entries if entry.record.status != START and not sessions.has(entry.key)}
    if not wanted:
        return
    rows = connection.exec_driver_sql(sql.ALIASES, {
        "isps": numbers(isp for isp, _ in wanted), "ids": numbers(uid for _, uid in wanted),
    }).all()  # fmt: skip
    sessions.aliases |= {(isp_id, alias): uid for isp_id, alias, uid, _month in rows}
    _add_rows_of_month(connection, sessions, {(isp_id, uid): month for isp_id, _alias, uid, month in rows})


def _load_owners(connection: Connection, sessions: BatchSessions, entries: Sequence[Entry]) -> None:
    """Whose the sessions are that begin in this batch, how many these customers have open, and which may go on."""
    fresh = {entry.key: entry for entry in entries if not sessions.has(sessions.key_of(entry)) or _may_begin(entry)}
    by_id = [entry for entry in fresh.values() if entry.session_class.customer_id is not None]
    by_name = [entry for entry in fresh.values() if entry.session_class.customer_id is None]
    if by_id:
        owners = {(isp_id, owner): rest for isp_id, owner, *rest in connection.exec_driver_sql(sql.OWNERS_BY_ID, {
            "isps": numbers(entry.record.isp_id for entry in by_id),
            "ids": numbers(entry.session_class.customer_id for entry in by_id),
        })}  # fmt: skip
        for entry in by_id:
            if (row := owners.get((entry.record.isp_id, entry.session_class.customer_id))) is not None:
                sessions.owners[entry.key] = Owner(*row)
    if by_name:
        owners = {(isp_id, name): rest for isp_id, name, *rest in connection.exec_driver_sql(sql.OWNERS_BY_NAME, {
            "isps": numbers(entry.record.isp_id for entry in by_name),
            "names": texts(readable(entry.record.username) for entry in by_name),
        })}  # fmt: skip
        for entry in by_name:
            if (row := owners.get((entry.record.isp_id, readable(entry.record.username)))) is not None:
                sessions.owners[entry.key] = Owner(*row)
    _load_open(connection, sessions, [entry for entry in fresh.values() if entry.key in sessions.owners])


def _may_begin(entry: Entry) -> bool:
    """Without a Class a Start may be of a namesake, once the batch has ended the session before."""
    return entry.record.status == START and entry.session_class.login_time is None


def _load_open(connection: Connection, sessions: BatchSessions, entries: Sequence[Entry]) -> None:
    owners = {(entry.record.isp_id, sessions.owners[entry.key].customer_id) for entry in entries}
    if not owners:
        return
    months = [month_of(booked_at(entry.record)) for entry in entries]
    values = {
        "isps": numbers({isp for isp, _ in owners}),
        "customers": numbers({customer for _, customer in owners}),
        "first": month_before(min(months)),
        "last": max(months),
    }
    for customer_id, count in connection.exec_driver_sql(sql.OPEN_COUNTS, values):
        sessions.open_counts[customer_id] += count
    late = [entry for entry in entries if entry.record.status != START and not sessions.has(sessions.key_of(entry))]
    if late:
        wanted = {(sessions.owners[entry.key].customer_id, readable(entry.record.session_id)) for entry in late}
        rows = connection.exec_driver_sql(sql.SESSIONS_GOING_ON, values | {
            "customers": numbers({customer for customer, _ in wanted}), "sessions": texts({name for _, name in wanted}),
        })  # fmt: skip
        _add_rows(sessions, [row for row in rows if (row.customer_id, row.acctsessionid) in wanted])


def store(connection: Connection, states: Sequence[SessionState]) -> None:
    """Write the changed states, new rows and old ones. Raises BookingConflict."""
    ordered = sorted(states, key=lambda state: (state.isp_id, state.unique_id))
    fresh = [state for state in ordered if state.stored is None]
    known = [state for state in ordered if state.stored is not None]
    for statement, rows, columns in (
        (sql.INSERT_SESSIONS, fresh, _inserted), (sql.UPDATE_SESSIONS, known, _updated),
    ):  # fmt: skip
        if rows and connection.exec_driver_sql(statement, columns(rows)).rowcount != len(rows):
            raise BookingConflict("a session was booked elsewhere at the same time")
    if reported := [state for state in ordered if state.ipv6_address or state.interface_id]:
        connection.exec_driver_sql(sql.NOTE_IPV6, _keys(reported) | {
            "address": texts(state.ipv6_address for state in reported),
            "interface": texts(state.interface_id for state in reported),
        })  # fmt: skip
    doubtful = [(state, state.implausible) for state in ordered if state.implausible is not None]
    if doubtful:
        connection.exec_driver_sql(sql.NOTE_IMPLAUSIBLE, _keys([state for state, _ in doubtful]) | {
            "octets_in": numbers(octets_in for _, (octets_in, _out) in doubtful),
            "octets_out": numbers(octets_out for _, (_in, octets_out) in doubtful),
        })  # fmt: skip
    _move(connection, ordered)


def _move(connection: Connection, states: Sequence[SessionState]) -> None:
    """Sessions that another device, address or router has reported, and other Classes that brought them."""
    moved = [state for state in states if state.has_moved and state.stored is not None]
    if moved:
        connection.exec_driver_sql(sql.MOVE_SESSIONS, {
            "isp": numbers(state.isp_id for state in moved), "uid": numbers(state.unique_id for state in moved),
            "month": numbers(state.month for state in moved), "device": numbers(state.device_id for state in moved),
            "nas": texts(state.nas_address for state in moved), "router": texts(state.router for state in moved),
        })  # fmt: skip
    named = [(state, alias) for state in states for alias in state.aliases]
    if named:
        connection.exec_driver_sql(sql.INSERT_ALIASES, {
            "isp": numbers(state.isp_id for state, _ in named), "alias": numbers(alias for _, alias in named),
            "uid": numbers(state.unique_id for state, _ in named), "month": numbers(state.month for state, _ in named),
        })  # fmt: skip


def _moments(values: Iterable[float | None]) -> str:
    return numbers(None if value is None else repr(value) for value in values)


def _keys(states: Sequence[SessionState]) -> dict[str, str]:
    return {
        "isp": numbers(state.isp_id for state in states),
        "uid": numbers(state.unique_id for state in states),
        "month": numbers(state.month for state in states),
    }


def _common(states: Sequence[SessionState]) -> dict[str, str]:
    return _keys(states) | {
        "customer": numbers(state.customer_id for state in states),
        "started": _moments(state.started for state in states),
        "updated": _moments(state.updated for state in states),
        "stopped": _moments(state.stopped for state in states),
        "cause": texts(state.cause for state in states),
        "gap": numbers(state.interval for state in states),
        "seconds": numbers(state.session_time for state in states),
        "octets_in": numbers(state.octets_in for state in states),
        "octets_out": numbers(state.octets_out for state in states),
        "framed": texts(state.framed_address for state in states),
        "prefix": texts(state.framed_ipv6_prefix for state in states),
        "delegated": texts(state.delegated_ipv6_prefix for state in states),
        "clock": numbers(state.router_time for state in states),
    }


def _updated(states: Sequence[SessionState]) -> dict[str, str]:
    before = [state.stored for state in states if state.stored is not None]
    return _common(states) | {
        "old_updated": _moments(row[0] for row in before),
        "old_in": numbers(row[1] for row in before),
        "old_out": numbers(row[2] for row in before),
        "old_stopped": _moments(row[3] for row in before),
    }


def _inserted(states: Sequence[SessionState]) -> dict[str, str]:
    first = [state.first for state in states if state.first is not None]
    return _common(states) | {
        "device": numbers(state.device_id for state in states),
        "session": texts(readable(record.session_id) for record in first),
        "name": texts(readable(record.username) for record in first),
        "nas": texts(state.nas_address for state in states),
        "router": texts(state.router for state in states),
        "port": texts(readable(record.nas_port_id) for record in first),
        "port_type": texts(record.nas_port_type for record in first),
        "called": texts(readable(record.called) for record in first),
        "mac": texts(record.mac for record in first),
        "class": texts(record.klass.hex() for record in first),
    }
