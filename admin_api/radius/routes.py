"""RADIUS seen from the office: would this customer get in, how is the server doing, and RADIUS over HTTP."""

from __future__ import annotations

from functools import partial
from http import HTTPStatus
from typing import Any, NoReturn

from apiflask import APIBlueprint
from flask import Response, after_this_request
from sqlalchemy import func, select
from sqlalchemy.exc import OperationalError

from admin_api.access.authentication import allowed
from admin_api.radius import reject_delay
from admin_api.radius.bodies import AccountingIn, AccountingOut, AuthIn, AuthOut, ExplainOut, ExplainQuery, StatusOut
from admin_api.web import idempotency
from admin_api.web.database import now, session, tenant_id
from admin_api.web.errors import refuse
from admin_api.web.parts import parts
from admin_api.web.route import answers, asks, documents, takes
from admin_api.web.rows import find
from admin_api.web.rows import row as the_row
from models import Customer, MikrotikDevice
from models.accounting.booking import Booking, BookingConflict, book
from models.accounting.records import AccountingRecord
from models.names import station
from radius_module.login import ask, from_database
from radius_module.login.from_database import device_at, usual_device
from radius_module.replies.outcome import ACCEPT
from radius_module.status import backlogs, directory_age, report, version

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
    asked = (row.id, device_id, mac)
    told = ask.explained(*asked) or from_database.explained(*asked)
    rules = [dict(zip(("code", "passed", "facts"), rule, strict=True)) for rule in told["rules"]]
    verdict = "accept" if told["code"] == ACCEPT else "reject"
    return {"verdict": verdict, "code": told["code"], "reply": told["reply"], "device_id": device_id, "rules": rules}


@radius.get("/api/billing/radius/status")
@allowed("viewer")
@answers(StatusOut)
def status() -> dict[str, Any]:
    """How RADIUS is doing"""
    state_dir = parts().settings.state_dir
    server = report(state_dir)
    totals = func.infora_totals().table_valued("customers", "devices", "online_sessions", "last_accounting_at")
    found = session().execute(select(totals)).one()
    age = directory_age(server)
    return {
        "freeradius": {"running": server is not None, "version": version()},
        "online_sessions": found.online_sessions,
        "spool_depth": sum(one.records for one in backlogs(state_dir).values()),
        "last_accounting_at": found.last_accounting_at,
        "directory": {"customers": found.customers, "devices": found.devices, "age_seconds": age},
    }


@radius.post("/api/radius-api/auth")
@allowed("staff")
@takes(AuthIn)
@answers(AuthOut, message="Access-Accept.")
def auth(body: AuthIn) -> dict[str, Any]:
    """Log a customer in by the rules of the wire: 200 and the reply's attributes, or 403 and the refusal's code"""
    asked = (body.username, body.password, str(body.nas_ip), body.calling_station_id)
    told = ask.login(*asked) or from_database.login(*asked)
    if told["code"] != ACCEPT:
        _refuse(told)
    return {"verdict": "accept", "code": ACCEPT, "reply": told["reply"]}


@radius.post("/api/radius-api/accounting")
@documents(responses=[409])
@allowed("staff")
@takes(AccountingIn)
@answers(AccountingOut, message="Booked.")
def accounting(body: AccountingIn) -> dict[str, Any]:
    """Book a session's report, in the same books as the wire's"""
    device = device_at(str(body.nas_ip))
    if device is None or device.status != "active":
        refuse(403, "unknown_device", "There is no device with this address.")
    report = _report(body, device)
    try:
        booking = book(session().connection(), [report])
    except (BookingConflict, OperationalError):
        refuse(409, "busy", "Another report of this session is being booked: send it again.")
    # Behind the commit: what is told must be so.
    after_this_request(partial(_tell, report, booking))
    return {"session": booking.sessions[0].unique_id if booking.sessions else None}


def _tell(report: AccountingRecord, booking: Booking, response: Response) -> Response:
    if response.status_code == HTTPStatus.OK:
        ask.tell(report, booking)
    return response


def _refuse(told: dict[str, Any]) -> NoReturn:
    """The refusal, in time: a guess waits as it would on the wire, and keeps no connection meanwhile."""
    idempotency.forget()
    session().commit()
    left = reject_delay.wait(told["delay"])
    message = str(told["reply"].get("Reply-Message", ""))
    headers = {"Retry-After": str(left)} if left else None
    refuse(403, told["code"], message, headers=headers, extra={"reply": told["reply"]})


def _report(body: AccountingIn, device: MikrotikDevice) -> AccountingRecord:
    """As a router's packet is read; one that counts the other way round is put right."""
    octets = (body.input_octets, body.output_octets)
    octets_in, octets_out = reversed(octets) if device.octets_reversed else octets
    return AccountingRecord(
        body.status_type,
        tenant_id(),
        device.id,
        body.session_id.encode(),
        b"",
        body.username.encode(),
        now().timestamp(),
        session_time=body.session_time,
        octets_in=octets_in,
        octets_out=octets_out,
        mac=station(body.calling_station_id),
        nas_address=str(body.nas_ip),
        framed_address="" if body.framed_ip is None else str(body.framed_ip),
        cause=body.terminate_cause,
    )
