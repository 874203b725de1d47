"""Devices are registered, changed, given new secrets, removed. In the caller's transaction; commits nothing."""

from __future__ import annotations

from typing import Any

from sqlalchemy import exists, select
from sqlalchemy.orm import Session

from models.audit_trail import record, snapshot
from models.network import requests
from models.refusals import Refused
from models.secrets.generated import given_or_generated, make_secret
from models.secrets.keyring import Keyring
from models.tables.accounting import Radacct
from models.tables.customers import Customer
from models.tables.devices import MikrotikDevice
from models.tables.isps import Isp

TABLE = MikrotikDevice.__tablename__
#: In place of a secret: the device gets its ISP's.
ISP_SECRET = "isp"  # noqa: S105  # a word, not a secret


def create_device(
    session: Session,
    keyring: Keyring,
    isp: Isp,
    *,
    name: str,
    ip_address: str,
    radius_secret: str | None = None,
    api_password: str | None = None,
    **fields: Any,  # noqa: ANN401  # columns of MikrotikDevice
) -> tuple[MikrotikDevice, str]:
    """(device, its RADIUS secret in clear). `radius_secret`: its own (absent: generated), or the ISP's (ISP_SECRET)."""
    secret = _secret_for(keyring, isp, radius_secret)
    # The row's id is part of what the encryption is bound to, and is known only after the insert.
    device = MikrotikDevice(isp_id=isp.id, name=name, ip_address=ip_address, radius_secret="", **fields)
    session.add(device)
    session.flush()
    device.radius_secret = keyring.encrypt(secret, isp.id, TABLE, device.id)
    if api_password is not None:
        device.api_password = keyring.encrypt(api_password, isp.id, TABLE, device.id)
    record(session, "create", device)
    return device, secret


def update_device(
    session: Session, keyring: Keyring, isp: Isp, device: MikrotikDevice, changes: dict[str, Any]
) -> None:
    """Change the given columns; secrets come in clear."""
    before, was_served = snapshot(device), device.status == "active"
    changes = dict(changes)
    secret = changes.pop("radius_secret", None)
    if changes.get("api_password") is not None:
        changes["api_password"] = keyring.encrypt(changes["api_password"], device.isp_id, TABLE, device.id)
    if secret is not None:
        clear = _secret_for(keyring, isp, secret)
        changes["radius_secret"] = keyring.encrypt(clear, device.isp_id, TABLE, device.id)
    for name, value in changes.items():
        setattr(device, name, value)
    if was_served and device.status != "active":
        requests.disconnect_device(session, device)
    record(session, "update", device, before)


def rotate_secret(session: Session, keyring: Keyring, device: MikrotikDevice) -> str:
    """A new RADIUS secret, in clear for the only time."""
    before = snapshot(device)
    secret = make_secret()
    device.radius_secret = keyring.encrypt(secret, device.isp_id, TABLE, device.id)
    record(session, "rotate-secret", device, before)
    return secret


def delete_device(session: Session, device: MikrotikDevice) -> None:
    """Remove a device on which no customer has an open session. What nobody has there ends by itself."""
    in_use = exists().where(
        Radacct.isp_id == device.isp_id,
        Radacct.device_id == device.id,
        Radacct.acctstoptime.is_(None),
        Customer.isp_id == Radacct.isp_id,
        Customer.id == Radacct.customer_id,
    )
    if session.scalar(select(in_use)):
        raise Refused("in_use", "The device has open sessions: disable it first, and delete it when they have ended.")
    record(session, "delete", device, snapshot(device))
    session.delete(device)
    session.flush()


def _secret_for(keyring: Keyring, isp: Isp, wanted: str | None) -> str:
    if wanted != ISP_SECRET:
        return given_or_generated(wanted)
    if isp.radius_secret is None:
        raise Refused("no_isp_secret", "The ISP has no RADIUS secret of its own.")
    return keyring.decrypt(isp.radius_secret, isp.id, "isps", isp.id)
