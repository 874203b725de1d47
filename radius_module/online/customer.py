"""One customer's living counters and sessions, for radius_module.online.table: arithmetic under its lock."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

from models.accounting.records import STALE, START, STOP, TAKEN_OVER, SessionEnd, SessionReport
from models.accounting.session import booked_at
from models.accounting.usage_split import Growth, pieces
from radius_module.replies.access_attributes import INTERIM_INTERVAL
from radius_module.rules.facts import Occupied, maker

#: A place taken at Accept is free again after so many seconds without Start (CONTRACT "The wire").
SLOT_SECONDS = 60.0
#: A session not heard of for so long no longer counts: three missed reports and a little.
STALE_SECONDS = 3 * INTERIM_INTERVAL + 30.0
#: A session that is over and booked is remembered so long, for packets of it that were late.
_REMEMBERED = 60.0
#: How often the books are told of an end that they do not take.
_TOLD = 3
#: Restarts of a router between two of its sessions that we believe in; a counter further on is another router's.
_MOST_RESTARTS = 4
_BOOTS = 16

Boot = tuple[bytes, int]


class StoredSession(NamedTuple):
    """An open session as the database has it. Octets in and out together, times in epoch seconds."""

    unique_id: str
    customer_id: int
    mac: str
    started: float
    heard: float
    octets: int
    isp_id: int = 0
    device_id: int = 0
    session_id: str = ""


class LiveSession:
    """An open (or just closed) session: octets booked in the database, and the most that was ever reported."""

    __slots__ = ("booked", "boot", "cause", "closed", "device_id", "ended_at", "floor", "heard", "isp_id", "mac",
                 "seen", "started", "stored", "stub", "told")  # fmt: skip

    def __init__(self, isp_id: int, mac: str, started: float, device_id: int) -> None:
        self.isp_id, self.mac, self.started, self.device_id = isp_id, mac, started, device_id
        self.heard = 0.0
        self.booked = self.seen = 0
        #: Octets of earlier periods.
        self.floor = 0
        self.boot: Boot | None = None
        #: Whether the database has it; what it has and then no longer has as open is over.
        self.stored = False
        self.closed = False
        #: When we took it for over; None also where the router said so.
        self.ended_at: float | None = None
        self.cause = ""
        #: How often the books were told so.
        self.told = 0
        #: Known from the writer alone: nothing is known of it but its octets.
        self.stub = False

    def plain(self) -> tuple[object, ...]:
        """For the snapshot."""
        return tuple(getattr(self, name) for name in self.__slots__)

    @classmethod
    def of(cls, *values: Any) -> LiveSession:  # noqa: ANN401  # as marshal gives them
        """From a snapshot."""
        made = cls(0, "", 0.0, 0)
        for name, value in zip(cls.__slots__, values, strict=True):
            setattr(made, name, value)
        return made

    def hear(self, report: SessionReport) -> None:
        """A packet. The router's Stop closes for good; what we closed opens again at a sign of life."""
        octets = report.octets_in + report.octets_out
        lives = octets > self.seen or (report.status != START and report.received - self.heard > 5)
        if report.status == STOP:
            self.closed, self.ended_at = True, None
        elif self.stub or (self.ended_at is not None and lives and report.received > self.ended_at):
            self.closed, self.ended_at = False, None
        self.stub = False
        self.mac = report.mac or self.mac
        self.boot = self.boot or boot_of(report.session_id)
        self.seen = max(self.seen, octets)
        self.heard = max(self.heard, report.received)

    def end(self, uid: str, at: float, cause: str) -> SessionEnd:
        """We take it for over; what the books are to be told."""
        self.closed, self.ended_at, self.cause, self.told = True, at, cause, 1
        return SessionEnd(self.isp_id, uid, at, cause)

    def end_again(self, uid: str) -> SessionEnd | None:
        """The books have it open: the end may have come there before the session. None: they must be right."""
        if self.ended_at is None:
            return None
        if self.told >= _TOLD:
            self.closed, self.ended_at = False, None
            return None
        self.told += 1
        return SessionEnd(self.isp_id, uid, self.ended_at, self.cause)


_occupied = maker(Occupied)


