"""RADIUS seen from the office: would this customer get in, how is the server doing, and RADIUS over HTTP."""

from __future__ import annotations

from typing import Any

from apiflask import APIBlueprint
from sqlalchemy import func, select
from sqlalchemy.exc import OperationalError

from admin_api import radius_server
from admin_api.authentication import allowed
from admin_api.database import now, session, tenant_id
from admin_api.errors import refuse
from admin_api.parts import parts
from admin_api.rows import find
from admin_api.rows import row as the_row
from admin_api.scaffold import answers, asks, documents, takes
from admin_api.schemas.radius import (
    AccountingIn,
    AccountingOut,
    AuthIn,
    AuthOut,
    ExplainOut,
    ExplainQuery,
    StatusOut,
)
from admin_api.would_be_login import ACCEPT, Knowledge, Outcome, device_at, outcome, usual_device
from models import Customer, MikrotikDevice
from models.customer_lookup import customer_id_named
from models.ledger import BookingConflict, book
from models.reports import LoginResult, SessionReport
from radius_module.names import station
from radius_module.rules import decide, explain

radius = APIBlueprint("radius", __name__, tag="RADIUS")


@radius.get("/api/billing/customers/<int:id>/explain")
@allowed("viewer")
@the_row(Customer)
@asks(ExplainQuery)
@answers(ExplainOut)
def explain_login(row: Customer, query: ExplainQuery) -> dict[str, Any]:
    """What would happen if this customer logged in now, with the right password, rule by rule"""
    device_id = usual_device(row.id) if query.device_id is None else find(MikrotikDevice, query.device_id).id
    mac = query.calling_station_id if query.calling_station_id is not None else row.mac_address or ""
    verdict, findings = explain(Knowledge(row.id, device_id).facts(now(), mac, authentic=True))
    would_be = outcome(verdict, now())
    shown = {"verdict": would_be.verdict, "code": would_be.code, "reply": would_be.reply}
    return shown | {"device_id": device_id, "rules": [finding._asdict() for finding in findings]}


@radius.get("/api/billing/radius/status")
@allowed("viewer")
@answers(StatusOut)
def status() -> dict[str, Any]:
    """How RADIUS is doing"""
    state_dir = parts().settings.state_dir
    report = radius_server.report(state_dir)
    totals = func.infora_totals().table_valued("customers", "devices", "online_sessions", "last_accounting_at")
    found = session().execute(select(totals)).one()
    age = radius_server.directory_age(report)
    return {
        "freeradius": {"running": report is not None, "version": radius_server.version()},
        "online_sessions": found.online_sessions,
        "spool_depth": sum(one.records for one in radius_server.backlogs(state_dir).values()),
        "last_accounting_at": found.last_accounting_at,
        "directory": {"customers": found.customers, "devices": found.devices, "age_seconds": age},
    }


@radius.post("/api/radius-api/auth")
@allowed("staff")
@takes(AuthIn)
@answers(AuthOut, message="Access-Accept.")
def auth(body: AuthIn) -> dict[str, Any]:
    """Log a customer in by the rules of the wire: 200 and the reply's attributes, or 403 and the refusal's code"""
    customer_id = customer_id_named(session(), body.username)
    device_id = device_at(str(body.nas_ip))
    known = Knowledge(customer_id, device_id)
    authentic = known.knows(body.password, parts().keyring)
    would_be = outcome(decide(known.facts(now(), body.calling_station_id, authentic=authentic)), now())
    _record(body, would_be, customer_id, device_id)
    if would_be.code != ACCEPT:
        session().commit()
        refuse(403, would_be.code, would_be.message, extra={"reply": would_be.reply})
    return {"verdict": "accept", "code": ACCEPT, "reply": would_be.reply}


@radius.post("/api/radius-api/accounting")
@documents(responses=[409])
@allowed("staff")
@takes(AccountingIn)
@answers(AccountingOut, message="Booked.")
def accounting(body: AccountingIn) -> dict[str, Any]:
    """Book a session's report, in the same books as the wire's"""
    device_id = device_at(str(body.nas_ip))
    if device_id is None:
        refuse(403, "unknown_device", "There is no device with this address.")
    try:
        booking = book(session().connection(), [_report(body, device_id)])
    except (BookingConflict, OperationalError):
        refuse(409, "busy", "Another report of this session is being booked: send it again.")
    return {"session": booking.sessions[0].unique_id if booking.sessions else None}


def _record(body: AuthIn, would_be: Outcome, customer_id: int | None, device_id: int | None) -> None:
    result = LoginResult(
        tenant_id(),
        now().timestamp(),
        body.username.encode(),
        "Access-Accept" if would_be.code == ACCEPT else "Access-Reject",
        would_be.code,
        customer_id,
        device_id,
        str(body.nas_ip),
        station(body.calling_station_id),
        would_be.klass,
    )
    book(session().connection(), [result])


def _report(body: AccountingIn, device_id: int) -> SessionReport:
    return SessionReport(
        body.status_type,
        tenant_id(),
        device_id,
        body.session_id.encode(),
        b"",
        body.username.encode(),
        now().timestamp(),
        session_time=body.session_time,
        octets_in=body.input_octets,
        octets_out=body.output_octets,
        mac=station(body.calling_station_id),
        nas_address=str(body.nas_ip),
        framed_address="" if body.framed_ip is None else str(body.framed_ip),
        cause=body.terminate_cause,
    )
