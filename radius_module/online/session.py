"""One open session in memory: what the database holds of it, and the most that was ever reported."""

from __future__ import annotations

from typing import Any, NamedTuple

from models.accounting.plausible import LEAST_RATE, is_plausible
from models.accounting.records import STOP, AccountingRecord, InferredStop
from models.accounting.session import booked_at, is_news, seconds_online, to_microsecond
from models.accounting.session_id import INTERIM_INTERVAL, SessionClass
from models.accounting.usage_split import Growth, uncounted
from models.timetable import Timetable
from radius_module.online.boot_counter import Boot, Router, boot_of
from radius_module.steady_clock import of_the_past, steady_now

#: A session that is over and booked is remembered so long, for packets of it that were late.
REMEMBERED_SECONDS = 60.0
#: How often the books are sent an end that they do not take: then they know better.
_MOST_ENDS = 3


def stale_after(interval: int) -> float:
    """Seconds of silence after which a session no longer counts: three missed reports and a little."""
    return 3 * interval + 30.0


#: Of a session whose interval is the usual one.
STALE_SECONDS = stale_after(INTERIM_INTERVAL)


#: Device, router and service (empty: none that is known).
Place = tuple[int, Router, bytes]


class StoredSession(NamedTuple):
    """An open session as the database has it. Times in epoch seconds."""

    unique_id: str
    customer_id: int
    mac: str
    started: float
    heard: float
    octets_in: int
    octets_out: int = 0
    isp_id: int = 0
    device_id: int = 0
    session_id: str = ""
    nas_address: str = ""
    router: str = ""
    session_time: int = 0
    interval: int = INTERIM_INTERVAL
    #: Whether its identifier follows from a Class that says whose it is.
    is_of_class: bool = False


