"""What is done with a router itself: tested, its sessions compared, set up. The worker does it, and is waited for.

The request's connection to the database is given back first; more than two routers at once are a 503, so that the other
seats of the API stay free.
"""

from __future__ import annotations

from typing import Any

from apiflask import APIBlueprint

from admin_api.access.authentication import allowed
from admin_api.devices.router_bodies import ComparedSessions, Configured, ConfigureIn, Reconciled, TestOut, UndoIn
from admin_api.devices.server_address import server_for
from admin_api.web.database import session
from admin_api.web.errors import refuse
from admin_api.web.parts import parts
from admin_api.web.route import answers, documents, takes
from admin_api.web.rows import row as the_row
from models import MikrotikDevice
from models.audit_trail import record
from radius_module.ipc import device_call
from radius_module.ipc.device_call import WorkerUnavailable

routers = APIBlueprint("routers", __name__, url_prefix="/api/devices", tag="Devices")

#: What fails for a reason of the server's own, and not of the router's.
_OURS = ("librouteros_missing", "failed", "database_unavailable")


@routers.post("/<int:id>/test")
@documents(responses=[503])
@allowed("admin")
@the_row(MikrotikDevice)
@answers(TestOut)
def test(row: MikrotikDevice) -> dict[str, Any]:
    """Test a device: RADIUS, requests to it, its own API, and what is wrong with its set-up"""
    return _call("test", row.isp_id, row.id)


@routers.get("/<int:id>/sessions")
@documents(responses=[409, 503])
@allowed("admin")
@the_row(MikrotikDevice)
@answers(ComparedSessions)
def sessions(row: MikrotikDevice) -> dict[str, Any]:
    """List the router's own sessions beside ours"""
    return _call("sessions", row.isp_id, row.id)


@routers.post("/<int:id>/reconcile")
@documents(responses=[409, 503])
@allowed("admin")
@the_row(MikrotikDevice)
@answers(Reconciled, message="Differences are ended.")
def reconcile(row: MikrotikDevice) -> dict[str, Any]:
    """End the sessions that only the books have, and remove those that only the router has"""
    record(session(), "reconcile", row, {}, {})
    return _call("reconcile", row.isp_id, row.id)


@routers.post("/<int:id>/configure")
@documents(responses=[409, 503])
@allowed("admin")
@the_row(MikrotikDevice)
@takes(ConfigureIn)
@answers(Configured)
def configure(row: MikrotikDevice, body: ConfigureIn) -> dict[str, Any]:
    """Set a router up for RADIUS; `dry_run` (the default) only shows the changes"""
    server = server_for(body.server)
    if not body.dry_run:
        record(session(), "configure", row, {}, {"services": body.services, "server": server})
    return _call("configure", row.isp_id, row.id, services=body.services, server=server, dry_run=body.dry_run)


@routers.post("/<int:id>/configure/undo")
@documents(responses=[409, 503])
@allowed("admin")
@the_row(MikrotikDevice)
@takes(UndoIn)
@answers(Configured)
def undo(row: MikrotikDevice, body: UndoIn) -> dict[str, Any]:
    """Take back what `configure` has set; `dry_run` (the default) only shows the changes"""
    if not body.dry_run:
        record(session(), "configure-undo", row, {}, {})
    return _call("undo", row.isp_id, row.id, dry_run=body.dry_run)


def _call(kind: str, isp_id: int, device_id: int, **fields: Any) -> dict[str, Any]:  # noqa: ANN401  # of each kind
    # What is about to be done is in the audit log whatever comes of it; no lock and no connection is held meanwhile.
    session().commit()
    path = device_call.socket_path(parts().settings.socket_dir)
    try:
        answer = device_call.call(path, kind, {"isp_id": isp_id, "device_id": device_id, **fields})
    except WorkerUnavailable:
        refuse(503, "worker_unavailable", "The worker does not answer: is it running?", headers={"Retry-After": "5"})
    failed = answer.get("failed")
    if failed == device_call.BUSY:
        refuse(503, "busy", "Two routers are being asked already: try again.", headers={"Retry-After": "5"})
    if failed is not None:
        shown = {"fingerprint": answer["fingerprint"]} if answer.get("fingerprint") else None
        refuse(503 if failed in _OURS else 409, str(failed), str(answer.get("text")), extra=shown)
    return answer
