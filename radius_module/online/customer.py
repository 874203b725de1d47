"""One customer's counters and sessions in memory, for radius_module.online.table: arithmetic under its lock."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from time import monotonic
from typing import Any

from models.accounting.records import STALE, START, STOP, TAKEN_OVER, AccountingRecord, InferredStop
from models.accounting.session import booked_at
from models.accounting.usage_split import Growth, pieces
from radius_module.fast_tuple import maker
from radius_module.online.by_router import SessionsByRouter
from radius_module.online.session import REMEMBERED_SECONDS, OnlineSession, StoredSession
from radius_module.online.slot import awaited_slot, own_slot
from radius_module.rules.facts import Slot
from radius_module.steady_clock import steady

#: A slot taken at Accept is free again after so many seconds without Start.
SLOT_SECONDS = 60.0
#: Slots that have run out are swept when a customer has more than so many.
_MANY_SLOTS = 8
_slot = maker(Slot)
#: What the writer has booked: (customer or 0, session, octets, over, one too many, other identities, seconds).
BookedSession = tuple[int, str, int, bool, bool, Sequence[str], int]


class OnlineCustomer:
    """One customer's counters and sessions."""

    __slots__ = ("aliases", "booked_at", "by_router", "period_start", "seconds", "sessions", "slots", "stored")

    def __init__(self, by_router: SessionsByRouter) -> None:
        #: Everybody's open sessions; whatever opens, moves or ends one of this customer's is said there.
        self.by_router = by_router
        self.period_start = 0.0
        #: Octets of the period that count, and seconds online in it, as the database holds them.
        self.stored = self.seconds = 0
        #: When the writer last booked something.
        self.booked_at = -1.0
        self.sessions: dict[str, OnlineSession] = {}
        #: Identity that another Class gave a session → the session's own.
        self.aliases: dict[str, str] = {}
        #: What a slot is known by (radius_module.online.slot) → time of the Accept, and the same by the clock that
        #: nobody can set: a slot taken while the wall clock was an hour ahead does not stay taken for an hour.
        self.slots: dict[str, tuple[float, float]] = {}

    def plain(self) -> tuple[object, ...]:
        """For the snapshot."""
        sessions = [(uid, *session.plain()) for uid, session in self.sessions.items()]
        return self.period_start, self.stored, self.seconds, self.aliases, sessions

    def restore(
        self, moved: float, period_start: float, stored: int, seconds: int, aliases: dict[str, str],
        sessions: Sequence[tuple[Any, ...]],
    ) -> None:  # fmt: skip
        """From a snapshot of a process whose steady clock was so much behind ours."""
        self.period_start, self.stored, self.seconds, self.aliases = period_start, stored, seconds, dict(aliases)
        for uid, *values in sessions:
            self.sessions[uid] = OnlineSession.of_snapshot(moved, *values)
            self.by_router.put(uid, self.sessions[uid])

    def knows(self, uid: str) -> bool:
        """Is this one of the customer's sessions?"""
        return uid in self.sessions or uid in self.aliases

    def is_online(self) -> bool:
        """Has the customer an open session?"""
        return not all(session.closed for session in self.sessions.values())

    def used(self) -> int:
        """Octets of the period that count: what the database holds, and what it is owed."""
        if not self.sessions:
            return self.stored
        owed = [session.reported - max(session.booked, session.floor) - (session.free_owed() if session.free else 0)
                for session in self.sessions.values() if not session.is_evidence]  # fmt: skip
        return self.stored + sum(octets for octets in owed if octets > 0)

    def seconds_online(self) -> int:
        """Of the period, in the same way."""
        return self.seconds + sum(session.seconds_owed() for session in self.sessions.values())

    def stored_of(self, period_start: float) -> tuple[int, int]:
        """Octets and seconds of that period that the database is known to hold."""
        return (self.stored, self.seconds) if period_start == self.period_start else (0, 0)

    def set_stored(self, period_start: float, stored: int, seconds: int) -> None:
        """What the database holds of the period that runs."""
        if period_start > self.period_start:
            for session in self.sessions.values():
                session.raise_floor(session.booked, session.booked_seconds)
        self.period_start, self.stored, self.seconds = period_start, stored, seconds

    def raise_stored(self, period_start: float, stored: int, seconds: int) -> None:
        """The same, where what is known of that period may be newer."""
        known = self.stored_of(period_start)
        self.set_stored(period_start, max(stored, known[0]), max(seconds, known[1]))

    def begin_period(self, period_start: float, record: AccountingRecord, uid: str) -> None:
        """A period has begun since the last packet: what came before belongs to the one before."""
        if period_start <= self.period_start:
            return
        for session in self.sessions.values():
            session.raise_floor(session.reported, session.session_time)
        session_heard = self.sessions.get(uid)
        at = booked_at(record)
        if session_heard is not None and session_heard.updated < period_start < at:
            growth = record.octets_in + record.octets_out - session_heard.reported
            seconds = max(0, (record.session_time or 0) - session_heard.session_time)
            spread = Growth(max(0, growth), 0, session_heard.updated, at, seconds)
            before = next(pieces(spread, [period_start]))
            session_heard.raise_floor(session_heard.floor + before.octets_in,
                                      session_heard.floor_seconds + before.seconds)  # fmt: skip
        self.period_start, self.stored, self.seconds = period_start, 0, 0

    def take_slot(self, key: str, now: float) -> None:
        """A slot; where there are many, those that have run out go."""
        tick = monotonic()
        if len(self.slots) > _MANY_SLOTS:
            self.slots = {key: taken for key, taken in self.slots.items() if _waits(taken, now, tick)}
        self.slots[key] = now, tick

    def taken_slots(self, now: float) -> tuple[Slot, ...]:
        """Open sessions, and Accepts whose Start is awaited."""
        tick = monotonic()
        if not self.sessions:
            slots = self.slots.items()
            return tuple([_slot((mac, taken[0], "")) for mac, taken in slots if _waits(taken, now, tick)])
        taken = self._slots_of_sessions(now)
        present = {slot.mac for slot in taken}
        awaited = [(mac, taken_at[0]) for mac, taken_at in self.slots.items() if _waits(taken_at, now, tick)]
        return tuple(taken + [Slot(mac, since, "") for mac, since in awaited if mac not in present])

    def start_awaited_slot(self, record: AccountingRecord) -> None:
        """The session has begun for which a slot was kept; from now on it has the slot itself."""
        if self.slots:
            key = awaited_slot(self.slots, record.mac, record.device_id, record.klass)
            if key is not None:
                self.slots.pop(key, None)

    def _slots_of_sessions(self, now: float) -> list[Slot]:
        """Of open sessions without a station the newest at each device has their one slot."""
        taken, unnamed, now = [], dict[str, Slot](), steady(now)
        for uid, session in self.sessions.items():
            if session.closed or session.is_silent(now):
                continue
            own = own_slot(session.mac, session.device_id)
            slot = Slot(own or session.mac, session.started, uid)
            if session.mac:
                taken.append(slot)
            elif own not in unnamed or unnamed[own].since <= slot.since:
                unnamed[own] = slot
        return taken + list(unnamed.values())

    def has_room(self, record: AccountingRecord, most_open: int) -> bool:
        """May the record begin a session? A customer has only so many open ones."""
        if len(self.sessions) < most_open or record.status == STOP:
            return True
        return sum(not session.closed for session in self.sessions.values()) < most_open

    def identity_of(self, record: AccountingRecord, uid: str) -> str:
        """The identity under which the record's session is kept: it may have begun under another Class."""
        uid = self.aliases.get(uid, uid)
        if uid in self.sessions or record.status == START:
            return uid
        alike = [(session.updated, other) for other, session in self.sessions.items() if session.goes_on_in(record)]
        if not alike:
            return uid
        self.aliases[uid] = max(alike)[1]
        return self.aliases[uid]

    def book(
        self, uid: str, octets: int, over: bool, is_evidence: bool, aliases: Sequence[str], seconds: int, now: float
    ) -> InferredStop | None:
        """The database has a session up to so many octets, and as over or not; an end that it has not taken yet."""
        uid = self.aliases.get(uid, uid)
        for alias in aliases:
            self.aliases[alias] = uid
            if (other := self.sessions.pop(alias, None)) is not None:
                self.by_router.drop(other)
        session = self.sessions.get(uid)
        if session is None:
            if over:
                return None
            session = self.sessions[uid] = OnlineSession(0, 0, ("", ""), b"", "", now)
            session.is_stub, session.closed, session.heard, session.alive = True, True, now, steady(now)
        session.stored = True
        session.note_booked(octets, seconds)
        session.is_evidence = session.is_evidence or is_evidence
        session.is_booked_over = over
        if over:
            session.closed = True
            self.by_router.put(uid, session)
            return None
        return session.end_again(uid)

    def take_over(self, uid: str, session: OnlineSession, at: float) -> list[InferredStop]:
        """The same device began another session: those it had before are over."""
        ends = []
        for other_id, other in self.sessions.items():
            same = other_id != uid and not other.closed and other.mac == session.mac == own_slot(session.mac, 0)
            if same and other.started <= session.started and other.updated <= at:
                ends.append(other.end(other_id, at, TAKEN_OVER))
                self.by_router.put(other_id, other)
        return ends

    def merge(self, fresh: Iterable[StoredSession]) -> list[str]:
        """Sessions that the database no longer has open go, unless they have octets it does not know; which."""
        stored = {session.unique_id: session for session in fresh}
        gone = self._drop([uid for uid, session in self.sessions.items() if uid not in stored and session.is_settled])
        for uid, row in stored.items():
            session = self.sessions.get(uid)
            if session is None:
                session = self.sessions[uid] = OnlineSession.of_row(row)
            else:
                session.merge(row)
            self.by_router.put(uid, session)
        return gone

    def sweep(self, now: float, since: float) -> tuple[list[InferredStop], list[str]]:
        """Who missed three reports is over; who is over and booked is forgotten after a while, and named here.

        By the steady clock.
        """
        ends, gone = [], []
        for uid, session in self.sessions.items():
            if session.closed:
                if session.is_settled and session.is_booked_over and now - session.alive > REMEMBERED_SECONDS:
                    gone.append(uid)
            elif session.is_silent(now, since):
                ends.append(session.end(uid, session.heard, STALE))
                self.by_router.put(uid, session)
        return ends, self._drop(gone)

    def _drop(self, uids: list[str]) -> list[str]:
        """Forget sessions; all identities they had."""
        for uid in uids:
            self.by_router.drop(self.sessions.pop(uid))
        if not uids or not self.aliases:
            return uids
        gone = [alias for alias, uid in self.aliases.items() if uid not in self.sessions]
        for alias in gone:
            del self.aliases[alias]
        return uids + gone


def _waits(taken: tuple[float, float], now: float, tick: float) -> bool:
    """Is a Start still awaited? By neither clock has a minute passed."""
    return now - taken[0] < SLOT_SECONDS and tick - taken[1] < SLOT_SECONDS