class OnlineSession:
    """An open (or just closed) session: octets booked in the database, and the most that was ever reported."""

    __slots__ = ("alive", "booked", "booked_seconds", "boot", "cause", "closed", "device_id", "ended_at", "ends_sent",
                 "floor", "floor_seconds", "free", "heard", "interval", "is_booked_over", "is_evidence",
                 "is_of_class", "is_stub", "isp_id", "mac", "octets_in", "octets_out", "place", "router",
                 "session_id", "session_time", "started", "stored", "updated")  # fmt: skip
    #: As a snapshot holds them, in this order; it names them, and is of no use to a version that has others.
    FIELDS = tuple(name for name in __slots__ if name != "place")

    def __init__(
        self, isp_id: int, device_id: int, router: Router, session_id: bytes, mac: str, started: float
    ) -> None:
        self.isp_id, self.device_id, self.router, self.session_id = isp_id, device_id, router, session_id
        self.mac, self.started = mac, started
        self.boot: Boot | None = boot_of(session_id)
        #: Where radius_module.online.by_router has it; None while it is not open.
        self.place: Place | None = None
        self.interval = INTERIM_INTERVAL
        self.is_of_class = False
        #: When its last packet came, and of which moment its last news spoke.
        self.heard = self.updated = 0.0
        #: When its last packet came, by the steady clock.
        self.alive = 0.0
        self.booked = self.octets_in = self.octets_out = self.session_time = 0
        #: Octets of earlier periods, seconds of them, and the seconds that are booked.
        self.floor = self.floor_seconds = self.booked_seconds = 0
        #: Of octets that are not booked: (those before, those up to here, what of them does not count).
        self.free: list[tuple[int, int, int]] = []
        #: Whether the database has it; what it has and then no longer has as open is over.
        self.stored = False
        #: Whether the database has it as over.
        self.is_booked_over = False
        self.closed = False
        #: When we took it for over; None also where the router said so.
        self.ended_at: float | None = None
        self.cause = ""
        #: How often the books were sent our end of it.
        self.ends_sent = 0
        #: Known from the writer alone: nothing is known of it but its octets.
        self.is_stub = False
        #: One too many of its customer: it takes no slot, and its octets are not used.
        self.is_evidence = False

    @classmethod
    def of_record(cls, record: AccountingRecord, session_class: SessionClass, started: float) -> OnlineSession:
        """A session that begins with this record, which is yet to be applied."""
        router = (record.nas_address, record.router)
        session = cls(record.isp_id, record.device_id, router, record.session_id, record.mac, started)
        session.interval, session.is_of_class = session_class.interval, session_class.customer_id is not None
        return session

    @classmethod
    def of_row(cls, row: StoredSession) -> OnlineSession:
        """A session of the database."""
        router = (row.nas_address, row.router)
        session = cls(row.isp_id, row.device_id, router, row.session_id.encode(), row.mac, row.started)
        session.merge(row)
        return session

    @classmethod
    def of_snapshot(cls, moved: float, *values: Any) -> OnlineSession:  # noqa: ANN401  # as marshal gives them
        """From a snapshot of a process whose steady clock was so much behind ours."""
        session = cls(0, 0, ("", ""), b"", "", 0.0)
        for name, value in zip(cls.FIELDS, values, strict=True):
            setattr(session, name, value)
        session.alive = min(session.alive + moved, steady_now())
        return session

    def plain(self) -> tuple[object, ...]:
        """For the snapshot."""
        return tuple(getattr(self, name) for name in self.FIELDS)

    @property
    def reported(self) -> int:
        """The most octets that are known of it."""
        return max(self.octets_in + self.octets_out, self.booked)

    @property
    def is_settled(self) -> bool:
        """Does the database have all of it?"""
        return self.stored and self.reported <= self.booked

    def free_owed(self) -> int:
        """Octets that are not booked, are of this period and do not count."""
        known = max(self.booked, self.floor)
        return sum(free if known <= before else free * (end - known) // (end - before)
                   for before, end, free in self.free if end > known)  # fmt: skip

    def seconds_owed(self) -> int:
        """Seconds online that are not booked and are of this period, by the rule of the books."""
        if self.is_evidence:
            return 0
        known = max(self.booked_seconds, self.floor_seconds)
        return seconds_online(self.session_time, self.started, self.updated, known)

    def note_booked(self, octets: int, seconds: int) -> None:
        """The database has so much of it."""
        self.booked, self.booked_seconds = max(self.booked, octets), max(self.booked_seconds, seconds)
        if self.free:
            self.free = [stretch for stretch in self.free if stretch[1] > self.booked]

    def raise_floor(self, octets: int, seconds: int) -> None:
        """So much of it is of earlier periods."""
        self.floor, self.floor_seconds = max(self.floor, octets), max(self.floor_seconds, seconds)

    def is_silent(self, now: float, since: float = 0.0) -> bool:
        """Has it missed three of its own reports? Silence before `since` does not count. By the steady clock."""
        return now - max(self.alive, since) >= stale_after(self.interval)

    def is_on(self, record: AccountingRecord) -> bool:
        """Is the record of the router that it is on? A session that names none may be on any at that address."""
        address, router = self.router
        return self.device_id == record.device_id and address == record.nas_address and router in ("", record.router)

    def goes_on_in(self, record: AccountingRecord) -> bool:
        """Can the record, which has another Class, be of this session? (models.accounting.session.continues_in)"""
        return (
            self.session_id == record.session_id
            and not (self.closed and self.ended_at is None)
            and not self.is_evidence
            and self.is_on(record)
            and record.octets_in >= self.octets_in
            and record.octets_out >= self.octets_out
            and (record.session_time is None or record.session_time >= self.session_time)
        )

    def believable(self, record: AccountingRecord, login_time: int | None, rate: float) -> AccountingRecord:
        """The record; with the session's own counters where its are beyond what the line carries, as in the books."""
        growth = max(0, record.octets_in - self.octets_in) + max(0, record.octets_out - self.octets_out)
        if growth <= LEAST_RATE:
            return record
        since = self.updated or login_time
        elapsed = None if since is None else booked_at(record) - since
        seconds = None if record.session_time is None else record.session_time - self.session_time
        if is_plausible(growth, elapsed, seconds, rate):
            return record
        return record._replace(octets_in=self.octets_in, octets_out=self.octets_out, session_time=None)

    def apply(self, record: AccountingRecord, timetable: Timetable | None = None) -> None:
        """A packet. The router's Stop closes for good; what we closed opens again at a sign of life."""
        at = booked_at(record)
        if timetable is not None and timetable.has_free:
            self._note_free(record, at, timetable)
        news = self.updated == 0.0 or is_news(record, self.octets_in, self.octets_out, self.session_time)
        if record.status == STOP:
            self.closed, self.ended_at = True, None
        elif self.is_stub or (self.ended_at is not None and news and at > self.ended_at):
            self.closed, self.ended_at, self.ends_sent = False, None, 0
        if self.is_stub:
            self.is_stub, self.isp_id, self.session_id = False, record.isp_id, record.session_id
            self.boot = boot_of(record.session_id)
        if news and at >= self.updated:
            self.device_id, self.router = record.device_id, (record.nas_address, record.router)
            self.updated = at
        self.mac = record.mac or self.mac
        self.octets_in = max(self.octets_in, record.octets_in)
        self.octets_out = max(self.octets_out, record.octets_out)
        self.session_time = max(self.session_time, record.session_time or 0)
        self.heard, self.alive = max(self.heard, record.received), max(self.alive, of_the_past(record.received))

    def _note_free(self, record: AccountingRecord, at: float, timetable: Timetable) -> None:
        """What of the record's growth does not count."""
        more_in, more_out = max(0, record.octets_in - self.octets_in), max(0, record.octets_out - self.octets_out)
        free = uncounted(Growth(more_in, more_out, min(self.updated or at, at), at), timetable)
        if free:
            self.free.append((self.reported, self.reported + more_in + more_out, free))

    def merge(self, row: StoredSession) -> None:
        """What the database has of it. Another node may have heard of it since we took it for over."""
        if self.is_stub or (self.ended_at is not None and row.heard > self.ended_at):
            self.closed, self.ended_at, self.ends_sent, self.is_stub = False, None, 0, False
        self.stored = True
        self.isp_id, self.interval, self.is_of_class = row.isp_id, row.interval, row.is_of_class
        self.octets_in, self.octets_out = max(self.octets_in, row.octets_in), max(self.octets_out, row.octets_out)
        self.session_time = max(self.session_time, row.session_time)
        self.note_booked(row.octets_in + row.octets_out, row.session_time)
        self.heard, self.updated = max(self.heard, row.heard), max(self.updated, row.heard)
        self.alive = max(self.alive, of_the_past(row.heard))

    def end(self, uid: str, at: float, cause: str) -> InferredStop:
        """We take it for over; the end that goes to the books."""
        self.closed, self.ended_at, self.cause = True, to_microsecond(at), cause
        self.ends_sent += 1
        return InferredStop(self.isp_id, uid, self.ended_at, cause)

    def end_again(self, uid: str) -> InferredStop | None:
        """The books have it open: the end may have come there before the session. A few times, then no more."""
        if self.ended_at is None or self.ends_sent >= _MOST_ENDS:
            return None
        return self.end(uid, self.ended_at, self.cause)
