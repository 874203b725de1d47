"""A tenant of a test's own: routers, plans and customers made through the models, as the API makes them."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any, NamedTuple

from sqlalchemy.orm import Session

from models import Isp
from models.customers.lifecycle import create_customer
from models.network.devices import create_device
from models.subscriptions.plans import create_plan
from models.tenants.isps import create_isp
from tests.radius_client import Credential
from tests.wire.results import Recorded, recorded
from tests.wire.router import MAC, Answer, Router
from tests.wire.system import System

PASSWORD = "customer123"


class Person(NamedTuple):
    """A customer."""

    id: int
    username: str
    password: str


class Tenant:
    """An ISP with one router; a plan of 10 Mbit/s without a cap is made with the first customer who names none."""

    def __init__(self, system: System, **fields: Any) -> None:
        self.system = system
        name = f"ISP {system.number()}"
        with system.change() as session:
            isp, self.api_key, _secret = create_isp(session, system.keyring, name=name, **fields)
            self.isp_id = isp.id
            self.router = self._new_router(session, isp, None, {})
        self._plan: int | None = None

    def add_router(self, secret: str | None = None, **fields: Any) -> Router:
        """One more router, at an address of its own."""
        with self.system.change() as session:
            return self._new_router(session, session.get_one(Isp, self.isp_id), secret, fields)

    def _new_router(self, session: Session, isp: Isp, secret: str | None, fields: dict[str, Any]) -> Router:
        address = fields.pop("address", None) or self.system.new_address()
        device, clear = create_device(
            session, self.system.keyring, isp, name=address, ip_address=address, radius_secret=secret, **fields
        )
        return Router(self.system, device.id, address, clear)

    def plan(self, **fields: Any) -> int:
        """A plan's id."""
        defaults: dict[str, Any] = {"name": "plan", "bandwidth_limit": Decimal(10)}
        with self.system.change() as session:
            return create_plan(session, self.isp_id, **(defaults | fields)).id

    def customer(
        self,
        username: str = "john",
        password: str = PASSWORD,
        *,
        plan: int | None = None,
        no_plan: bool = False,
        expires_in: float | None = None,
        **fields: Any,
    ) -> Person:
        """A customer; `expires_in`: seconds from now."""
        if not no_plan:
            self._plan = self._plan or (plan or self.plan())
            fields["service_plan_id"] = plan or self._plan
        now = datetime.now(UTC)
        if expires_in is not None:
            fields["expires_at"] = now + timedelta(seconds=expires_in)
        with self.system.change() as session:
            isp = session.get_one(Isp, self.isp_id)
            customer = create_customer(
                session, self.system.keyring, isp, now, username=username, password=password, **fields
            )
            return Person(customer.id, username, password)

    def on_plan(self, username: str = "john", /, **fields: Any) -> Person:
        """A customer of that name on a plan of their own."""
        return self.customer(username, plan=self.plan(**fields))

    def login(self, person: Person, password: str | Credential | None = None, *, mac: str = MAC) -> Answer:
        """At the tenant's first router; by PAP and with the right password unless told otherwise."""
        return self.router.login(person.username, person.password if password is None else password, mac=mac)

    def results(self, count: int) -> list[Recorded]:
        """What `radpostauth` has of the tenant, which is to be so many rows."""
        return recorded(self.system, self.isp_id, count)

    def codes(self, count: int) -> list[str]:
        """Their codes."""
        return [row.code for row in self.results(count)]

    # -- by hand, in SQL --------------------------------------------------------------------------------------

    def reply_row(self, person: Person, attribute: str, op: str, value: str) -> None:
        """An operator's own row for one customer."""
        self.system.sql(
            "insert into radreply (isp_id, username, attribute, op, value)"
            " values (:isp, :name, :attribute, :op, :value)",
            isp=self.isp_id, name=person.username, attribute=attribute, op=op, value=value,
        )  # fmt: skip

    def has_used(self, person: Person, octets: int) -> None:
        """So much of the running period's allowance."""
        self.system.sql(
            "insert into usage (isp_id, customer_id, period_start, bytes_in, bytes_out)"
            " select isp_id, customer_id, max(period_start), :up, :down from subscriptions"
            " where customer_id = :id group by 1, 2"
            " on conflict (isp_id, customer_id, period_start)"
            " do update set bytes_in = excluded.bytes_in, bytes_out = excluded.bytes_out",
            id=person.id, up=octets // 3, down=octets - octets // 3,
        )  # fmt: skip

    def is_online(self, person: Person, mac: str, *, session_id: str = "80f00001") -> None:
        """An open session of the customer's, from the device of that address."""
        self.system.sql(
            "insert into radacct (isp_id, device_id, username, acctsessionid, callingstationid)"
            " values (:isp, :device, :name, :session, :mac)",
            isp=self.isp_id, device=self.router.device_id, name=person.username, session=session_id, mac=mac,
        )  # fmt: skip

    def goes_offline(self, person: Person) -> None:
        """All the customer's sessions have ended."""
        self.system.sql(
            "update radacct set acctstoptime = now() where customer_id = :id and acctstoptime is null", id=person.id
        )

    def set_isp(self, assignments: str) -> None:
        """`update isps set …`"""
        self.system.sql(f"update isps set {assignments} where id = :id", id=self.isp_id)  # noqa: S608

    def set_device(self, assignments: str) -> None:
        """`update mikrotik_devices set …` for the first router."""
        device_id = self.router.device_id
        self.system.sql(f"update mikrotik_devices set {assignments} where id = :id", id=device_id)  # noqa: S608

    def set_customer(self, person: Person, assignments: str, **values: object) -> None:
        """`update customers set …`"""
        self.system.sql(f"update customers set {assignments} where id = :id", id=person.id, **values)  # noqa: S608
