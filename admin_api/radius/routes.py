"""RADIUS as operators see it: would this customer get in, how is the server doing, and RADIUS over HTTP."""

from __future__ import annotations

from functools import partial
from http import HTTPStatus
from pathlib import Path
from typing import Any, NoReturn

from apiflask import APIBlueprint
from flask import Response, after_this_request
from sqlalchemy import func, select
from sqlalchemy.exc import OperationalError

from admin_api.access.authentication import allowed
from admin_api.radius import reject_delay
from admin_api.radius.bodies import AccountingIn, AccountingOut, AuthIn, AuthOut, ExplainOut, ExplainQuery, StatusOut
from admin_api.radius.explanation import explained
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
from models.network.lookup import device_at, usual_device, usual_station
from radius_module.login import ask
from radius_module.login.ask import Caller
from radius_module.replies.outcome import ACCEPT
from radius_module.status import directory_age, report, spools, version

radius = APIBlueprint("radius", __name__, tag="RADIUS")


@radius.get("/api/billing/customers/<int:id>/explain")
@allowed("viewer", while_suspended=True)
@the_row(Customer)
@asks(ExplainQuery)
@answers(ExplainOut)
def explain_login(row: Customer, query: ExplainQuery) -> dict[str, Any]:
    """What would happen if this customer logged in now, with the right password, rule by rule"""
    wanted = query.device_id
    device_id = usual_device(session(), tenant_id(), row.id) if wanted is None else find(MikrotikDevice, wanted).id
    calling = query.calling_station_id
    if calling is None:
        calling = row.mac_address or usual_station(session(), tenant_id(), row.id)
    answer = ask.explained(_caller(), _socket_dir(), row.id, device_id, calling)
    return {
        "verdict": "accept" if answer["code"] == ACCEPT else "reject", "code": answer["code"], "reply": answer["reply"],
        "device_id": device_id, "calling_station_id": calling, "rules": explained(answer["rules"]),
    }  # fmt: skip


@radius.get("/api/billing/radius/status")
@allowed("viewer")
@answers(StatusOut)
def status() -> dict[str, Any]:
    """How RADIUS is doing"""
    state_dir = parts().settings.state_dir
    server = report(state_dir)
    totals = func.infora_totals().table_valued("customers", "devices", "online_sessions", "last_accounting_at")
    counts = session().execute(select(totals)).one()
    age = directory_age(server)
    return {
        "freeradius": {"running": server is not None, "version": version()},
        "online_sessions": counts.online_sessions,
        "spool_depth": sum(spool.records for spool in spools(state_dir).values()),
        "last_accounting_at": counts.last_accounting_at,
        "directory": {"customers": counts.customers, "devices": counts.devices, "age_seconds": age},
    }


@radius.post("/api/radius-api/auth")
@allowed("staff", while_suspended=True)
@takes(AuthIn)
@answers(AuthOut, message="Access-Accept.")
def auth(body: AuthIn) -> dict[str, Any]:
    """Log a customer in by the rules of the wire: 200 and the reply's attributes, or 403 and the refusal's code"""
    answer = ask.login(
        _caller(), _socket_dir(), username=body.username, password=body.password, address=str(body.nas_ip),
        calling=body.calling_station_id,
    )  # fmt: skip
    if answer["code"] != ACCEPT:
        _refuse(answer)
    return {"verdict": "accept", "code": ACCEPT, "reply": answer["reply"]}


@radius.post("/api/radius-api/accounting")
@documents(responses=[409])
@allowed("staff", while_suspended=True)
@takes(AccountingIn)
@answers(AccountingOut, message="Booked.")
def accounting(body: AccountingIn) -> dict[str, Any]:
    """Book a session's accounting record, in the same books as the wire's"""
    device = device_at(session(), tenant_id(), str(body.nas_ip))
    if device is None or device.status != "active":
        refuse(403, "unknown_device", "There is no device with this address.")
    record = _record(body, device)
    try:
        booking = book(session().connection(), [record])
    except (BookingConflict, OperationalError):
        refuse(409, "busy", "Another record of this session is being booked: send it again.")
    # After the commit: what memory hears must be so.
    after_this_request(partial(_pass_on, record, booking))
    return {"session": booking.sessions[0].unique_id if booking.sessions else None}


def _caller() -> Caller:
    return Caller(session(), tenant_id(), now(), parts().keyring)


def _socket_dir() -> Path:
    return parts().settings.socket_dir


def _pass_on(record: AccountingRecord, booking: Booking, response: Response) -> Response:
    if response.status_code == HTTPStatus.OK:
        ask.report(_socket_dir(), record, booking)
    return response


def _refuse(answer: dict[str, Any]) -> NoReturn:
    """The refusal, in time: a guess waits as it would on the wire, and holds no connection meanwhile."""
    idempotency.forget()
    session().commit()
    left = reject_delay.wait(answer["delay"])
    message = str(answer["reply"].get("Reply-Message", ""))
    headers = {"Retry-After": str(left)} if left else None
    refuse(403, answer["code"], message, headers=headers, extra={"reply": answer["reply"]})


def _record(body: AccountingIn, device: MikrotikDevice) -> AccountingRecord:
    """As a device's packet is read; a device that counts the other way round is put right."""
    octets = (body.input_octets, body.output_octets)
    octets_in, octets_out = reversed(octets) if device.octets_reversed else octets
    return AccountingRecord(
        body.status_type,
        tenant_id(),
        device.id,
        body.session_id.encode(),
        bytes.fromhex(body.class_.removeprefix("0x")),
        body.username.encode(),
        now().timestamp(),
        session_time=body.session_time,
        octets_in=octets_in,
        octets_out=octets_out,
        mac=station(body.calling_station_id),
        nas_address=str(body.nas_ip),
        framed_address=str(body.framed_ip or ""),
        framed_ipv6_prefix=str(body.framed_ipv6_prefix or ""),
        delegated_ipv6_prefix=str(body.delegated_ipv6_prefix or ""),
        framed_ipv6_address=str(body.framed_ipv6 or ""),
        cause=body.terminate_cause,
    )
