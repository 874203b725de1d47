"""Files for a router: the script that sets it up, and the pages of its HotSpot."""

from __future__ import annotations

from typing import Any

from apiflask import APIBlueprint
from flask import Response

from admin_api.access.authentication import allowed, require
from admin_api.devices.hotspot.archive import archive
from admin_api.devices.router_bodies import HotspotQuery, ScriptQuery
from admin_api.devices.script import ForRouter, script
from admin_api.devices.server_address import server_for
from admin_api.web.answer import download
from admin_api.web.bodies import Nothing
from admin_api.web.database import session, tenant
from admin_api.web.parts import parts
from admin_api.web.route import answers, asks, documents
from admin_api.web.rows import row as the_row
from models import MikrotikDevice
from models.audit_trail import record
from models.network.addresses import single_address

files = APIBlueprint("files", __name__, url_prefix="/api/devices", tag="Devices")


def _file(mimetype: str) -> dict[int, dict[str, Any]]:
    return {200: {"content": {mimetype: {"schema": {"type": "string"}}}}}


@files.get("/<int:id>/script")
@documents(responses=_file("text/plain"))
@allowed("admin")
@the_row(MikrotikDevice)
@asks(ScriptQuery)
@answers(Nothing)
def router_script(row: MikrotikDevice, query: ScriptQuery) -> Response:
    """Read the RouterOS script that sets this router up; it may be imported again"""
    settings = parts().settings
    server = server_for(query.server)
    secret = None
    if query.secret == "1":  # noqa: S105  # a switch
        require("admin")
        secret = parts().keyring.decrypt(row.radius_secret, row.isp_id, MikrotikDevice.__tablename__, row.id)
        record(session(), "show-secret", row, {}, {"server": server, "services": query.services})
        session().commit()
    text = script(
        ForRouter(row.id, row.name, tuple(query.services.split(",")), server, settings.auth_port, settings.acct_port,
                  row.coa_port, single_address(row.ip_address), secret)
    )  # fmt: skip
    return download(text.encode(), "text/plain; charset=utf-8", f"infora-device-{row.id}.rsc")


@files.get("/<int:id>/hotspot.zip")
@documents(responses=_file("application/zip"))
@allowed("admin")
@the_row(MikrotikDevice)
@asks(HotspotQuery)
@answers(Nothing)
def hotspot_pages(row: MikrotikDevice, query: HotspotQuery) -> Response:
    """Read the pages of this router's HotSpot, with the ISP's name, for the router's `html-directory`"""
    name = tenant().company_name or tenant().name
    return download(archive(name, query.color, query.language), "application/zip", f"hotspot-{row.id}.zip")
