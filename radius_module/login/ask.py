"""What the login process says: logins over HTTP and `explain` are decided where logins on the wire are.

It is asked on this machine, and only after it has heard of everything that was committed before
(radius_module.directory.sync_marks), so that a customer who was changed a moment ago is judged as he is now. None: it does not run, or not in time; the
caller then decides from the database (radius_module.login.from_database).
"""

from __future__ import annotations

import time
from typing import Any

from sqlalchemy import text

from admin_api.web.database import session
from admin_api.web.parts import parts
from models.accounting.booking import Booking
from models.accounting.records import AccountingRecord
from radius_module.ipc import question
from radius_module.ipc.feed import told

_TENANT = text("select current_setting('infora.isp_id')")
_MARK = text("select pg_notify('infora', 'marks ' || :isp_id || ' ' || :mark || ' -')")


def login(username: str, password: str, address: str, station: str) -> dict[str, Any] | None:
    """{code, reply, delay} of a login that took its place, if it was accepted, and is recorded."""
    return _ask("login", username=username, password=password, address=address, mac=station)


def explained(customer_id: int, device_id: int | None, station: str) -> dict[str, Any] | None:
    """{code, reply, rules} of a login with the right password now."""
    return _ask("explain", customer_id=customer_id, device_id=device_id, mac=station)


def tell(report: AccountingRecord, booking: Booking) -> None:
    """A report that is booked and committed: places are taken and freed as by those that routers send."""
    totals, sessions = told(booking)
    fields: dict[str, object] = {
        "isp_id": report.isp_id, "device_id": report.device_id, "status": report.status, "received": report.received,
        "session_id": report.session_id.decode(), "username": report.username.decode(), "mac": report.mac,
        "address": report.nas_address, "octets_in": report.octets_in, "octets_out": report.octets_out,
        "totals": totals, "sessions": sessions,
    }  # fmt: skip
    question.ask(question.socket_path(parts().settings.socket_dir), "report", None, fields)


def _ask(kind: str, **fields: object) -> dict[str, Any] | None:
    path = question.socket_path(parts().settings.socket_dir)
    if not path.exists():
        return None
    # QuestionListener of the transaction, not of the code: no row-level security reaches behind the socket.
    isp_id = int(session().scalar(_TENANT) or 0)
    mark = time.monotonic_ns()
    # Told with a transaction's end, so it needs one of its own: the request's goes on.
    with parts().engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        connection.execute(_MARK, {"isp_id": isp_id, "mark": mark})
    return question.ask(path, kind, mark, {"isp_id": isp_id, **fields})
