"""Session rows of the books: find the row of each record, and store what became of it.

A session with our Class is one row, in the month of its login. One without is known by its id alone; when the
session of that id was over for good before the record's own began, it is a namesake, and gets the next identity.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from sqlalchemy import Connection, Row

from models.accounting import statements as sql
from models.accounting.batch_sessions import BatchSessions, Entry, Key
from models.accounting.records import REBOOTS, AccountingRecord, InferredStop, readable
from models.accounting.session import SessionState
from models.accounting.session_id import month_of
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
    of_month = {
        (record.isp_id, uid): month_of(session_class.login_time)
        for record, session_class, uid in entries
        if session_class.login_time is not None
    }
    if of_month:
        _add_rows(sessions, connection.exec_driver_sql(sql.SESSIONS_OF_MONTH, {
            "isps": numbers(isp for isp, _ in of_month), "ids": numbers(uid for _, uid in of_month),
            "months": numbers(of_month.values()),
        }))  # fmt: skip
    _load_nameless(connection, sessions, [entry for entry in entries if entry.session_class.login_time is None])
    if ends:
        _add_rows(sessions, connection.exec_driver_sql(sql.SESSIONS_OF_ANY_MONTH, {
            "isps": numbers(end.isp_id for end in ends), "ids": numbers(end.unique_id for end in ends),
        }))  # fmt: skip
    return sessions, entries


def _load_nameless(connection: Connection, sessions: BatchSessions, entries: Sequence[Entry]) -> None:
    """Sessions without Class; where one was over, its namesake, until one was not."""
    known: set[Key] = set()
    while wanted := {(entry.record.isp_id, sessions.id_of(entry)) for entry in entries} - known:
        _add_rows(sessions, connection.exec_driver_sql(sql.SESSIONS_OF_ANY_MONTH, {
            "isps": numbers(isp for isp, _ in wanted), "ids": numbers(uid for _, uid in wanted),
        }))  # fmt: skip
        known |= wanted


def _add_rows(sessions: BatchSessions, rows: Iterable[Row[Any]]) -> None:
    for row in rows:
        isp_id, uid, month, device_id, customer_id, started, updated, stopped, cause, seconds, *octets = tuple(row)
        sessions.add(SessionState(
            isp_id, uid, month, device_id or 0, None, customer_id, started, updated, stopped, cause, seconds,
            octets[0], octets[1], stored=(updated, octets[0], octets[1], stopped),
        ))  # fmt: skip


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
    doubtful = [(state, state.implausible) for state in ordered if state.implausible is not None]
    if doubtful:
        connection.exec_driver_sql(sql.NOTE_IMPLAUSIBLE, {
            "isp": numbers(state.isp_id for state, _ in doubtful),
            "uid": texts(state.unique_id for state, _ in doubtful),
            "month": numbers(state.month for state, _ in doubtful),
            "octets_in": numbers(octets_in for _, (octets_in, _out) in doubtful),
            "octets_out": numbers(octets_out for _, (_in, octets_out) in doubtful),
        })  # fmt: skip


def _moments(values: Iterable[float | None]) -> str:
    return numbers(None if value is None else repr(value) for value in values)


def _common(states: Sequence[SessionState]) -> dict[str, str]:
    return {
        "isp": numbers(state.isp_id for state in states),
        "uid": numbers(state.unique_id for state in states),
        "month": numbers(state.month for state in states),
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
        "device": numbers(record.device_id for record in first),
        "session": texts(readable(record.session_id) for record in first),
        "name": texts(readable(record.username) for record in first),
        "nas": texts(record.nas_address for record in first),
        "port": texts(readable(record.nas_port_id) for record in first),
        "port_type": texts(record.nas_port_type for record in first),
        "called": texts(readable(record.called) for record in first),
        "mac": texts(record.mac for record in first),
        "class": texts(record.klass.hex() for record in first),
    }
