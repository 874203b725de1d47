"""Which of a tenant's devices is meant: the one at an address, and the one where a customer usually is."""

from __future__ import annotations

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from models.tables.accounting import Radacct
from models.tables.devices import MikrotikDevice


def device_at(session: Session, isp_id: int, address: str) -> MikrotikDevice | None:
    """The tenant's device with that address, the narrowest network first."""
    query = select(MikrotikDevice).where(MikrotikDevice.isp_id == isp_id, MikrotikDevice.ip_address.op(">>=")(address))
    return session.scalar(query.order_by(func.masklen(MikrotikDevice.ip_address).desc()).limit(1))


def usual_device(session: Session, isp_id: int, customer_id: int) -> int | None:
    """Where the customer was last seen, or else the tenant's first device that works."""
    last = (
        select(Radacct.device_id)
        .join(MikrotikDevice, (MikrotikDevice.isp_id == Radacct.isp_id) & (MikrotikDevice.id == Radacct.device_id))
        .where(Radacct.isp_id == isp_id, Radacct.customer_id == customer_id)
        .order_by(Radacct.acctstarttime.desc())
        .limit(1)
    )
    first = (
        select(MikrotikDevice.id)
        .where(MikrotikDevice.isp_id == isp_id)
        .order_by(MikrotikDevice.status, MikrotikDevice.id)
        .limit(1)
    )
    return session.scalar(last) or session.scalar(first)


def usual_station(session: Session, isp_id: int, customer_id: int) -> str:
    """Calling-Station-Id of the customer's newest session, empty without one."""
    last = (
        select(Radacct.callingstationid)
        .where(Radacct.isp_id == isp_id, Radacct.customer_id == customer_id)
        .order_by(Radacct.acctstarttime.desc())
        .limit(1)
    )
    return session.scalar(last) or ""
