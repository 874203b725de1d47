"""What changes with every packet: who is online, which slots wait for a Start, how many octets are used.

Filled from the database (directory), from accounting packets as they are acknowledged and from what the writer has
booked (feed). Used octets are always what the database holds plus what is not booked yet; counters only grow, so that
hearing a thing twice does no harm. One lock; nothing is done under it but arithmetic.
"""

from __future__ import annotations

from collections.abc import Container, Iterable, Iterator, Sequence
from functools import lru_cache
from threading import Lock
from time import sleep
from typing import Any

from models.accounting.plausible import LEAST_RATE
from models.accounting.records import ROUTER_REBOOT, AccountingRecord, InferredStop
from models.accounting.session import began_at, booked_at
from models.accounting.session_id import read_class, unique_id
from radius_module.online.boot_counter import boot_of, is_newer_boot
from radius_module.online.customer import SLOT_SECONDS, OnlineCustomer
from radius_module.online.session import STALE_SECONDS, OnlineSession, StoredSession
from radius_module.rules.facts import Slot
from radius_module.rules.sessions import others_of

__all__ = ["SLOT_SECONDS", "STALE_SECONDS", "OnlineTable", "StoredSession"]

#: Slots that have run out are swept when a customer has more than so many.
_MANY_SLOTS = 8
#: The identifier of a session is worked out once for its records, where no more sessions than so many are on line.
_remembered_id = lru_cache(1 << 16)(unique_id)
#: How many customers a sweep looks at before it lets others have the lock.
_SLICE = 50
#: How long it leaves the interpreter to logins then, seconds.
_BREATH = 0.0005


