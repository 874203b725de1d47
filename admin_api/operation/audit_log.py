"""Who changed what."""

from __future__ import annotations

from typing import Any

from apiflask import APIBlueprint
from flask import g
from sqlalchemy import Select, select

from admin_api.access.authentication import allowed
from admin_api.operation.bodies import AuditPage, AuditQuery
from admin_api.web.pages import page_of
from admin_api.web.route import answers, asks
from models import AuditLog

office = APIBlueprint("office", __name__, tag="Office")


@office.get("/api/audit-log")
@allowed("admin", tenant=False)
@asks(AuditQuery)
@answers(AuditPage)
def audit_log(query: AuditQuery) -> dict[str, Any]:
    """List changes, the newest first: of the ISP that is worked in, for a superadmin outside of any all"""
    changes: Select[AuditLog] = select(AuditLog)
    if g.isp_id is not None:
        changes = changes.where(AuditLog.isp_id == g.isp_id)
    for name in ("actor", "action", "resource", "resource_id"):
        if (wanted := getattr(query, name)) is not None:
            changes = changes.where(getattr(AuditLog, name) == wanted)
    if query.since is not None:
        changes = changes.where(AuditLog.created_at >= query.since)
    if query.until is not None:
        changes = changes.where(AuditLog.created_at < query.until)
    return page_of(changes.order_by(AuditLog.created_at.desc(), AuditLog.id.desc()), query, list)
