"""Session rows for the ledger: find the row of each report, and store what became of it.

A session with our Class is one row, in the month of its login. One without is known by its id alone; when the
session of that id was over for good before the report's own began, it is a namesake, and gets the next identity.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import date
from typing import Any

from sqlalchemy import Connection, Row

from models.accounting import statements as sql
from models.accounting.batch_sessions import Chains, Key
from models.accounting.records import REBOOTS, AccountingRecord, InferredStop, readable
from models.accounting.session import SessionState
from models.accounting.session_id import NO_CLASS, month_of
from models.accounting.statements import numbers, texts


class BookingConflict(Exception):
    """Another node booked one of the sessions at the same moment: roll back and book the batch again."""


def load(connection: Connection, reports: Sequence[AccountingRecord], ends: Sequence[InferredStop] = ()) -> Chains:
    """The stored states of all sessions that the reports and ends touch."""
    chains = Chains()
    of_month: dict[Key, date] = {}
    nameless = []
    for report in reports:
        if report.status in REBOOTS:
            _add_rows(chains, connection.exec_driver_sql(
                sql.OPEN_SESSIONS_OF_DEVICE, {"isp": report.isp_id, "device": report.device_id}))  # fmt: skip
            continue
        session_class = chains.class_of(report)
        if session_class.login_time is None:
            nameless.append(report)
        else:
            key = (report.isp_id, chains.id_of(report, session_class))
            of_month[key] = month_of(session_class.login_time)
    if of_month:
        _add_rows(chains, connection.exec_driver_sql(sql.SESSIONS_OF_MONTH, {
            "isps": numbers(isp for isp, _ in of_month), "ids": numbers(uid for _, uid in of_month),
            "months": numbers(of_month.values()),
        }))  # fmt: skip
    _load_nameless(connection, chains, nameless)
    if ends:
        _add_rows(chains, connection.exec_driver_sql(sql.SESSIONS_OF_ANY_MONTH, {
            "isps": numbers(end.isp_id for end in ends), "ids": numbers(end.unique_id for end in ends),
        }))  # fmt: skip
    return chains


def _load_nameless(connection: Connection, chains: Chains, reports: Sequence[AccountingRecord]) -> None:
    """Sessions without Class; where one was over, its namesake, until one was not."""
    known: set[Key] = set()
    while wanted := {(report.isp_id, chains.id_of(report, NO_CLASS)) for report in reports} - known:
        _add_rows(chains, connection.exec_driver_sql(sql.SESSIONS_OF_ANY_MONTH, {
            "isps": numbers(isp for isp, _ in wanted), "ids": numbers(uid for _, uid in wanted),
        }))  # fmt: skip
        known |= wanted


def _add_rows(chains: Chains, rows: Iterable[Row[Any]]) -> None:
    for row in rows:
        isp_id, uid, month, device_id, customer_id, started, updated, stopped, cause, seconds, *octets = tuple(row)
        chains.add(SessionState(
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


def _moments(values: Iterable[float | None]) -> str:
    return numbers(None if value is None else repr(value) for value in values)


def _common(states: Sequence[SessionState]) -> dict[str, str]:
    return {
        "isp": numbers(one.isp_id for one in states), "uid": numbers(one.unique_id for one in states),
        "month": numbers(one.month for one in states), "customer": numbers(one.customer_id for one in states),
        "started": _moments(one.started for one in states), "updated": _moments(one.updated for one in states),
        "stopped": _moments(one.stopped for one in states), "cause": texts(one.cause for one in states),
        "gap": numbers(one.interval for one in states), "seconds": numbers(one.session_time for one in states),
        "octets_in": numbers(one.octets_in for one in states), "octets_out": numbers(one.octets_out for one in states),
        "framed": texts(one.framed_address for one in states),
        "prefix": texts(one.framed_ipv6_prefix for one in states),
        "delegated": texts(one.delegated_ipv6_prefix for one in states),
        "clock": numbers(one.router_time for one in states),
    }  # fmt: skip


def _updated(states: Sequence[SessionState]) -> dict[str, str]:
    before = [one.stored for one in states if one.stored is not None]
    return _common(states) | {
        "old_updated": _moments(row[0] for row in before), "old_in": numbers(row[1] for row in before),
        "old_out": numbers(row[2] for row in before), "old_stopped": _moments(row[3] for row in before),
    }  # fmt: skip


def _inserted(states: Sequence[SessionState]) -> dict[str, str]:
    first = [one.first for one in states if one.first is not None]
    return _common(states) | {
        "device": numbers(one.device_id for one in first), "session": texts(readable(one.session_id) for one in first),
        "name": texts(readable(one.username) for one in first), "nas": texts(one.nas_address for one in first),
        "port": texts(readable(one.nas_port_id) for one in first),
        "port_type": texts(one.nas_port_type for one in first),
        "authentic": texts(one.authentic for one in first), "called": texts(readable(one.called) for one in first),
        "mac": texts(one.mac for one in first), "service": texts(one.service_type for one in first),
        "protocol": texts(one.framed_protocol for one in first), "class": texts(one.klass.hex() for one in first),
    }  # fmt: skip
