"""Sessions that a batch names for the first time: whose they are, and what else they are called."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import date
from typing import Any

from sqlalchemy import Connection, Row

from models.accounting import statements as sql
from models.accounting.batch_sessions import BatchSessions, Entry, Key, Owner
from models.accounting.records import START, readable
from models.accounting.session import SessionState
from models.accounting.statements import numbers, texts


def add_rows(sessions: BatchSessions, rows: Iterable[Row[Any]]) -> None:
    """Rows of the books as states."""
    for row in rows:
        (isp_id, uid, month, device_id, customer_id, started, updated, stopped, cause, seconds, octets_in, octets_out,
         nas_address, router, session_id) = tuple(row)  # fmt: skip
        sessions.add(SessionState(
            isp_id, uid, month, device_id or 0, None, customer_id, started, updated, stopped, cause, seconds,
            octets_in, octets_out, stored=(updated, octets_in, octets_out, stopped), nas_address=nas_address or "",
            router=router or "", session_id=session_id.encode(),
        ))  # fmt: skip


def add_rows_of_month(connection: Connection, sessions: BatchSessions, months: Mapping[Key, date]) -> None:
    """Sessions whose month is known: by the time of their login."""
    if months:
        add_rows(sessions, connection.exec_driver_sql(sql.SESSIONS_OF_MONTH, {
            "isps": numbers(isp for isp, _ in months), "ids": numbers(uid for _, uid in months),
            "months": numbers(months.values()),
        }))  # fmt: skip


def load_aliases(connection: Connection, sessions: BatchSessions, entries: Sequence[Entry]) -> None:
    """Sessions that go by another Class as well. A Start is its own session; nearly all others are known by now."""
    wanted = {entry.key for entry in entries if entry.record.status != START and not sessions.has(entry.key)}
    if not wanted:
        return
    rows = connection.exec_driver_sql(sql.ALIASES, {
        "isps": numbers(isp for isp, _ in wanted), "ids": numbers(uid for _, uid in wanted),
    }).all()  # fmt: skip
    sessions.aliases |= {(isp_id, alias): uid for isp_id, alias, uid, _month in rows}
    add_rows_of_month(connection, sessions, {(isp_id, uid): month for isp_id, _alias, uid, month in rows})


def load_owners(connection: Connection, sessions: BatchSessions, entries: Sequence[Entry]) -> None:
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
    values = {"isps": numbers(isp for isp, _ in owners), "customers": numbers(customer for _, customer in owners)}
    for customer_id, count in connection.exec_driver_sql(sql.OPEN_COUNTS, values):
        sessions.open_counts[customer_id] += count
    late = [entry for entry in entries if entry.record.status != START and not sessions.has(sessions.key_of(entry))]
    if late:
        add_rows(sessions, connection.exec_driver_sql(sql.SESSIONS_GOING_ON, {
            "isps": numbers(entry.record.isp_id for entry in late),
            "customers": numbers(sessions.owners[entry.key].customer_id for entry in late),
            "sessions": texts(readable(entry.record.session_id) for entry in late),
        }))  # fmt: skip
