"""What changes with every packet: who is online, which slots wait for a Start, how many octets are used.

Filled from the database (directory), from accounting packets as they are acknowledged and from what the writer has
booked (feed). Used octets are always what the database holds plus what is not booked yet; counters only grow, so that
applying a thing twice does no harm. One lock; nothing is done under it but arithmetic.
"""

from __future__ import annotations

from collections.abc import Container, Iterable, Iterator, Sequence
from threading import Lock
from time import sleep
from typing import Any

from models.accounting.records import START, AccountingRecord, InferredStop
from models.accounting.session import began_at, booked_at
from models.accounting.session_id import SessionClass
from radius_module.online.by_router import SessionsByRouter
from radius_module.online.customer import SLOT_SECONDS, BookedSession, OnlineCustomer
from radius_module.online.line_rate import USUAL, Line
from radius_module.online.restarts import Restarts
from radius_module.online.session import STALE_SECONDS, OnlineSession, StoredSession
from radius_module.rules.facts import Slot
from radius_module.rules.sessions import others_of
from radius_module.steady_clock import steady

__all__ = ["NOBODY", "SLOT_SECONDS", "STALE_SECONDS", "OnlineTable", "StoredSession"]

#: Whose sessions of nobody are: ids of customers begin at 1.
NOBODY = 0
#: How many customers a sweep looks at before it lets others have the lock.
_SLICE = 50
#: How long it leaves the interpreter to logins then, seconds.
_BREATH = 0.0005


