"""Session rows of the books: find the row of each record, and store what became of it.

A session with our Class is one row, in the month of its login. One without is known by its id alone; when the
session of that id was over for good before the record's own began, it is a namesake, and gets the next identity.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from sqlalchemy import Connection

from models.accounting import statements as sql
from models.accounting.batch_sessions import BatchSessions, Entry, Key
from models.accounting.records import REBOOTS, AccountingRecord, InferredStop, readable
from models.accounting.session import SessionState
from models.accounting.session_id import month_of
from models.accounting.session_lookup import add_rows, add_rows_of_month, load_aliases, load_owners
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
            add_rows(sessions, connection.exec_driver_sql(
                sql.OPEN_SESSIONS_OF_DEVICE, {"isp": record.isp_id, "device": record.device_id}))  # fmt: skip
    entries = [sessions.entry(record) for record in records if record.status not in REBOOTS]
    months = {
        entry.key: month_of(entry.session_class.login_time)
        for entry in entries
        if entry.session_class.login_time is not None
    }
    add_rows_of_month(connection, sessions, months)
    load_aliases(connection, sessions, entries)
    _load_chains(connection, sessions, entries, ends)
    load_owners(connection, sessions, entries)
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
        add_rows(sessions, connection.exec_driver_sql(sql.SESSIONS_OF_ANY_MONTH, {
            "isps": numbers(isp for isp, _ in wanted), "ids": numbers(uid for _, uid in wanted),
        }))  # fmt: skip
        known |= wanted


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
