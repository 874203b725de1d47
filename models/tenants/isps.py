"""A tenant is created, suspended, given new keys, deleted. In the caller's transaction; commits nothing."""

from __future__ import annotations

from typing import Any

from sqlalchemy import delete, exists, select
from sqlalchemy.orm import Session

from models.audit_trail import record, snapshot
from models.network import requests
from models.refusals import Refused
from models.secrets.generated import api_key_digest, given_or_generated, make_secret
from models.secrets.keyring import Keyring
from models.tables.customers import BulkRun, Customer
from models.tables.devices import MikrotikDevice
from models.tables.isps import BillingSettings, Isp
from models.tables.mail import Mail, SmtpSettings
from models.tables.outbox import Outbox
from models.tables.plans import ServicePlan
from models.tables.radius import Radgroupcheck, Radgroupreply
from models.tables.users import User


def create_isp(
    session: Session,
    keyring: Keyring,
    *,
    name: str,
    api_key: str | None = None,
    radius_secret: str | None = None,
    **fields: Any,  # noqa: ANN401  # columns of Isp
) -> tuple[Isp, str, str]:
    """(tenant, API key, RADIUS secret): the two secrets in clear, for the only time."""
    key, secret = given_or_generated(api_key), given_or_generated(radius_secret)
    isp = Isp(name=name, api_key_hash=api_key_digest(key), **fields)
    session.add(isp)
    session.flush()
    isp.radius_secret = keyring.encrypt(secret, isp.id, "isps", isp.id)
    record(session, "create", isp, isp_id=isp.id)
    return isp, key, secret


def update_isp(session: Session, keyring: Keyring, isp: Isp, changes: dict[str, Any]) -> None:
    """Change the given columns; `radius_secret` and `api_key` come in clear, and `status` acts."""
    before = snapshot(isp)
    changes = dict(changes)
    secret, key, status = (changes.pop(name, None) for name in ("radius_secret", "api_key", "status"))
    for name, value in changes.items():
        setattr(isp, name, value)
    if secret is not None:
        isp.radius_secret = keyring.encrypt(given_or_generated(secret), isp.id, "isps", isp.id)
    if key is not None:
        isp.api_key_hash = api_key_digest(key)
    if status is not None and status != isp.status:
        _set_status(session, isp, status)
    record(session, "update", isp, before, isp_id=isp.id)


def suspend_isp(session: Session, isp: Isp) -> None:
    """The tenant's customers can no longer log in, and open sessions end."""
    before = snapshot(isp)
    _set_status(session, isp, "suspended")
    record(session, "suspend", isp, before, isp_id=isp.id)


def activate_isp(session: Session, isp: Isp) -> None:
    """Lift a tenant's suspension."""
    before = snapshot(isp)
    _set_status(session, isp, "active")
    record(session, "activate", isp, before, isp_id=isp.id)


def rotate_api_key(session: Session, isp: Isp) -> str:
    """A new API key, in clear for the only time; the old one is void."""
    key = make_secret()
    before = snapshot(isp)
    isp.api_key_hash = api_key_digest(key)
    record(session, "rotate-key", isp, before, isp_id=isp.id)
    return key


def delete_isp(session: Session, isp: Isp) -> None:
    """Remove a tenant who has no customers, devices and plans left. Sessions, usage and audit rows stay."""
    if any(session.scalar(select(exists().where(model.isp_id == isp.id))) for model in _HOLDS):
        raise Refused("in_use", "The ISP still has customers, devices or plans: delete them first.")
    record(session, "delete", isp, snapshot(isp), isp_id=isp.id)
    session.flush()
    for model in (User, Outbox, Radgroupcheck, Radgroupreply, BulkRun, BillingSettings, SmtpSettings, Mail):
        session.execute(delete(model).where(model.isp_id == isp.id))
    session.delete(isp)
    session.flush()


_HOLDS: tuple[type[Customer] | type[MikrotikDevice] | type[ServicePlan], ...] = (Customer, MikrotikDevice, ServicePlan)


def _set_status(session: Session, isp: Isp, status: str) -> None:
    if status == "suspended" and isp.status != "suspended":
        requests.disconnect_tenant(session, isp.id)
    isp.status = status
