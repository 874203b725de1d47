"""What one record does to its session: the rules of accounting, pure. The books load and store the states.

Repetition changes nothing and order only what time it was: counters and Acct-Session-Time are maxima, the start is
the earliest that any packet speaks of, the end the earliest Stop of the router (docs/decisions/0031-books.md).
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date

from models.accounting.plausible import LEAST_RATE, is_plausible
from models.accounting.records import SERVER_CAUSES, START, STOP, AccountingRecord
from models.accounting.session_id import SessionClass
from models.accounting.usage_split import Growth

#: An Acct-Delay-Time above this, seconds, comes from a router whose clock jumped: it is not believed.
LONGEST_DELAY = 86_400
#: A session that is said to run longer is not believed to have begun so long ago.
LONGEST_SESSION = 2 * 366 * 86_400
#: A session without Class that begins this long after its namesake's end, seconds, is another one; sooner, it is a
#: packet of the old one that was late.
NAMESAKE_AFTER = 60.0


@dataclass(slots=True)
class SessionState:
    """A session as the books have it, or are about to. Moments are epoch seconds."""

    isp_id: int
    unique_id: str
    month: date
    device_id: int
    first: AccountingRecord | None = None
    customer_id: int | None = None
    started: float | None = None
    updated: float | None = None
    stopped: float | None = None
    cause: str | None = None
    session_time: int = 0
    octets_in: int = 0
    octets_out: int = 0
    interval: int | None = None
    framed_address: str = ""
    framed_ipv6_prefix: str = ""
    delegated_ipv6_prefix: str = ""
    router_time: int | None = None
    #: (updated, octets_in, octets_out, stopped) in the database; None: not there yet.
    stored: tuple[float | None, int, int, float | None] | None = None
    changed: bool = False
    #: Counters of a packet that no line can have carried (in, out).
    implausible: tuple[int, int] | None = None
    #: What the session is called where nobody tells namesakes apart: by the packet path's memory.
    plain_id: str | None = None

    @property
    def is_over(self) -> bool:
        """Ended for good: not by a guess of ours that a sign of life takes back."""
        return self.stopped is not None and self.cause not in SERVER_CAUSES


def booked_at(record: AccountingRecord) -> float:
    """The moment a record is about: the time of receipt, less what the router waited (RFC 2866 section 5.2)."""
    return record.received - record.delay if 0 < record.delay <= LONGEST_DELAY else record.received


def began_at(record: AccountingRecord, session_class: SessionClass) -> float:
    """When the record's session began by its own account, never before its login."""
    seconds = min(record.session_time or 0, LONGEST_SESSION)
    login = session_class.login_time
    return max(booked_at(record) - seconds, 0.0 if login is None else min(float(login), booked_at(record)))


def fold(
    state: SessionState,
    record: AccountingRecord,
    session_class: SessionClass,
    rate_of: Callable[[SessionState, AccountingRecord], float] = lambda _state, _record: LEAST_RATE,
) -> Growth | None:
    """Take one record into its session; what grew, or None. Records come in the order of `booked_at`.

    rate_of: octets a second that the customer's line carries at most, asked where 10 Gbit/s are not enough.
    """
    at = booked_at(record)
    record = _believable(state, record, at, session_class, rate_of)
    growth = _grow(state, record, at)
    began = began_at(record, session_class)
    if state.started is None or began < state.started:
        state.started, state.changed = began, True
    if record.status == STOP:
        _stop(state, record, at)
    return growth


def _believable(
    state: SessionState,
    record: AccountingRecord,
    at: float,
    session_class: SessionClass,
    rate_of: Callable[[SessionState, AccountingRecord], float],
) -> AccountingRecord:
    """The record, with the session's own counters where its are beyond what a line carries: those are evidence.

    The base stays, of octets and of session time, until a plausible counter comes.
    """
    growth = max(0, record.octets_in - state.octets_in) + max(0, record.octets_out - state.octets_out)
    if growth <= LEAST_RATE:
        return record
    since = state.updated if state.updated is not None else session_class.login_time
    elapsed = None if since is None else at - since
    seconds = None if record.session_time is None else record.session_time - state.session_time
    if is_plausible(growth, elapsed, seconds) or is_plausible(growth, elapsed, seconds, rate_of(state, record)):
        return record
    state.implausible = record.octets_in, record.octets_out
    return record._replace(octets_in=state.octets_in, octets_out=state.octets_out, session_time=None)


def _grow(state: SessionState, record: AccountingRecord, at: float) -> Growth | None:
    """Counters never fall; what they rise is the growth since the last news.

    A packet that says nothing new (sent again, or overtaken) does not move the time from which growth is spread.
    """
    more_in = max(0, record.octets_in - state.octets_in)
    more_out = max(0, record.octets_out - state.octets_out)
    seconds = record.session_time
    known_time = record.status == START or seconds is not None
    news = state.updated is None or more_in or more_out or not known_time or (seconds or 0) > state.session_time
    if not news:
        return None
    previous = at if state.updated is None else min(state.updated, at)
    if state.updated is not None:
        state.interval = max(0, round(at - state.updated))
    if state.stopped is not None and not state.is_over and at > state.stopped:
        state.stopped = state.cause = None
    state.octets_in, state.octets_out = state.octets_in + more_in, state.octets_out + more_out
    state.session_time = max(state.session_time, seconds or 0)
    state.updated = at if state.updated is None else max(state.updated, at)
    _describe(state, record)
    return Growth(more_in, more_out, previous, at) if more_in or more_out else None


def _describe(state: SessionState, record: AccountingRecord) -> None:
    """What a later packet may know better than the first."""
    state.framed_address = record.framed_address or state.framed_address
    state.framed_ipv6_prefix = record.framed_ipv6_prefix or state.framed_ipv6_prefix
    state.delegated_ipv6_prefix = record.delegated_ipv6_prefix or state.delegated_ipv6_prefix
    state.router_time = record.router_time if record.router_time is not None else state.router_time
    state.first = state.first or record
    state.changed = True


def _stop(state: SessionState, record: AccountingRecord, at: float) -> None:
    """The router's own word ends a session, also one that we had closed; of several the earliest."""
    if state.is_over and state.stopped is not None and state.stopped <= at:
        return
    state.stopped, state.cause, state.changed = at, record.cause or "User-Request", True


def end(state: SessionState, at: float, cause: str) -> None:
    """Our own word ends a session, unless it has been heard of since."""
    heard = state.updated
    if state.stopped is None and heard is not None and heard <= at:
        state.stopped, state.cause, state.changed = at, cause, True
