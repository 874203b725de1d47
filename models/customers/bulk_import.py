"""Many customers at once, in the caller's transaction: all of them, or an error and none. Commits nothing.

The rows that `models.customers.lifecycle.create_customer` makes one by one are made here in statements of a thousand,
whose number grows with the file and not with what it names.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime
from itertools import islice
from typing import Any, NamedTuple

from sqlalchemy import insert, select, text
from sqlalchemy.orm import Session

from models.audit_trail import Actor
from models.customers.lifecycle import first_period_end
from models.names import login_name
from models.radius import provisioning
from models.secrets.keyring import Keyring
from models.tables.audit_log import AuditLog
from models.tables.customers import Customer
from models.tables.isps import Isp
from models.tables.plans import ServicePlan
from models.tables.radius import Radcheck, Radreply, Radusergroup
from models.tables.subscriptions import Subscription

BATCH = 1000
#: Beyond this many, an error list helps nobody.
MOST_ERRORS = 1000


class Row(NamedTuple):
    """A checked row of the file: its number (the header is 1), the customer's columns, the password in clear."""

    number: int
    columns: dict[str, Any]
    password: str


class RowError(NamedTuple):
    """What is wrong in one cell. `column` is empty where it is the row."""

    row: int
    column: str
    message: str


class Import:
    """One run. `add` the rows; after any error nothing more is written, only checked."""

    def __init__(self, session: Session, keyring: Keyring, isp: Isp, now: datetime) -> None:
        self._session, self._keyring, self._isp, self._now = session, keyring, isp, now
        plans = session.scalars(select(ServicePlan).where(ServicePlan.isp_id == isp.id))
        self._plans = {plan.id: plan for plan in plans}
        self._names: dict[str, int] = {}
        self._addresses: dict[str, int] = {}
        self._knows_sizes = False
        self.errors: list[RowError] = []
        self.count = 0

    def add(self, rows: Iterable[Row]) -> None:
        """Check and write, a batch at a time."""
        for batch in _batches(rows):
            self._check(batch)
            self.count += len(batch)
            if not self.errors:
                self._write(batch)
            if len(self.errors) >= MOST_ERRORS:
                return

    def finish(self) -> None:
        """One audit row for the whole."""
        actor = self._session.info.get("actor", Actor("system"))
        self._session.add(
            AuditLog(
                isp_id=self._isp.id,
                actor=actor.name,
                address=actor.address,
                request_id=actor.request_id,
                action="import",
                resource=Customer.__tablename__,
                after={"customers": self.count},
            )
        )

    def _check(self, batch: Sequence[Row]) -> None:
        for row in batch:
            self._check_plan(row)
            self._once(row, "username", self._names, login_name(row.columns["username"]))
            if row.columns.get("static_ip"):
                self._once(row, "static_ip", self._addresses, row.columns["static_ip"])
        self._check_taken(batch)

    def _check_plan(self, row: Row) -> None:
        plan_id = row.columns.get("service_plan_id")
        if plan_id is not None and (plan_id not in self._plans or not self._plans[plan_id].is_active):
            self.errors.append(RowError(row.number, "service_plan_id", "there is no such plan, or it is not offered"))

    def _once(self, row: Row, column: str, seen: dict[str, int], value: str) -> None:
        first = seen.setdefault(value, row.number)
        if first != row.number:
            self.errors.append(RowError(row.number, column, f"is the same as in row {first}"))

    def _check_taken(self, batch: Sequence[Row]) -> None:
        """Against the customers who are there already: one statement each for names and addresses."""
        names = {login_name(row.columns["username"]): row.number for row in batch}
        taken = self._session.scalars(_TAKEN_NAMES, {"names": list(names)})
        self.errors += [RowError(names[name], "username", "another customer has this user name") for name in taken]
        addresses = {row.columns["static_ip"]: row.number for row in batch if row.columns.get("static_ip")}
        if addresses:
            same = Customer.static_ip.in_(list(addresses))
            found = select(Customer.static_ip).where(Customer.isp_id == self._isp.id, same)
            self.errors += [
                RowError(addresses[str(address).split("/")[0]], "static_ip", "another customer has this address")
                for address in self._session.scalars(found)
            ]

    def _write(self, batch: Sequence[Row]) -> None:
        ids = self._session.scalars(_NEXT_IDS, {"count": len(batch)}).all()
        customers = [self._customer(row, new_id) for row, new_id in zip(batch, ids, strict=True)]
        self._session.execute(insert(Customer), [_columns(customer) for customer in customers])
        if not self._knows_sizes:
            # The checks of foreign keys follow the statistics: by those of an empty table they read all of it.
            self._knows_sizes = self._session.scalar(_LEARN_SIZES)
        self._session.execute(
            insert(Radcheck),
            [self._credential(customer, row.password) for customer, row in zip(customers, batch, strict=True)],
        )
        for model, rows in (
            (Subscription, [self._period(one) for one in customers if self._now < one.expires_at]),
            (Radusergroup, [_group(one) for one in customers if one.service_plan_id is not None]),
            (Radreply, [_address(one) for one in customers if one.static_ip is not None]),
        ):
            if rows:
                self._session.execute(insert(model), rows)

    def _customer(self, row: Row, new_id: int) -> Customer:
        columns = dict(row.columns)
        plan = self._plans.get(columns.get("service_plan_id") or 0)
        columns["expires_at"] = columns.get("expires_at") or first_period_end(self._isp, plan, self._now)
        return Customer(isp_id=self._isp.id, id=new_id, **columns)

    def _credential(self, customer: Customer, password: str) -> dict[str, Any]:
        attribute, value = provisioning.stored_password(self._keyring, self._isp, customer, password)
        return _rad_row(customer) | {"attribute": attribute, "op": ":=", "value": value}

    def _period(self, customer: Customer) -> dict[str, Any]:
        plan = self._plans.get(customer.service_plan_id or 0)
        return {
            "isp_id": customer.isp_id,
            "customer_id": customer.id,
            "service_plan_id": customer.service_plan_id,
            "price": plan.price if plan else 0,
            "period_start": self._now,
            "period_end": customer.expires_at,
        }


_NEXT_IDS = text("select nextval(pg_get_serial_sequence('customers', 'id')) from generate_series(1, :count)")
_LEARN_SIZES = text("select infora_learn_sizes()")
_TAKEN_NAMES = text("select infora_names_taken(:names)")


def _batches(rows: Iterable[Row]) -> Iterator[list[Row]]:
    source = iter(rows)
    while batch := list(islice(source, BATCH)):
        yield batch


def _columns(row: Customer) -> dict[str, Any]:
    given = ("isp_id", "id", "username", "full_name", "email", "phone", "address", "service_plan_id", "status",
             "expires_at", "static_ip", "mac_address", "credential_storage")  # fmt: skip
    return {name: getattr(row, name) for name in given}


def _rad_row(customer: Customer) -> dict[str, Any]:
    return {
        "isp_id": customer.isp_id,
        "customer_id": customer.id,
        "username": customer.username,
        "is_active": customer.status != "suspended",
        "origin": "provisioned",
    }


def _group(customer: Customer) -> dict[str, Any]:
    return _rad_row(customer) | {"groupname": provisioning.group_of(customer.service_plan_id or 0)}


def _address(customer: Customer) -> dict[str, Any]:
    return _rad_row(customer) | {"attribute": "Framed-IP-Address", "op": ":=", "value": customer.static_ip}
