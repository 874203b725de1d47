"""Accounting records that could not be booked: looked at, booked after all, or dropped."""

from __future__ import annotations

from typing import Any

from apiflask import APIBlueprint
from sqlalchemy.exc import DBAPIError

from admin_api.access.authentication import allowed
from admin_api.radius.bodies import QuarantinedOut, QuarantinePage
from admin_api.web.bodies import Nothing
from admin_api.web.database import session, tenant_rows
from admin_api.web.errors import refuse
from admin_api.web.pages import PageQuery, page_of
from admin_api.web.route import answers, asks, documents
from admin_api.web.rows import row as the_row
from models import Quarantined
from models.accounting.booking import BookingConflict
from models.audit_trail import record, snapshot
from radius_module.writer import quarantine

quarantined = APIBlueprint("quarantine", __name__, url_prefix="/api/billing/quarantine", tag="Office")


@quarantined.get("")
@allowed("viewer")
@asks(PageQuery)
@answers(QuarantinePage)
def index(query: PageQuery) -> dict[str, Any]:
    """List accounting reports that could not be booked"""
    return page_of(tenant_rows(Quarantined).order_by(Quarantined.id), query, list)


@quarantined.get("/<int:id>")
@allowed("viewer")
@the_row(Quarantined)
@answers(QuarantinedOut)
def read(row: Quarantined) -> Quarantined:
    """Read such a report"""
    return row


@quarantined.post("/<int:id>/submit")
@documents(responses=[409])
@allowed("admin")
@the_row(Quarantined)
@answers(Nothing, message="Booked.")
def submit(row: Quarantined) -> dict[str, Any]:
    """Book a report after all"""
    content = _content(row)
    # With this it is in the books, and no longer here.
    record(session(), "submit", row, content, dict.fromkeys(content))
    try:
        quarantine.submit(session().connection(), row.id)
    except (BookingConflict, DBAPIError, ValueError):
        refuse(409, "not_bookable", "The report still cannot be booked; it stays in quarantine.")
    return {}


@quarantined.delete("/<int:id>")
@allowed("admin")
@the_row(Quarantined)
@answers(Nothing, message="Dropped; the audit log has its content.")
def drop(row: Quarantined) -> dict[str, Any]:
    """Drop a report for good"""
    record(session(), "delete", row, _content(row))
    quarantine.drop(session().connection(), row.id)
    return {}


def _content(row: Quarantined) -> dict[str, Any]:
    shown = snapshot(row)
    return {name: shown[name] for name in ("reason", "record", "node")}
