"""Many customers at once, in the caller's transaction: all of them, or an error and none. Commits nothing.

A thousand rows at a time are checked and created (models.customers.creation), so that the number of statements grows
with the file and not with what it names.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime
from itertools import islice
from typing import Any, NamedTuple

from sqlalchemy import select, text
from sqlalchemy.orm import Session

from models.audit_trail import Actor
from models.customers.creation import NewCustomer, create_customers
from models.names import login_name
from models.secrets.keyring import Keyring
from models.tables.audit_log import AuditLog
from models.tables.customers import Customer
from models.tables.isps import Isp
from models.tables.plans import ServicePlan

BATCH = 1000
_NAME_TAKEN = "another customer has this user name"
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
        """One audit row for all of them."""
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
            self._check_unique(row, "username", self._names, login_name(row.columns["username"]))
            if row.columns.get("static_ip"):
                self._check_unique(row, "static_ip", self._addresses, row.columns["static_ip"])
        self._check_taken(batch)

    def _check_plan(self, row: Row) -> None:
        plan_id = row.columns.get("service_plan_id")
        if plan_id is not None and (plan_id not in self._plans or not self._plans[plan_id].is_active):
            self.errors.append(RowError(row.number, "service_plan_id", "there is no such plan, or it is not offered"))

    def _check_unique(self, row: Row, column: str, seen: dict[str, int], value: str) -> None:
        first = seen.setdefault(value, row.number)
        if first != row.number:
            self.errors.append(RowError(row.number, column, f"is the same as in row {first}"))

    def _check_taken(self, batch: Sequence[Row]) -> None:
        """Against the customers who are there already: one statement each for names and addresses."""
        # The first row with a name stands for it: of the others it has been said already that they are the same.
        names = {login_name(row.columns["username"]): row.number for row in reversed(batch)}
        taken_names = self._session.scalars(_TAKEN_NAMES, {"names": list(names)})
        self.errors += [RowError(names[name], "username", _NAME_TAKEN) for name in taken_names]
        addresses = {row.columns["static_ip"]: row.number for row in reversed(batch) if row.columns.get("static_ip")}
        if addresses:
            same = Customer.static_ip.in_(list(addresses))
            taken = self._session.scalars(select(Customer.static_ip).where(Customer.isp_id == self._isp.id, same))
            self.errors += [
                RowError(addresses[str(address).split("/")[0]], "static_ip", "another customer has this address")
                for address in taken
            ]

    def _write(self, batch: Sequence[Row]) -> None:
        wanted = [NewCustomer(row.columns, row.password) for row in batch]
        create_customers(self._session, self._keyring, self._isp, self._now, wanted, self._plans)


_TAKEN_NAMES = text("select infora_names_taken(:names)")


def _batches(rows: Iterable[Row]) -> Iterator[list[Row]]:
    source = iter(rows)
    while batch := list(islice(source, BATCH)):
        yield batch