class OnlineTable:
    """The living facts of all customers, by customer id."""

    def __init__(self) -> None:
        self._accounts: dict[int, OnlineCustomer] = {}
        #: (device, service) → boot counter of the newest session.
        self._boots: dict[tuple[int, bytes], int] = {}
        self._lock = Lock()
        #: When the database was last asked; what the writer told since is newer than the answers.
        self.reading_since = 0.0

    # -- asked by a login -------------------------------------------------------------------------------------

    def usage_and_slots(self, customer_id: int, period_start: float, now: float) -> tuple[int, tuple[Slot, ...]]:
        """(octets of the period, booked and owed; places of `simultaneous_use` that are taken)."""
        account = self._accounts.get(customer_id)
        if account is None:
            return 0, ()
        with self._lock:
            used = account.used() if account.period_start == period_start else 0
            return used, account.places(now) if account.sessions or account.slots else ()

    def admit(
        self, customer_id: int, period_start: float, limit: int | None, allowed: int, own: str, key: str, now: float
    ) -> int | None:
        """`usage_and_slots` and `take_slot` in one: the place is taken, and these are the octets used of the period.

        None, and nothing is taken, where the octets reach `limit` or others have all `allowed` places.
        """
        with self._lock:
            account = self._account(customer_id)
            used = account.used() if account.period_start == period_start else 0
            if limit is not None and used >= limit:
                return None
            # Nobody is there, or only the slot that this login takes over: no look at who the others are.
            slots = account.slots
            is_alone = not account.sessions and (not slots or (len(slots) == 1 and key in slots))
            if not is_alone and len(others_of(own, account.places(now))) >= allowed:
                return None
            _take(account, key, now)
            return used

    def take_slot(self, customer_id: int, key: str, now: float) -> None:
        """An Accept takes a place until its Start, or for a minute.

        `key` is what it is known by (radius_module.online.slot): who takes it anew gives up the one they had.
        """
        with self._lock:
            _take(self._account(customer_id), key, now)

    # -- told by the directory --------------------------------------------------------------------------------

    def refresh(self, customer_id: int, period_start: float, stored: int, sessions: Iterable[StoredSession]) -> None:
        """What the database holds of one customer now. Reports that it has not booked yet are kept."""
        fresh = list(sessions)
        if not stored and not fresh and customer_id not in self._accounts:
            return
        with self._lock:
            account = self._account(customer_id)
            newer = account.held(period_start) if account.told_at >= self.reading_since else 0
            account.hold(period_start, max(stored, newer))
            account.merge(fresh)

    def forget(self, customer_id: int) -> None:
        """The customer is gone."""
        with self._lock:
            self._accounts.pop(customer_id, None)

    def keep_only(self, customer_ids: Container[int]) -> None:
        """After a reload: whoever is not among these is gone."""
        with self._lock:
            self._accounts = {key: value for key, value in self._accounts.items() if key in customer_ids}

    # -- told by the feed: packets, and what the writer has booked --------------------------------------------

    def apply_record(
        self, record: AccountingRecord, customer_id: int, period_start: float, rate: float = LEAST_RATE
    ) -> list[InferredStop]:
        """An accounting packet of a customer whose line carries `rate` octets/s; sessions it shows to be over."""
        session_class = read_class(record.klass, record.received)
        uid = _remembered_id(record.isp_id, record.device_id, record.session_id, session_class)
        with self._lock:
            account = self._account(customer_id)
            session = account.sessions.get(uid)
            is_new = session is None
            if session is None:
                began = began_at(record, session_class)
                session = OnlineSession(record.isp_id, record.mac, began, record.device_id)
            record = session.believable(record, session_class.login_time, rate)
            account.begin_period(period_start, record, uid)
            account.sessions[uid] = session
            session.hear(record)
            account.start_awaited_slot(record)
            if not is_new or session.closed:
                return []
            at = booked_at(record)
            return account.take_over(uid, session, at) + self._other_boots(record, at)

    def device_restarted(self, record: AccountingRecord) -> None:
        """Accounting-On or -Off: whatever the device had open is over. The books see to themselves."""
        with self._lock:
            for uid, session in self._of_device(record.device_id):
                if session.heard <= record.received:
                    session.end(uid, record.received, ROUTER_REBOOT)

    def apply_booking(
        self, totals: Iterable[tuple[int, float, int]], sessions: Iterable[tuple[int, str, int, bool]], now: float
    ) -> list[InferredStop]:
        """What the writer has committed: (customer, period's start, octets) and (customer, session, octets, over).

        Returns ends that the books are to be told again.
        """
        with self._lock:
            for customer_id, period_start, octets in totals:
                account = self._account(customer_id)
                account.told_at = now
                if period_start >= account.period_start:
                    account.hold(period_start, max(octets, account.held(period_start)))
            ends = [self._account(customer_id).book(uid, octets, over, now)
                    for customer_id, uid, octets, over in sessions]  # fmt: skip
        return [end for end in ends if end is not None]

    def snapshot_rows(self, piece: int) -> Iterator[list[tuple[object, ...]]]:
        """Everything, as plain values, in pieces of so many sessions or a few more: for the snapshot.

        Places without Start are not worth keeping. Nobody has to wait for longer than one customer's sessions take.
        """
        rows: list[tuple[object, ...]] = []
        size = 0
        for customer_id in list(self._accounts):
            with self._lock:
                account = self._accounts.get(customer_id)
                if account is None:
                    continue
                rows.append((customer_id, *account.plain()))
                size += 1 + len(account.sessions)
            if size >= piece:
                yield rows
                rows, size = [], 0
        yield rows

    def restore(self, rows: Iterable[Sequence[Any]]) -> None:
        """From a snapshot, where the database cannot be had."""
        with self._lock:
            for customer_id, *values in rows:
                self._accounts.setdefault(customer_id, OnlineCustomer()).take(*values)

    def unbooked(self) -> list[tuple[int, str]]:
        """(customer, session) of octets that the database is not known to have."""
        with self._lock:
            return [(customer_id, uid) for customer_id, account in self._accounts.items()
                    for uid, session in account.sessions.items() if session.seen > session.booked]  # fmt: skip

    def sweep(self, now: float, since: float) -> list[InferredStop]:
        """Sessions that missed three records, and the memory of those that are over.

        `since` is from when on packets are known to be heard without a break: silence before does not count.
        """
        ends: list[InferredStop] = []
        ids = list(self._accounts)
        for at in range(0, len(ids), _SLICE):
            with self._lock:
                for customer_id in ids[at : at + _SLICE]:
                    account = self._accounts.get(customer_id)
                    if account is not None and account.sessions:
                        ends += account.sweep(now, since)
            sleep(_BREATH)
        return ends

    def _account(self, customer_id: int) -> OnlineCustomer:
        account = self._accounts.get(customer_id)
        if account is None:
            account = self._accounts[customer_id] = OnlineCustomer()
        return account

    def _of_device(self, device_id: int) -> Iterable[tuple[str, OnlineSession]]:
        return [(uid, session) for account in self._accounts.values() for uid, session in account.sessions.items()
                if session.device_id == device_id and not session.closed]  # fmt: skip

    def _other_boots(self, record: AccountingRecord, at: float) -> list[InferredStop]:
        """A session with the next boot counter in its id: the router has restarted, older boots' sessions are over."""
        boot = boot_of(record.session_id)
        if boot is None:
            return []
        service, counter = boot
        key = (record.device_id, service)
        before = self._boots.setdefault(key, counter)
        if not is_newer_boot(before, counter):
            return []
        self._boots[key] = counter
        ends = []
        for uid, session in self._of_device(record.device_id):
            if session.boot is not None and session.boot[0] == service and is_newer_boot(session.boot[1], counter):
                ends.append(session.end(uid, at, ROUTER_REBOOT))
        return ends


def _take(account: OnlineCustomer, key: str, now: float) -> None:
    """A slot; where there are many, those that have run out go."""
    if len(account.slots) > _MANY_SLOTS:
        account.slots = {key: slot for key, slot in account.slots.items() if now - slot < SLOT_SECONDS}
    account.slots[key] = now