class OnlineTable:
    """Counters and sessions of all customers, by customer id."""

    def __init__(self) -> None:
        self._customers: dict[int, OnlineCustomer] = {}
        #: Session → customer, where no Class says whose it is: a name may have another owner by the next packet.
        self._owners: dict[str, int] = {}
        self._lock = Lock()
        self._by_router = SessionsByRouter()
        self._restarts = Restarts(self._lock, self._by_router)
        #: When the database was last asked, by the steady clock; what was booked since is newer than the answers.
        self.reading_since = 0.0

    def usage_and_slots(self, customer_id: int, period_start: float, now: float) -> tuple[int, tuple[Slot, ...]]:
        """(octets of the period, booked and owed; slots of `simultaneous_use` that are taken)."""
        customer = self._customers.get(customer_id)
        if customer is None:
            return 0, ()
        with self._lock:
            used = customer.used() if customer.period_start == period_start else 0
            return used, customer.taken_slots(now) if customer.sessions or customer.slots else ()

    def seconds_online(self, customer_id: int, period_start: float) -> int:
        """Of the period, booked and owed."""
        customer = self._customers.get(customer_id)
        with self._lock:
            return 0 if customer is None or customer.period_start != period_start else customer.seconds_online()

    def admit(
        self, customer_id: int, period_start: float, limit: int | None, allowed: int, own: str, key: str, now: float
    ) -> int | None:
        """`usage_and_slots` and `take_slot` in one: the slot is taken, and these are the octets used of the period.

        None, and nothing is taken, where the octets reach `limit` or others have all `allowed` slots.
        """
        with self._lock:
            customer = self._customers.get(customer_id) or self._customer(customer_id)
            sessions, slots = customer.sessions, customer.slots
            used = (customer.used() if sessions else customer.stored) if customer.period_start == period_start else 0
            if limit is not None and used >= limit:
                return None
            # Nobody is there, or only the slot that this login takes over: no look at who the others are.
            is_alone = not sessions and (not slots or (len(slots) == 1 and key in slots))
            if not is_alone and len(others_of(own, customer.taken_slots(now))) >= allowed:
                return None
            customer.take_slot(key, now)
            return used

    def take_slot(self, customer_id: int, key: str, now: float) -> None:
        """An Accept takes a slot until its Start, or for a minute.

        `key` is what it is known by (radius_module.online.slot): who takes it anew gives up the one they had.
        """
        with self._lock:
            self._customer(customer_id).take_slot(key, now)

    def refresh(
        self, customer_id: int, period_start: float, stored: int, sessions: Iterable[StoredSession],
        aliases: Iterable[tuple[str, str]] = (), seconds: int = 0,
    ) -> None:  # fmt: skip
        """What the database holds of one customer now. Records that it has not booked yet are kept.

        `aliases`: identities that other Classes give sessions, and the sessions' own.
        """
        fresh = list(sessions)
        if not stored and not seconds and not fresh and customer_id not in self._customers:
            return
        with self._lock:
            customer = self._customer(customer_id)
            is_newer = customer.booked_at < self.reading_since
            (customer.set_stored if is_newer else customer.raise_stored)(period_start, stored, seconds)
            self._forget_sessions(customer.merge(fresh))
            customer.aliases |= aliases
            self._owners |= {row.unique_id: customer_id for row in fresh if not row.is_of_class}

    def forget(self, customer_id: int) -> None:
        """The customer is gone; open sessions stay until they end."""
        with self._lock:
            customer = self._customers.get(customer_id)
            if customer is not None and not customer.is_online():
                self._forget_sessions(customer.sessions)
                del self._customers[customer_id]

    def keep_only(self, customer_ids: Container[int]) -> None:
        """After a reload: whoever is not among these is gone."""
        for customer_id in [key for key in self._customers if key not in customer_ids]:
            self.forget(customer_id)

    def owner(self, uid: str, granted_to: int | None = None) -> int | None:
        """Whose session that is, where no Class says so; None: it is not known yet.

        `granted_to`: whom the Class names, who may be gone.
        """
        customer = None if granted_to is None else self._customers.get(granted_to)
        return granted_to if customer is not None and customer.knows(uid) else self._owners.get(uid)

    def apply_record(
        self, record: AccountingRecord, session_class: SessionClass, uid: str, customer_id: int, period_start: float,
        line: Line = USUAL,
    ) -> list[InferredStop]:  # fmt: skip
        """A packet of a customer, or of nobody; what it ends."""
        with self._lock:
            customer = self._customer(customer_id)
            if session_class.customer_id is None:
                self._owners[uid] = customer_id
            uid = uid if customer_id == NOBODY else customer.identity_of(record, uid)
            session = customer.sessions.get(uid)
            begins = session is None or record.status == START  # the database's news of it may have come before
            if session is None:
                session = OnlineSession.of_record(record, session_class, began_at(record, session_class))
                session.is_evidence = not customer.has_room(record, line.most_open)
            record = session.believable(record, session_class.login_time, line.rate)
            customer.begin_period(period_start, record, uid)
            customer.sessions[uid] = session
            session.apply(record, line.timetable)
            customer.start_awaited_slot(record)
            if session.is_evidence:
                session.closed, session.ended_at = True, None
            self._by_router.put(uid, session)
            if session.closed or not begins:
                return []
            ends = customer.take_over(uid, session, booked_at(record))
            boot = self._restarts.newer_boot(record)
        return ends if boot is None else ends + self._restarts.end_what_it_left(record, boot)

    def device_restarted(self, record: AccountingRecord) -> None:
        """Accounting-On or -Off: what that router had open by then is over. The books see to themselves."""
        self._restarts.end_what_it_left(record)

    def apply_booking(
        self, totals: Iterable[tuple[int, float, int, int]], sessions: Iterable[BookedSession], now: float
    ) -> list[InferredStop]:
        """What the writer has committed: (customer, period's start, octets, seconds), sessions. Ends the books lack."""
        with self._lock:
            for customer_id, period_start, octets, seconds in totals:
                customer = self._customer(customer_id)
                customer.booked_at = steady(now)
                if period_start >= customer.period_start:
                    customer.raise_stored(period_start, octets, seconds)
            return [end for row in sessions if (end := self._book(row, now)) is not None]

    def _book(self, row: BookedSession, now: float) -> InferredStop | None:
        """A session that is another customer's in the books is so here too: of one who is gone, too."""
        customer_id, uid, octets, over, is_evidence, aliases, seconds = row
        before = self._owners.get(uid, NOBODY)
        if before != customer_id:
            self._owners |= {uid: customer_id} if uid in self._owners else {}
            session = self._customers[before].sessions.pop(uid, None) if before in self._customers else None
            if session is not None and self._customer(customer_id).sessions.setdefault(uid, session) is not session:
                self._by_router.drop(session)
        if customer_id == NOBODY and NOBODY not in self._customers:
            return None
        return self._customer(customer_id).book(uid, octets, over, is_evidence, aliases, seconds, now)

    def snapshot_rows(self, piece: int) -> Iterator[list[tuple[object, ...]]]:
        """Everything, as plain values, in pieces of so many sessions or a few more: for the snapshot.

        Slots without Start are not worth keeping. Nobody has to wait for longer than one customer's sessions take.
        """
        rows: list[tuple[object, ...]] = []
        size = 0
        for customer_id in list(self._customers):
            with self._lock:
                customer = self._customers.get(customer_id)
                if customer is None:
                    continue
                rows.append((customer_id, *customer.plain()))
                size += 1 + len(customer.sessions)
            if size >= piece:
                yield rows
                rows, size = [], 0
        yield rows

    def restore(self, rows: Iterable[Sequence[Any]], moved: float = 0.0) -> None:
        """From a snapshot, where the database cannot be had; its process's steady clock was so much behind ours."""
        with self._lock:
            for customer_id, *values in rows:
                customer = self._customer(customer_id)
                customer.restore(moved, *values)
                sessions = customer.sessions.items()
                self._owners |= {uid: customer_id for uid, session in sessions if not session.is_of_class}

    def unbooked(self) -> list[tuple[int, str]]:
        """(customer, session) of octets that the database is not known to have."""
        with self._lock:
            return [(customer_id, uid) for customer_id, customer in self._customers.items()
                    for uid, session in customer.sessions.items() if session.reported > session.booked]  # fmt: skip

    def sweep(self, now: float, since: float) -> list[InferredStop]:
        """Sessions that missed three of their reports, and the memory of those that are over.

        `since`, by the steady clock: silence before does not count, as packets may not have been heard.
        """
        ends, ids, now = list[InferredStop](), list(self._customers), steady(now)
        for at in range(0, len(ids), _SLICE):
            with self._lock:
                for customer_id in ids[at : at + _SLICE]:
                    customer = self._customers.get(customer_id)
                    if customer is not None and customer.sessions:
                        stale, gone = customer.sweep(now, since)
                        ends += stale
                        self._forget_sessions(gone)
            sleep(_BREATH)
        return ends

    def _customer(self, customer_id: int) -> OnlineCustomer:
        customer = self._customers.get(customer_id)
        if customer is None:
            customer = self._customers[customer_id] = OnlineCustomer(self._by_router)
        return customer

    def _forget_sessions(self, uids: Iterable[str]) -> None:
        for uid in uids:
            self._owners.pop(uid, None)
