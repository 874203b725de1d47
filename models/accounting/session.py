"""What one record does to its session: the rules of accounting, pure. The books load and store the states.

Repetition changes nothing and order only what time it was: counters and Acct-Session-Time are maxima, the start is
the earliest that any packet speaks of, the end the earliest Stop of the router (docs/decisions/0031-books.md).
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import date

from models.accounting.plausible import LEAST_RATE, is_plausible
from models.accounting.records import SERVER_CAUSES, START, STOP, TOO_MANY_SESSIONS, AccountingRecord
from models.accounting.session_id import SessionClass, identity
from models.accounting.usage_split import Growth

#: An Acct-Delay-Time above this, seconds, comes from a router whose clock jumped: it is not believed.
LONGEST_DELAY = 86_400
#: A session that is said to run longer is not believed to have begun so long ago.
LONGEST_SESSION = 2 * 366 * 86_400
#: A first record may say that its session is older than its customer by so much, seconds, and still be theirs.
DOUBTFUL_AGE = 3600.0
#: A session without Class that begins this long after its namesake's end, seconds, is another one; sooner, it is a
#: packet of the old one that was late.
NAMESAKE_AFTER = 60.0


@dataclass(slots=True, eq=False)
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
    #: Framed-IPv6-Address and Framed-Interface-Id, which few devices report.
    ipv6_address: str = ""
    interface_id: str = ""
    #: Counters of a packet that no line can have carried (in, out).
    implausible: tuple[int, int] | None = None
    #: What the session is called where namesakes are not told apart: by the packet path's memory.
    plain_id: str | None = None
    #: Where its last news came from: the packet's source address, and the router behind it.
    nas_address: str = ""
    router: str = ""
    has_moved: bool = False
    #: A new session that is one too many of its customer.
    is_beyond: bool = False
    #: Acct-Session-Id, where it is known.
    session_id: bytes | None = None
    #: Identifiers under which other Classes have just brought it: it is to be found under them from now on.
    aliases: list[str] = field(default_factory=list)

    @property
    def is_over(self) -> bool:
        """Ended for good: not by a guess of ours that a sign of life takes back."""
        return self.stopped is not None and self.cause not in SERVER_CAUSES

    @property
    def is_evidence(self) -> bool:
        """One session too many of its customer: written down, neither open nor billed."""
        return self.cause == TOO_MANY_SESSIONS

    def comes_from(self, record: AccountingRecord) -> bool:
        """Is the record of the router that the session is on? One that has named none yet may be any."""
        return (
            self.device_id == record.device_id
            and self.nas_address == record.nas_address
            and (self.router in ("", record.router))
        )

    def continues_in(self, record: AccountingRecord) -> bool:
        """Can the record, whose Class is another, be of this session? Its counters have not fallen."""
        return (
            not self.is_over
            and not self.is_evidence
            and self.comes_from(record)
            and record.octets_in >= self.octets_in
            and record.octets_out >= self.octets_out
            and (record.session_time is None or record.session_time >= self.session_time)
        )


def booked_at(record: AccountingRecord) -> float:
    """The moment a record is about: the time of receipt, less what the router waited (RFC 2866 section 5.2)."""
    received = record.received
    return to_microsecond(received - record.delay if 0 < record.delay <= LONGEST_DELAY else received)


def to_microsecond(moment: float) -> float:
    """As the database keeps it: moments that come back from it compare equal to those that went there."""
    return round(moment, 6)


def began_at(record: AccountingRecord, session_class: SessionClass) -> float:
    """When the record's session began by its own account, never before its login."""
    at, seconds = booked_at(record), min(record.session_time or 0, LONGEST_SESSION)
    login = session_class.login_time
    return max(at - seconds, 0.0 if login is None else min(float(login), at))


def seconds_online(session_time: int, began: float, at: float, counted: int) -> int:
    """What Acct-Session-Time adds to what was counted of it: of a clock that jumped only what can have passed."""
    return max(0, min(session_time, int(at - began) + 1) - counted)


