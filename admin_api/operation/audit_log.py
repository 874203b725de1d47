"""What was changed by whom, and what could not be booked."""

from __future__ import annotations

from typing import Any

from apiflask import APIBlueprint
from flask import g
from sqlalchemy import Select, select
from sqlalchemy.exc import DBAPIError

from admin_api.access.authentication import allowed
from admin_api.operation.bodies import AuditPage, AuditQuery
from admin_api.radius.bodies import QuarantinedOut, QuarantinePage
from admin_api.web.bodies import Nothing
from admin_api.web.database import mine, session
from admin_api.web.errors import refuse
from admin_api.web.pages import PageQuery, page_of
from admin_api.web.route import answers, asks, documents
from admin_api.web.rows import row as the_row
from models import AuditLog, Quarantined
from models.accounting.booking import BookingConflict
from models.audit_trail import record, snapshot
from radius_module.writer import quarantine

office = APIBlueprint("office", __name__, tag="Office")


@office.get("/api/audit-log")
@allowed("admin", tenant=False)
@asks(AuditQuery)
@answers(AuditPage)
def audit_log(query: AuditQuery) -> dict[str, Any]:
    """List changes, the newest first: of the ISP that is worked in, for a superadmin outside of any all"""
    found: Select[AuditLog] = select(AuditLog)
    if g.isp_id is not None:
        found = found.where(AuditLog.isp_id == g.isp_id)
    for name in ("actor", "action", "resource", "resource_id"):
        if (wanted := getattr(query, name)) is not None:
            found = found.where(getattr(AuditLog, name) == wanted)
    if query.since is not None:
        found = found.where(AuditLog.created_at >= query.since)
    if query.until is not None:
        found = found.where(AuditLog.created_at < query.until)
    return page_of(found.order_by(AuditLog.created_at.desc(), AuditLog.id.desc()), query, list)


@office.get("/api/billing/quarantine")
@allowed("viewer")
@asks(PageQuery)
@answers(QuarantinePage)
def held(query: PageQuery) -> dict[str, Any]:
    """List accounting reports that could not be booked"""
    return page_of(mine(Quarantined).order_by(Quarantined.id), query, list)


@office.get("/api/billing/quarantine/<int:id>")
@allowed("viewer")
@the_row(Quarantined)
@answers(QuarantinedOut)
def inspect(row: Quarantined) -> Quarantined:
    """Read such a report"""
    return row


@office.post("/api/billing/quarantine/<int:id>/submit")
@documents(responses=[409])
@allowed("admin")
@the_row(Quarantined)
@answers(Nothing, message="Booked.")
def submit(row: Quarantined) -> dict[str, Any]:
    """Book a report after all"""
    told = _told(row)
    # It is in the books now, and no longer here.
    record(session(), "submit", row, told, dict.fromkeys(told))
    try:
        quarantine.submit(session().connection(), row.id)
    except (BookingConflict, DBAPIError, ValueError):
        refuse(409, "not_bookable", "The report still cannot be booked; it stays where it is.")
    return {}


@office.delete("/api/billing/quarantine/<int:id>")
@allowed("admin")
@the_row(Quarantined)
@answers(Nothing, message="Dropped; what it said is in the audit log.")
def drop(row: Quarantined) -> dict[str, Any]:
    """Drop a report for good"""
    record(session(), "delete", row, _told(row))
    quarantine.drop(session().connection(), row.id)
    return {}


def _told(row: Quarantined) -> dict[str, Any]:
    shown = snapshot(row)
    return {name: shown[name] for name in ("reason", "record", "node")}
