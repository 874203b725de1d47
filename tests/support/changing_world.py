"""Sessions while customers are renamed, deleted and sold again, through several devices, routers and Classes.

The same arrivals go into memory and into the books, which must come to the same; tests.support.changing_model has a
third opinion, from the histories alone. Changes of customers are committed when what arrived before is booked, as a
writer without backlog does within a second.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

from hypothesis import strategies as st
from sqlalchemy import Engine, text

from models.accounting import booking
from models.accounting.records import INTERIM, START, STOP, AccountingRecord, InferredStop
from radius_module.directory.contents import Directory
from radius_module.ipc.feed import entries_of
from radius_module.online.table import OnlineTable
from tests.support.database import Tenant, empty_books, moment
from tests.support.facts_made import CUSTOMER, ISP
from tests.support.reports_made import NOON, report

CREATED = NOON - 86_400.0
NAMES = ("ann", "bob")
SECOND_DEVICE = 5000
KINDS = ("rename", "sell", "delete", "swap")


@dataclass
class History:
    """One true session: what its device sent, and what arrived."""

    tenant: int
    #: 0 or 1: the customer it was granted to; 2: a name that nobody has.
    whose: int
    has_class: bool
    arrivals: list[AccountingRecord]


@dataclass
class Story:
    """What happens, in order: a packet, or a change `(kind, tenant, customer)`."""

    histories: list[History]
    restarts: list[AccountingRecord]
    changes: list[tuple[float, str, int, int]]
    batch: int
    is_repeated: bool

    def events(self) -> list[Any]:
        packets = [one for history in self.histories for one in history.arrivals] + self.restarts
        timed: list[tuple[float, int, Any]] = [(one.received, 1, one) for one in packets]
        timed += [(change[0], 0, change) for change in self.changes]
        return [event for _at, _kind, event in sorted(timed, key=lambda item: item[:2])]


@st.composite
def stories(draw: st.DrawFn, tenants: Sequence[Tenant]) -> Story:
    histories = [_history(draw, number, tenants) for number in range(draw(st.integers(1, 4)))]
    seconds = st.integers(1, 9000)
    restarts = [
        report(draw(st.sampled_from(("Accounting-On", "Accounting-Off"))), isp_id=tenant.isp_id, session_id=b"",
               device_id=tenant.device_id, address=draw(st.sampled_from(("10.1.1.1", "10.1.1.2"))), mac="",
               received=NOON + draw(seconds) + 0.5, delay=draw(st.sampled_from((0, 0, 9, 45, 3000))))
        for tenant in draw(st.lists(st.sampled_from(tenants), max_size=2))
    ]  # fmt: skip
    change = st.tuples(seconds.map(lambda at: NOON + at + 0.25), st.sampled_from(KINDS),
                       st.integers(0, len(tenants) - 1), st.integers(0, 1))  # fmt: skip
    changes = draw(st.lists(change, max_size=4))
    return Story(histories, restarts, changes, draw(st.integers(1, 8)), draw(st.booleans()))


def _history(draw: st.DrawFn, number: int, tenants: Sequence[Tenant]) -> History:
    which = draw(st.integers(0, len(tenants) - 1))
    whose, has_class = draw(st.sampled_from((0, 0, 1, 1, 2))), draw(st.booleans())
    has_class = has_class and whose < 2
    changes_class, second = has_class and draw(st.booleans()), has_class and draw(st.booleans())
    name = (*NAMES, "ghost")[whose]
    fields: dict[str, Any] = {
        "isp_id": tenants[which].isp_id, "device_id": tenants[which].device_id, "session_id": b"80f0000%d" % number,
        "username": name.encode(), "mac": f"02:00:00:00:00:0{number}",
        "address": draw(st.sampled_from(("10.1.1.1", "10.1.1.2"))),
    }  # fmt: skip
    at, seconds, octets_in, octets_out, klass = NOON + draw(st.integers(0, 3000)) + number / 8, 0, 0, 0, number
    packets = []
    for step in range(draw(st.integers(1, 6))):
        if step:
            seconds += draw(st.integers(60, 1500))
            octets_in, octets_out = (
                octets_in + draw(st.integers(0, 1 << 29)),
                octets_out + draw(st.sampled_from((0, 7))),
            )
        if changes_class and step and draw(st.booleans()):
            klass = (step + 1) * 10 + number
        # The customer's id is known when the story is played: see `granted`.
        packets.append(report(INTERIM if step else START, received=at + seconds, session_time=seconds or None,
                              octets_in=octets_in, octets_out=octets_out, klass=b"%d" % klass if has_class else b"",
                              **fields))  # fmt: skip
    if draw(st.booleans()):
        packets.append(packets[-1]._replace(status=STOP, session_time=seconds, received=at + seconds + 5))
    return History(which, whose, has_class, _delivered(draw, packets, changes_class, second))


def _delivered(
    draw: st.DrawFn, packets: Sequence[AccountingRecord], changes_class: bool, second: bool
) -> list[AccountingRecord]:
    """Never, once or several times, sooner or later, by one device or by two."""
    longest = 3 if changes_class else 50
    arrivals = []
    for one in packets:
        for delay in draw(st.lists(st.integers(0, longest), max_size=3)):
            device = one.device_id + (SECOND_DEVICE if second and draw(st.booleans()) else 0)
            # A first packet of another Class comes by the device that the session is on.
            device = one.device_id if changes_class else device
            arrivals.append(one._replace(received=one.received + delay, device_id=device))
    return arrivals


@dataclass
class World:
    """The customers of a story, in the database and in memory alike."""

    engine: Engine
    tenants: Sequence[Tenant]
    directory: Directory = field(default_factory=Directory)
    online: OnlineTable = field(default_factory=OnlineTable)
    #: (tenant, 0 or 1) → the customer to whom sessions are granted.
    granted: dict[tuple[int, int], int] = field(default_factory=dict)
    #: The model's own book of names: (tenant, name) → (customer, created).
    names: dict[tuple[int, str], tuple[int, float]] = field(default_factory=dict)
    alive: set[int] = field(default_factory=set)
    number: int = 0

    def begin(self) -> None:
        empty_books(self.engine)
        for number, tenant in enumerate(self.tenants):
            self.directory.contents.isps[tenant.isp_id] = ISP._replace(id=tenant.isp_id)
            for whose, name in enumerate(NAMES):
                self.granted[number, whose] = self.create(number, name, CREATED)

    def create(self, tenant: int, name: str, created: float) -> int:
        values = {"isp": self.tenants[tenant].isp_id, "name": name, "at": moment(created), "end": moment(NOON * 2)}
        made: int = self._sql("insert into customers (isp_id, username, expires_at, created_at) "
                              "values (:isp, :name, :end, :at) returning id", values)  # fmt: skip
        self._put(tenant, made, name, created)
        return made

    def _put(self, tenant: int, customer: int, name: str, created: float) -> None:
        for key, (other, _created) in list(self.names.items()):
            if other == customer:
                del self.names[key]
        self.names[tenant, name] = customer, created
        self.alive.add(customer)
        facts = CUSTOMER._replace(id=customer, isp_id=self.tenants[tenant].isp_id, username=name, plan_id=None,
                                  created_at=created, period_starts=(created,))  # fmt: skip
        self.directory.contents.put_customer(facts)

    def change(self, at: float, kind: str, tenant: int, which: int) -> None:
        customers = {name: pair for (where, name), pair in self.names.items() if where == tenant}
        name = NAMES[which]
        if kind in ("rename", "sell") and name in customers:
            self._rename(tenant, *customers[name], self._fresh())
        if kind == "swap" and set(NAMES) <= set(customers):
            (one, made_one), (other, made_other) = customers[NAMES[0]], customers[NAMES[1]]
            self._rename(tenant, one, made_one, self._fresh())
            self._rename(tenant, other, made_other, NAMES[0])
            self._rename(tenant, one, made_one, NAMES[1])
        if kind == "sell":
            self.create(tenant, name, at)
        if kind == "delete" and name in customers:
            customer = customers[name][0]
            self._sql("delete from customers where id = :id", {"id": customer})
            del self.names[tenant, name]
            self.alive.discard(customer)
            self.directory.contents.drop_customer(customer)
            self.online.forget(customer)

    def _rename(self, tenant: int, customer: int, created: float, name: str) -> None:
        self._sql("update customers set username = :name where id = :id", {"name": name, "id": customer})
        self._put(tenant, customer, name, created)

    def _fresh(self) -> str:
        self.number += 1
        return f"renamed{self.number}"

    def _sql(self, statement: str, values: dict[str, Any]) -> Any:
        with self.engine.begin() as connection:
            result = connection.execute(text(statement), values)
            return result.scalar() if result.returns_rows else None

    def book(self, records: list[Any], times: int) -> None:
        """What arrived, into the books; what they hold, and the ends that follow, into memory and back."""
        while records:
            for _ in range(times):
                with self.engine.begin() as connection:
                    result = booking.book(connection, records)
                totals, sessions = entries_of(result)
                ends: list[InferredStop] = self.online.apply_booking(totals, sessions, NOON)
            records, times = list(ends), 1


@contextmanager
def world(engine: Engine, tenants: Sequence[Tenant]) -> Iterator[World]:
    """Customers of one story; those of the story before are gone."""
    made = World(engine, tenants)
    everybody = {"isps": [tenant.isp_id for tenant in tenants]}
    made._sql("delete from customers where isp_id = any(:isps)", everybody)
    made.begin()
    yield made
