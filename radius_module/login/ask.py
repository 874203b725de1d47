"""Logins over HTTP and `explain`, decided where logins on the wire are: the login process is asked.

It is asked on this machine, and only after it has heard of everything that was committed before
(radius_module.directory.sync_marks), so that a customer who was changed a moment ago is judged as they are now. Where
it does not run or does not answer in time, the same is done from the database (radius_module.login.from_database).
"""

from __future__ import annotations

import time
from pathlib import Path
from typing import Any

from sqlalchemy import text

from models.accounting.booking import Booking, book
from models.accounting.records import AccountingRecord
from models.customers.first_login import begin_first_periods
from models.network.lookup import device_at
from radius_module.ipc import question
from radius_module.ipc.feed import entries_of
from radius_module.login import from_database
from radius_module.login.from_database import Caller

#: `Caller` belongs to the questions, and is needed below them too.
__all__ = ["Caller", "explained", "login", "report"]

_TENANT = text("select current_setting('infora.isp_id')")
_MARK = text("select pg_notify('infora', 'marks ' || :isp_id || ' ' || :mark || ' -')")


def login(
    caller: Caller, socket_dir: Path, *, username: str, password: str, address: str, calling: str
) -> dict[str, Any]:
    """{code, reply, delay} of a login that took its slot, if it was accepted, and is recorded."""
    fields = {"username": username, "password": password, "address": address, "mac": calling}
    answer = _ask(caller, socket_dir, "login", fields)
    if answer is not None:
        return answer
    device = device_at(caller.session, caller.isp_id, address)
    device_id = None if device is None else device.id
    answer, results = from_database.login(caller, username, password, address, calling, device_id)
    begin_first_periods(caller.session.connection(), results)
    book(caller.session.connection(), results)
    return answer


def explained(
    caller: Caller, socket_dir: Path, customer_id: int, device_id: int | None, calling: str
) -> dict[str, Any]:
    """{code, reply, rules} of a login with the right password now."""
    fields: dict[str, object] = {"customer_id": customer_id, "device_id": device_id, "mac": calling}
    answer = _ask(caller, socket_dir, "explain", fields)
    return from_database.explained(caller, customer_id, device_id, calling) if answer is None else answer


def report(socket_dir: Path, record: AccountingRecord, booking: Booking) -> None:
    """Pass on what is booked and committed: slots are taken and freed as by the records that devices send."""
    totals, sessions = entries_of(booking)
    fields: dict[str, object] = {
        "isp_id": record.isp_id, "device_id": record.device_id, "status": record.status, "received": record.received,
        "session_id": record.session_id.decode(), "username": record.username.decode(), "mac": record.mac,
        "address": record.nas_address, "session_time": record.session_time, "klass": record.klass.hex(),
        "octets_in": record.octets_in, "octets_out": record.octets_out,
        "totals": totals, "sessions": sessions,
    }  # fmt: skip
    question.ask(question.socket_path(socket_dir), "report", None, fields)


def _ask(caller: Caller, socket_dir: Path, kind: str, fields: dict[str, Any]) -> dict[str, Any] | None:
    path = question.socket_path(socket_dir)
    if not path.exists():
        return None
    # The transaction's tenant, not the code's: no row-level security reaches behind the socket.
    isp_id = int(caller.session.scalar(_TENANT) or 0)
    mark = time.monotonic_ns()
    # NOTIFY leaves with a transaction's end, so it needs one of its own: the request's goes on.
    engine = caller.session.get_bind().engine
    with engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        connection.execute(_MARK, {"isp_id": isp_id, "mark": mark})
    return question.ask(path, kind, mark, {"isp_id": isp_id, **fields})
