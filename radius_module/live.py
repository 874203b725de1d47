"""What changes with every packet: who is online, which places wait for a Start, how many octets are used.

Filled from the database (directory), from accounting packets as they are acknowledged and from what the writer has
booked (feed). Used octets are always what the database holds plus what is not booked yet; counters only grow, so that
hearing a thing twice does no harm (DESIGN 2). One lock; nothing is done under it but arithmetic.
"""

from __future__ import annotations

from collections.abc import Container, Iterable
from threading import Lock
from typing import NamedTuple

from radius_module.reply import INTERIM_INTERVAL
from radius_module.rules.facts import Occupied

#: A place taken at Accept is free again after so many seconds without Start (CONTRACT "The wire").
SLOT_SECONDS = 60.0
#: A session not heard of for so long no longer counts: three missed reports and a little.
STALE_SECONDS = 3 * INTERIM_INTERVAL + 30.0
#: Slots that have run out are swept when a customer has more than so many.
_MANY_SLOTS = 8


class StoredSession(NamedTuple):
    """An open session as the database has it. Octets in and out together, times in epoch seconds."""

    unique_id: str
    customer_id: int
    mac: str
    started: float
    heard: float
    octets: int


class _Session:
    """An open (or just closed) session: octets booked in the database, and the most that was ever reported."""

    __slots__ = ("booked", "closed", "heard", "mac", "seen", "started", "stored")

    def __init__(self, mac: str, started: float, heard: float, booked: int, stored: bool) -> None:
        self.mac, self.started, self.heard = mac, started, heard
        self.booked = self.seen = booked
        #: Whether the database has it; what it has and then no longer has as open is over.
        self.stored = stored
        self.closed = False


class _Account:
    """One customer's counters and sessions."""

    __slots__ = ("period_start", "sessions", "slots", "stored")

    def __init__(self) -> None:
        self.period_start = 0.0
        self.stored = 0
        self.sessions: dict[str, _Session] = {}
        #: MAC (or Class, without one) → time of the Accept.
        self.slots: dict[str, float] = {}


class Live:
    """The living facts of all customers, by customer id."""

    def __init__(self) -> None:
        self._accounts: dict[int, _Account] = {}
        self._lock = Lock()

    # -- asked by a login -------------------------------------------------------------------------------------

    def standing(self, customer_id: int, period_start: float, now: float) -> tuple[int, tuple[Occupied, ...]]:
        """(octets of the period, booked and owed; places of `simultaneous_use` that are taken)."""
        account = self._accounts.get(customer_id)
        if account is None:
            return 0, ()
        with self._lock:
            used = account.stored if account.period_start == period_start else 0
            if account.sessions:
                used += sum(session.seen - session.booked for session in account.sessions.values())
            elif not account.slots:
                return used, ()
            return used, tuple(_places(account, now))

    def take_slot(self, customer_id: int, key: str, now: float) -> None:
        """An Accept takes a place until its Start, or for a minute.

        `key` is the MAC, which so gives up the place it had; without one it is the login's Class.
        """
        with self._lock:
            account = self._account(customer_id)
            if len(account.slots) > _MANY_SLOTS:
                account.slots = {key: slot for key, slot in account.slots.items() if now - slot < SLOT_SECONDS}
            account.slots[key] = now

    # -- told by the directory, the feed and the writer --------------------------------------------------------

    def refresh(
        self, customer_id: int, period_start: float, stored: int, sessions: Iterable[StoredSession]
    ) -> None:
        """What the database holds of one customer now. Reports that it has not booked yet are kept."""
        fresh = list(sessions)
        with self._lock:
            known = self._accounts.get(customer_id)
            if known is None and not stored and not fresh:
                return
            account = self._account(customer_id)
            account.period_start, account.stored = period_start, stored
            _merge(account, fresh)

    def forget(self, customer_id: int) -> None:
        """The customer is gone."""
        with self._lock:
            self._accounts.pop(customer_id, None)

    def keep_only(self, customer_ids: Container[int]) -> None:
        """After a reload: whoever is not among these is gone."""
        with self._lock:
            self._accounts = {key: value for key, value in self._accounts.items() if key in customer_ids}

    def _account(self, customer_id: int) -> _Account:
        account = self._accounts.get(customer_id)
        if account is None:
            account = self._accounts[customer_id] = _Account()
        return account


def _places(account: _Account, now: float) -> Iterable[Occupied]:
    seen = set()
    for unique_id, session in account.sessions.items():
        if not session.closed and now - session.heard < STALE_SECONDS:
            seen.add(session.mac)
            yield Occupied(session.mac, session.started, unique_id)
    for mac, since in account.slots.items():
        if now - since < SLOT_SECONDS and mac not in seen:
            yield Occupied(mac, since, "")


def _merge(account: _Account, fresh: list[StoredSession]) -> None:
    """Sessions that the database no longer has open go, unless they have octets it has not heard of."""
    stored = {session.unique_id: session for session in fresh}
    for unique_id in [key for key, session in account.sessions.items() if key not in stored]:
        session = account.sessions[unique_id]
        if session.stored and session.seen <= session.booked:
            del account.sessions[unique_id]
    for unique_id, row in stored.items():
        known = account.sessions.get(unique_id)
        if known is None:
            account.sessions[unique_id] = _Session(row.mac, row.started, row.heard, row.octets, stored=True)
        else:
            known.stored = True
            known.booked = max(known.booked, row.octets)
            known.seen = max(known.seen, known.booked)
            known.heard = max(known.heard, row.heard)
