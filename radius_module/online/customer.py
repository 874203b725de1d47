"""One customer's living counters and sessions, for radius_module.online.table: arithmetic under its lock."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from models.accounting.records import STALE, TAKEN_OVER, AccountingRecord, InferredStop
from models.accounting.session import booked_at
from models.accounting.usage_split import Growth, pieces
from radius_module.fast_tuple import maker
from radius_module.online.boot_counter import boot_of
from radius_module.online.session import _REMEMBERED, STALE_SECONDS, OnlineSession, StoredSession
from radius_module.online.slot import awaited_slot, own_slot
from radius_module.rules.facts import Slot

#: A place taken at Accept is free again after so many seconds without Start.
SLOT_SECONDS = 60.0


_slot = maker(Slot)


class OnlineCustomer:
    """One customer's counters and sessions."""

    __slots__ = ("period_start", "sessions", "slots", "stored", "told_at")

    def __init__(self) -> None:
        self.period_start = 0.0
        self.stored = 0
        #: When the writer last told what it had booked.
        self.told_at = -1.0
        self.sessions: dict[str, OnlineSession] = {}
        #: MAC (or Class, without one) → time of the Accept.
        self.slots: dict[str, float] = {}

    def plain(self) -> tuple[object, ...]:
        """For the snapshot."""
        return self.period_start, self.stored, [(uid, *session.plain()) for uid, session in self.sessions.items()]

    def take(self, period_start: float, stored: int, sessions: Sequence[tuple[Any, ...]]) -> None:
        """From a snapshot."""
        self.period_start, self.stored = period_start, stored
        for uid, *values in sessions:
            self.sessions[uid] = OnlineSession.of(*values)

    def used(self) -> int:
        """Octets of the period: what the database holds, and what it is owed."""
        if not self.sessions:
            return self.stored
        owed = [session.seen - max(session.booked, session.floor) for session in self.sessions.values()]
        return self.stored + sum(octets for octets in owed if octets > 0)

    def held(self, period_start: float) -> int:
        """Octets of that period that the database is known to hold."""
        return self.stored if period_start == self.period_start else 0

    def hold(self, period_start: float, stored: int) -> None:
        """What the database holds of the period that runs."""
        if period_start > self.period_start:
            for session in self.sessions.values():
                session.floor = max(session.floor, session.booked)
        self.period_start, self.stored = period_start, stored

    def begin_period(self, period_start: float, record: AccountingRecord, uid: str) -> None:
        """A period has begun since the last packet: what came before belongs to the one before."""
        if period_start <= self.period_start:
            return
        for session in self.sessions.values():
            session.floor = session.seen
        session_heard = self.sessions.get(uid)
        at = booked_at(record)
        if session_heard is not None and session_heard.heard < period_start < at:
            growth = record.octets_in + record.octets_out - session_heard.seen
            before = next(pieces(Growth(max(0, growth), 0, session_heard.heard, at), [period_start]))
            session_heard.floor += before.octets_in
        self.period_start, self.stored = period_start, 0

    def book(self, uid: str, octets: int, over: bool, now: float) -> InferredStop | None:
        """The database has a session up to so many octets, and as over or not; an end that it is to be told again."""
        session = self.sessions.get(uid)
        if session is None:
            if over:
                return None
            session = self.sessions[uid] = OnlineSession(0, "", now, 0)
            session.stub, session.closed, session.heard = True, True, now
        session.stored = True
        session.booked = max(session.booked, octets)
        session.seen = max(session.seen, session.booked)
        if over:
            session.closed = True
            return None
        return session.end_again(uid)

    def take_over(self, uid: str, session: OnlineSession, at: float) -> list[InferredStop]:
        """The same device began another session: those it had before are over."""
        ends = []
        for other_id, other in self.sessions.items():
            same = other_id != uid and not other.closed and other.mac == session.mac == own_slot(session.mac, 0)
            if same and other.started <= session.started:
                ends.append(other.end(other_id, at, TAKEN_OVER))
        return ends

    def places(self, now: float) -> tuple[Slot, ...]:
        """Open sessions, and Accepts whose Start is awaited."""
        if not self.sessions:
            slots = self.slots.items()
            return tuple([_slot((mac, since, "")) for mac, since in slots if now - since < SLOT_SECONDS])
        taken = self._of_sessions(now)
        present = {place.mac for place in taken}
        awaited = [(mac, since) for mac, since in self.slots.items() if now - since < SLOT_SECONDS]
        return tuple(taken + [Slot(mac, since, "") for mac, since in awaited if mac not in present])

    def start_awaited_slot(self, record: AccountingRecord) -> None:
        """The session has begun for which a slot was kept; from now on it has the slot itself."""
        if self.slots:
            key = awaited_slot(self.slots, record.mac, record.device_id, record.klass)
            if key is not None:
                self.slots.pop(key, None)

    def _of_sessions(self, now: float) -> list[Slot]:
        """Of open sessions without a station the newest at each device has their one slot."""
        taken, unnamed = [], dict[str, Slot]()
        for uid, session in self.sessions.items():
            if session.closed or now - session.heard >= STALE_SECONDS:
                continue
            own = own_slot(session.mac, session.device_id)
            slot = Slot(own or session.mac, session.started, uid)
            if session.mac:
                taken.append(slot)
            elif own not in unnamed or unnamed[own].since <= slot.since:
                unnamed[own] = slot
        return taken + list(unnamed.values())

    def merge(self, fresh: Sequence[StoredSession]) -> None:
        """Sessions that the database no longer has open go, unless they have octets it has not heard of."""
        stored = {session.unique_id: session for session in fresh}
        for uid in [key for key, session in self.sessions.items() if key not in stored]:
            session = self.sessions[uid]
            if session.stored and session.seen <= session.booked:
                del self.sessions[uid]
        for uid, row in stored.items():
            known = self.sessions.get(uid)
            if known is None:
                known = self.sessions[uid] = OnlineSession(row.isp_id, row.mac, row.started, row.device_id)
                known.boot = boot_of(row.session_id.encode())
            known.session_time = max(known.session_time, row.session_time)
            known.updated = row.heard if known.updated is None else max(known.updated, row.heard)
            known.stored = True
            known.booked = max(known.booked, row.octets)
            known.seen = max(known.seen, known.booked)
            known.heard = max(known.heard, row.heard)

    def sweep(self, now: float, since: float) -> list[InferredStop]:
        """Who missed three records is over; who is over and booked is forgotten after a while."""
        ends = []
        for uid, session in list(self.sessions.items()):
            if session.closed:
                if session.stored and session.seen <= session.booked and now - session.heard > _REMEMBERED:
                    del self.sessions[uid]
            elif now - max(session.heard, since) > STALE_SECONDS:
                ends.append(session.end(uid, session.heard, STALE))
        return ends