class Account:
    """One customer's counters and sessions."""

    __slots__ = ("period_start", "sessions", "slots", "stored", "told_at")

    def __init__(self) -> None:
        self.period_start = 0.0
        self.stored = 0
        #: When the writer last told what it had booked.
        self.told_at = -1.0
        self.sessions: dict[str, LiveSession] = {}
        #: MAC (or Class, without one) → time of the Accept.
        self.slots: dict[str, float] = {}

    def plain(self) -> tuple[object, ...]:
        """For the snapshot."""
        return self.period_start, self.stored, [(uid, *session.plain()) for uid, session in self.sessions.items()]

    def take(self, period_start: float, stored: int, sessions: Sequence[tuple[Any, ...]]) -> None:
        """From a snapshot."""
        self.period_start, self.stored = period_start, stored
        for uid, *values in sessions:
            self.sessions[uid] = LiveSession.of(*values)

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

    def begin_period(self, period_start: float, report: SessionReport, uid: str) -> None:
        """A period has begun since the last packet: what came before belongs to the one before."""
        if period_start <= self.period_start:
            return
        for session in self.sessions.values():
            session.floor = session.seen
        session_heard = self.sessions.get(uid)
        at = booked_at(report)
        if session_heard is not None and session_heard.heard < period_start < at:
            growth = report.octets_in + report.octets_out - session_heard.seen
            before = next(pieces(Growth(max(0, growth), 0, session_heard.heard, at), [period_start]))
            session_heard.floor += before.octets_in
        self.period_start, self.stored = period_start, 0

    def book(self, uid: str, octets: int, over: bool, now: float) -> SessionEnd | None:
        """The database has a session up to so many octets, and as over or not; an end that it is to be told again."""
        session = self.sessions.get(uid)
        if session is None:
            if over:
                return None
            session = self.sessions[uid] = LiveSession(0, "", now, 0)
            session.stub, session.closed, session.heard = True, True, now
        session.stored = True
        session.booked = max(session.booked, octets)
        session.seen = max(session.seen, session.booked)
        if over:
            session.closed = True
            return None
        return session.end_again(uid)

    def take_over(self, uid: str, session: LiveSession, at: float) -> list[SessionEnd]:
        """The same device began another session: those it had before are over."""
        ends = []
        for other_id, other in self.sessions.items():
            same = other_id != uid and not other.closed and other.mac == session.mac != ""
            if same and other.started <= session.started:
                ends.append(other.end(other_id, at, TAKEN_OVER))
        return ends

    def places(self, now: float) -> tuple[Occupied, ...]:
        """Open sessions, and Accepts whose Start is awaited."""
        if not self.sessions:
            slots = self.slots.items()
            return tuple([_occupied((mac, since, "")) for mac, since in slots if now - since < SLOT_SECONDS])
        taken = [
            Occupied(session.mac, session.started, uid)
            for uid, session in self.sessions.items()
            if not session.closed and now - session.heard < STALE_SECONDS
        ]
        present = {place.mac for place in taken}
        awaited = [(mac, since) for mac, since in self.slots.items() if now - since < SLOT_SECONDS]
        return tuple(taken + [Occupied(mac, since, "") for mac, since in awaited if mac not in present])

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
                known = self.sessions[uid] = LiveSession(row.isp_id, row.mac, row.started, row.device_id)
                known.boot = boot_of(row.session_id.encode())
            known.stored = True
            known.booked = max(known.booked, row.octets)
            known.seen = max(known.seen, known.booked)
            known.heard = max(known.heard, row.heard)

    def sweep(self, now: float, since: float) -> list[SessionEnd]:
        """Who missed three reports is over; who is over and booked is forgotten after a while."""
        ends = []
        for uid, session in list(self.sessions.items()):
            if session.closed:
                if session.stored and session.seen <= session.booked and now - session.heard > _REMEMBERED:
                    del self.sessions[uid]
            elif now - max(session.heard, since) > STALE_SECONDS:
                ends.append(session.end(uid, session.heard, STALE))
        return ends


def boot_of(session_id: bytes) -> Boot | None:
    """(service, boot counter) of a RouterOS session id of 8 hex digits: `80f000ea` is service 80, boot f (FACTS 2)."""
    if len(session_id) != 8:
        return None
    try:
        bytes.fromhex(session_id.decode())
        return session_id[:2], int(session_id[2:3], 16)
    except ValueError:
        return None


def is_newer_boot(before: int, now: int) -> bool:
    """Did a router restart a few times between the two? A counter far ahead is that of another router behind a NAT."""
    return 0 < (now - before) % _BOOTS <= _MOST_RESTARTS
