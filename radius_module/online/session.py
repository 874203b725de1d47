"""One open session in memory: what the database holds of it, and the most that was ever reported."""

from __future__ import annotations

from typing import Any, NamedTuple

from models.accounting.plausible import LEAST_RATE, is_plausible
from models.accounting.records import START, STOP, AccountingRecord, InferredStop
from models.accounting.session import booked_at
from radius_module.online.boot_counter import Boot, boot_of
from radius_module.rules.service import INTERIM_INTERVAL

#: A session not heard of for so long no longer counts: three missed records and a little.
STALE_SECONDS = 3 * INTERIM_INTERVAL + 30.0
#: A session that is over and booked is remembered so long, for packets of it that were late.
_REMEMBERED = 60.0
#: How often the books are told of an end that they do not take.
_TOLD = 3


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
    session_time: int = 0


class OnlineSession:
    """An open (or just closed) session: octets booked in the database, and the most that was ever reported."""

    __slots__ = ("booked", "boot", "cause", "closed", "device_id", "ended_at", "floor", "heard", "isp_id", "mac",
                 "seen", "session_time", "started", "stored", "stub", "told", "updated")  # fmt: skip
    #: As a snapshot holds them, in this order; it names them, and is of no use to a version that has others.
    FIELDS = __slots__

    def __init__(self, isp_id: int, mac: str, started: float, device_id: int) -> None:
        self.isp_id, self.mac, self.started, self.device_id = isp_id, mac, started, device_id
        self.heard = 0.0
        self.booked = self.seen = 0
        #: Acct-Session-Time of the counters that are believed, and the moment of the last packet, as the books have it.
        self.session_time = 0
        self.updated: float | None = None
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
        return tuple(getattr(self, name) for name in self.FIELDS)

    @classmethod
    def of(cls, *values: Any) -> OnlineSession:  # noqa: ANN401  # as marshal gives them
        """From a snapshot."""
        session = cls(0, "", 0.0, 0)
        for name, value in zip(cls.FIELDS, values, strict=True):
            setattr(session, name, value)
        return session

    def believable(self, record: AccountingRecord, login_time: int | None, rate: float) -> AccountingRecord:
        """The record; without counters where these are beyond what the line carries (models.accounting.plausible)."""
        octets, at = record.octets_in + record.octets_out, booked_at(record)
        growth = octets - self.seen
        if growth > LEAST_RATE:
            since = self.updated if self.updated is not None else login_time
            elapsed = None if since is None else at - since
            seconds = None if record.session_time is None else record.session_time - self.session_time
            if not is_plausible(growth, elapsed, seconds, rate):
                record = record._replace(octets_in=0, octets_out=0, session_time=None)
        self.session_time = max(self.session_time, record.session_time or 0)
        self.updated = at if self.updated is None else max(self.updated, at)
        return record

    def hear(self, record: AccountingRecord) -> None:
        """A packet. The router's Stop closes for good; what we closed opens again at a sign of life."""
        octets = record.octets_in + record.octets_out
        lives = octets > self.seen or (record.status != START and record.received - self.heard > 5)
        if record.status == STOP:
            self.closed, self.ended_at = True, None
        elif self.stub or (self.ended_at is not None and lives and record.received > self.ended_at):
            self.closed, self.ended_at = False, None
        self.stub = False
        self.mac = record.mac or self.mac
        self.boot = self.boot or boot_of(record.session_id)
        self.seen = max(self.seen, octets)
        self.heard = max(self.heard, record.received)

    def end(self, uid: str, at: float, cause: str) -> InferredStop:
        """We take it for over; what the books are to be told."""
        self.closed, self.ended_at, self.cause, self.told = True, at, cause, 1
        return InferredStop(self.isp_id, uid, at, cause)

    def end_again(self, uid: str) -> InferredStop | None:
        """The books have it open: the end may have come there before the session. None: they must be right."""
        if self.ended_at is None:
            return None
        if self.told >= _TOLD:
            self.closed, self.ended_at = False, None
            return None
        self.told += 1
        return InferredStop(self.isp_id, uid, self.ended_at, self.cause)
