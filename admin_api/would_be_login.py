"""A login that did not come over the wire, judged as if it had: the packet path's own facts, rules and answer.

What only the FreeRADIUS process knows is not in the facts: places between Accept and Start, and octets that the
spool still owes the database (a second or two of traffic).
"""

from __future__ import annotations

from datetime import datetime
from typing import NamedTuple

from sqlalchemy import func, select

from admin_api.database import session, tenant_id
from models import MikrotikDevice, Radacct
from models.credentials import Keyring
from models.identity import make_class
from radius_module import directory_load, passwords, reply
from radius_module.attributes import UnencodableAttribute
from radius_module.directory import Directory
from radius_module.facts import gather
from radius_module.live import Live
from radius_module.names import station
from radius_module.packet import LoginRequest, Origin
from radius_module.rules.facts import Customer, Deny, Device, Facts, Verdict

ACCEPT = "accept"


class Outcome(NamedTuple):
    """What the router would get. `code` is `accept` or the refusal's, `message` the refusal's sentence."""

    code: str
    message: str
    reply: dict[str, str | list[str]]
    klass: bytes

    @property
    def verdict(self) -> str:
        return "accept" if self.code == ACCEPT else "reject"


class Knowledge:
    """What the database says about one customer and one device, as the directory holds it."""

    def __init__(self, customer_id: int | None, device_id: int | None) -> None:
        connection = session().connection()
        self._directory, self._live = Directory(), Live()
        contents = self._directory.contents
        directory_load.refresh_isps(connection, contents, [tenant_id()])
        if customer_id is not None:
            directory_load.refresh_customers(connection, contents, self._live, [customer_id])
        if device_id is not None:
            directory_load.refresh_devices(connection, contents, [device_id])
        self.customer = contents.customers.get(customer_id or 0)
        if self.customer is not None and self.customer.plan_id is not None:
            directory_load.refresh_plans(connection, contents, [self.customer.plan_id])
        found = contents.devices.get(device_id or 0)
        self.device: Device | None = None if found is None else found[1]

    def facts(self, now: datetime, mac: str, *, authentic: bool) -> Facts:
        """As the packet path puts them together."""
        moment, mac = now.timestamp(), station(mac)
        return gather(self._directory, self._live, tenant_id(), self.device, self.customer, mac, authentic, moment)

    def knows(self, password: str, keyring: Keyring) -> bool:
        """Is it the customer's password, as PAP proves it?"""
        return self.customer is not None and passwords.proves(_pap(self.customer, password), self.customer, keyring)


def outcome(verdict: Verdict, now: datetime) -> Outcome:
    """The answer with its attributes; one that cannot be sent is a refusal, as on the wire."""
    if isinstance(verdict, Deny):
        return _refused(verdict)
    klass = make_class(now.timestamp())
    try:
        return Outcome(ACCEPT, "", reply.shown(reply.accept(verdict, klass)), klass)
    except UnencodableAttribute:
        return _refused(reply.NOT_SET_UP)


def device_at(address: str) -> int | None:
    """The tenant's device with that address, the narrowest network first."""
    found = MikrotikDevice.ip_address.op(">>=")(address)
    query = select(MikrotikDevice.id).where(MikrotikDevice.isp_id == tenant_id(), found)
    return session().scalar(query.order_by(func.masklen(MikrotikDevice.ip_address).desc()).limit(1))


def usual_device(customer_id: int) -> int | None:
    """Where the customer was last seen, or else the tenant's first device that works."""
    last = (
        select(Radacct.device_id)
        .join(MikrotikDevice, (MikrotikDevice.isp_id == Radacct.isp_id) & (MikrotikDevice.id == Radacct.device_id))
        .where(Radacct.isp_id == tenant_id(), Radacct.customer_id == customer_id)
        .order_by(Radacct.acctstarttime.desc())
        .limit(1)
    )
    first = (
        select(MikrotikDevice.id)
        .where(MikrotikDevice.isp_id == tenant_id())
        .order_by(MikrotikDevice.status, MikrotikDevice.id)
        .limit(1)
    )
    return session().scalar(last) or session().scalar(first)


def _refused(refusal: Deny) -> Outcome:
    return Outcome(refusal.code, refusal.message, {"Reply-Message": refusal.message}, b"")


def _pap(customer: Customer, password: str) -> LoginRequest:
    origin = Origin("", customer.isp_id, 0)
    name = customer.username.encode()
    return LoginRequest(origin, name, password.encode(), b"", b"", is_mschap=False, mac="")