def is_in_time_of(created_at: float, record: AccountingRecord, session_class: SessionClass) -> bool:
    """Did the session begin when the customer was there already? Asked of its first record, where no Class says whose.

    The time of a login is our own word, to the second. How long a session has run is the router's, and is believed
    against a customer where it is beyond doubt.
    """
    login = session_class.login_time
    if login is not None:
        return created_at < login + 1
    return created_at <= booked_at(record) and created_at <= began_at(record, session_class) + DOUBTFUL_AGE


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
    began = began_at(record, session_class)
    growth = _grow(state, record, at, began)
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


def _grow(state: SessionState, record: AccountingRecord, at: float, began: float) -> Growth | None:
    """Counters never fall; what they rise is the growth since the last news. Nor does the time online, which is never
    longer than it is since the session began.

    A packet that says nothing new (sent again, or overtaken) does not move the time from which growth is spread.
    """
    more_in = max(0, record.octets_in - state.octets_in)
    more_out = max(0, record.octets_out - state.octets_out)
    since = began if state.started is None else min(began, state.started)
    more_seconds = seconds_online(record.session_time or 0, since, at, state.session_time)
    if state.updated is not None and not is_news(record, state.octets_in, state.octets_out, state.session_time):
        return None
    previous = at if state.updated is None else min(state.updated, at)
    if state.updated is not None:
        state.interval = max(0, round(at - state.updated))
    if state.stopped is not None and not state.is_over and at > state.stopped:
        state.stopped = state.cause = None
    state.octets_in, state.octets_out = state.octets_in + more_in, state.octets_out + more_out
    state.session_time = max(state.session_time, record.session_time or 0)
    state.updated = at if state.updated is None else max(state.updated, at)
    _describe(state, record, at)
    return Growth(more_in, more_out, previous, at, more_seconds) if more_in or more_out or more_seconds else None


def _describe(state: SessionState, record: AccountingRecord, at: float) -> None:
    """What a later packet may know better than the first."""
    place = (record.device_id, record.nas_address, record.router)
    if at == state.updated and place != (state.device_id, state.nas_address, state.router):
        state.device_id, state.nas_address, state.router = place
        state.has_moved = True
    state.framed_address = record.framed_address or state.framed_address
    state.framed_ipv6_prefix = record.framed_ipv6_prefix or state.framed_ipv6_prefix
    state.delegated_ipv6_prefix = record.delegated_ipv6_prefix or state.delegated_ipv6_prefix
    state.ipv6_address = record.framed_ipv6_address or state.ipv6_address
    state.interface_id = record.framed_interface_id or state.interface_id
    state.router_time = record.router_time if record.router_time is not None else state.router_time
    state.first = state.first or record
    state.changed = True


def _stop(state: SessionState, record: AccountingRecord, at: float) -> None:
    """The router's own word ends a session, also one that we had closed; of several the earliest."""
    if state.is_over and state.stopped is not None and state.stopped <= at:
        return
    state.stopped, state.cause, state.changed = at, record.cause or None, True


def end(state: SessionState, at: float, cause: str) -> None:
    """Our own word ends a session, unless it has been heard of since."""
    heard, at = state.updated, to_microsecond(at)
    if state.stopped is None and heard is not None and heard <= at:
        state.stopped, state.cause, state.changed = at, cause, True


def plain_id(record: AccountingRecord, session_class: SessionClass) -> str:
    """Identifier of the record's session, where namesakes are not told apart."""
    return identity(record.isp_id, record.device_id, record.session_id, session_class, record.username)


def is_news(record: AccountingRecord, octets_in: int, octets_out: int, session_time: int) -> bool:
    """Does the record say more than what is known of its session? Sent again, or overtaken, it does not."""
    seconds = record.session_time
    if record.octets_in > octets_in or record.octets_out > octets_out:
        return True
    return (seconds or 0) > session_time or (record.status != START and seconds is None)


def keep_as_evidence(state: SessionState, at: float) -> None:
    """One session too many: what is known of it stays, and it is never open."""
    state.stopped, state.cause, state.changed = max(at, state.stopped or at), TOO_MANY_SESSIONS, True
