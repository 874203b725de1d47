"""A login judged from the database, while the login process cannot be asked: the same facts, rules and answer.

What only that process knows is not in the facts: places between Accept and Start, and octets that the spool still owes
the database (a second or two of traffic).
"""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import func, select

from admin_api.web.database import mine, now, session, tenant_id
from admin_api.web.parts import parts
from models import MikrotikDevice, Radacct
from models.accounting.booking import book
from models.accounting.records import AuthResult
from models.accounting.session_id import make_class
from models.customers.lookup import customer_id_named
from models.names import login_name, station
from models.secrets.keyring import Keyring
from radius_module.directory import load
from radius_module.directory.contents import Directory
from radius_module.login import passwords
from radius_module.login.facts import gather
from radius_module.login.reject_delay import GUESSES, RejectDelay
from radius_module.online.table import OnlineTable
from radius_module.packets.access_request import LoginRequest
from radius_module.packets.wire_line import Origin
from radius_module.replies.outcome import ACCEPT, outcome
from radius_module.rules import decide, explain
from radius_module.rules.facts import Customer, Device, Facts

#: Of this process alone: the login process has the one that counts.
_brake = RejectDelay()


class Knowledge:
    """What the database says about one customer and one device, as the directory holds it."""

    def __init__(self, customer_id: int | None, device_id: int | None) -> None:
        connection = session().connection()
        self._directory, self._live = Directory(), OnlineTable()
        contents = self._directory.contents
        load.refresh_isps(connection, contents, [tenant_id()])
        if customer_id is not None:
            load.refresh_customers(connection, contents, self._live, [customer_id])
        if device_id is not None:
            load.refresh_devices(connection, contents, [device_id])
        self.customer = contents.customers.get(customer_id or 0)
        if self.customer is not None and self.customer.plan_id is not None:
            load.refresh_plans(connection, contents, [self.customer.plan_id])
        found = contents.devices.get(device_id or 0)
        self.device: Device | None = None if found is None else found[1]

    def facts(self, now: datetime, mac: str, *, authentic: bool) -> Facts:
        """As the packet path puts them together."""
        moment, mac = now.timestamp(), station(mac)
        return gather(self._directory, self._live, tenant_id(), self.device, self.customer, mac, authentic, moment)

    def knows(self, password: str, keyring: Keyring) -> bool:
        """Is it the customer's password, as PAP proves it?"""
        return self.customer is not None and passwords.proves(_pap(self.customer, password), self.customer, keyring)


def explained(customer_id: int, device_id: int | None, mac: str) -> dict[str, Any]:
    """{code, reply, rules} of a login with the right password now."""
    verdict, findings = explain(Knowledge(customer_id, device_id).facts(now(), mac, authentic=True))
    told = outcome(verdict, make_class(now().timestamp()))
    return {"code": told.code, "reply": told.reply, "rules": [list(finding) for finding in findings]}


def login(username: str, password: str, address: str, mac: str) -> dict[str, Any]:
    """{code, reply, delay} of a login; its result is booked with the request's transaction, or its refusal."""
    customer_id, device = customer_id_named(session(), username), device_at(address)
    device_id = None if device is None else device.id
    known = Knowledge(customer_id, device_id)
    authentic = known.knows(password, parts().keyring)
    told = outcome(decide(known.facts(now(), mac, authentic=authentic)), make_class(now().timestamp()))
    answered = "Access-Accept" if told.code == ACCEPT else "Access-Reject"
    result = AuthResult(tenant_id(), now().timestamp(), username.encode(), answered, told.code, customer_id,
                         device_id, address, station(mac), told.klass)  # fmt: skip
    book(session().connection(), [result])
    guessed = told.code in GUESSES
    delay = _brake.delay(tenant_id(), device_id or 0, login_name(username), now().timestamp()) if guessed else 0
    return {"code": told.code, "reply": told.reply, "delay": delay}


def device_at(address: str) -> MikrotikDevice | None:
    """The tenant's device with that address, the narrowest network first."""
    query = mine(MikrotikDevice).where(MikrotikDevice.ip_address.op(">>=")(address))
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


def _pap(customer: Customer, password: str) -> LoginRequest:
    origin = Origin("", customer.isp_id, 0)
    name = customer.username.encode()
    return LoginRequest(origin, name, password.encode(), b"", b"", is_mschap=False, mac="")
