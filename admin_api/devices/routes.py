"""Devices: the routers of a tenant."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any

from apiflask import APIBlueprint
from sqlalchemy import select

from admin_api.access.authentication import allowed
from admin_api.devices import address_check
from admin_api.devices.bodies import CoaOut, DeviceChange, DeviceIn, DeviceOut, DevicePage, DeviceWithSecret
from admin_api.web.bodies import Nothing
from admin_api.web.database import of_tenant, session, settle, tenant, tenant_rows
from admin_api.web.pages import PageQuery, page_of
from admin_api.web.parts import parts
from admin_api.web.route import answers, asks, documents, takes
from admin_api.web.rows import row as the_row
from models import DeviceAbility, DeviceContact, MikrotikDevice
from models.network import devices as device_registry
from radius_module.status import unsigned_requests

devices = APIBlueprint("devices", __name__, url_prefix="/api/devices", tag="Devices")


@devices.get("")
@allowed("viewer")
@asks(PageQuery)
@answers(DevicePage)
def index(query: PageQuery) -> dict[str, Any]:
    """List devices"""
    return page_of(tenant_rows(MikrotikDevice).order_by(MikrotikDevice.id), query, shown)


@devices.post("")
@documents(responses=[409])
@allowed("admin")
@takes(DeviceIn)
@answers(DeviceWithSecret, 201, "Device created. Its RADIUS secret is shown this once.")
def create(body: DeviceIn) -> dict[str, Any]:
    """Register a device"""
    fields = address_check.check(body.model_dump())
    device, secret = device_registry.create_device(session(), parts().keyring, tenant(), **fields)
    return _shown(device) | {"radius_secret": secret}


@devices.get("/<int:id>")
@allowed("viewer")
@the_row(MikrotikDevice)
@answers(DeviceOut)
def read(row: MikrotikDevice) -> DeviceOut:
    """Read a device"""
    return shown([row])[0]


@devices.route("/<int:id>", methods=["PUT", "PATCH"])
@documents(responses=[409, 412])
@allowed("admin")
@the_row(MikrotikDevice)
@takes(DeviceChange)
@answers(DeviceOut, message="Device changed.")
def change(row: MikrotikDevice, body: DeviceChange) -> dict[str, Any]:
    """Change a device"""
    changes = address_check.check(body.given())
    device_registry.update_device(session(), parts().keyring, tenant(), row, changes)
    return _shown(row)


@devices.delete("/<int:id>")
@documents(responses=[409, 412])
@allowed("admin")
@the_row(MikrotikDevice)
@answers(Nothing, message="Device deleted.")
def delete(row: MikrotikDevice) -> dict[str, Any]:
    """Delete a device that has no open session"""
    device_registry.delete_device(session(), row)
    return {}


@devices.post("/<int:id>/rotate-secret")
@allowed("admin")
@the_row(MikrotikDevice)
@answers(DeviceWithSecret, message="The new RADIUS secret is shown this once; the old one is void within ten seconds.")
def rotate_secret(row: MikrotikDevice) -> dict[str, Any]:
    """Replace the RADIUS secret"""
    secret = device_registry.rotate_secret(session(), parts().keyring, row)
    return _shown(row) | {"radius_secret": secret}


def shown(rows: Sequence[MikrotikDevice]) -> list[DeviceOut]:
    """Devices: when last seen, what they are known to do when asked, what was dropped for want of a signature."""
    ids = [device.id for device in rows]
    contacts = select(DeviceContact.device_id, DeviceContact.last_seen_at).where(
        of_tenant(DeviceContact), DeviceContact.device_id.in_(ids)
    )
    seen = {contact.device_id: contact.last_seen_at for contact in session().execute(contacts)}
    abilities: dict[int, list[CoaOut]] = {}
    for row in session().scalars(tenant_rows(DeviceAbility).where(DeviceAbility.device_id.in_(ids))):
        abilities.setdefault(row.device_id, []).append(CoaOut.model_validate(row))
    unsigned = unsigned_requests(parts().settings.state_dir)
    return [
        DeviceOut.model_validate(device).model_copy(
            update={"last_seen_at": seen.get(device.id), "coa": abilities.get(device.id, [])}
            | _unsigned(unsigned.get(device.id))
        )
        for device in rows
    ]


def _unsigned(counted: tuple[int, float] | None) -> dict[str, Any]:
    if counted is None:
        return {}
    return {"unsigned_requests": counted[0], "unsigned_last_at": datetime.fromtimestamp(counted[1], UTC)}


def _shown(device: MikrotikDevice) -> dict[str, Any]:
    settle(device)
    return shown([device])[0].model_dump()
