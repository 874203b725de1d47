"""A MikroTik router that lives: sessions that log in, count, report and end, and a listener that obeys CoA.

Built from the manual, captures and field reports: accounting is sent three times, 1.1 s apart, byte for byte the same;
session ids hold a boot digit; counters are cumulative with gigawords; limits are honoured where they are documented
(Total-Limit on HotSpot); replies without Message-Authenticator are dropped. Its faults are set by the test.
"""

from __future__ import annotations

import itertools
import random
import socket
import threading
import time
from collections import Counter
from dataclasses import dataclass, field
from typing import Literal

from .attributes import MIKROTIK, AcctStatus, Code, Mikrotik, Name
from .credentials import Pap
from .dynamic import (
    COA,
    DISCONNECT,
    UNSUPPORTED_EXTENSION,
    DynamicRequest,
    Naming,
    answer,
    can_change,
    find,
    read_request,
)
from .exchange import Address, exchange
from .packet import Request, access_request, accounting_request
from .persona import Growth, Visit, access_attributes, accounting_attributes
from .reply import Reply, verify

#: Sends of an accounting packet, and the seconds between them.
SENDS, BETWEEN = 3, 1.1
_GIGAWORD = 1 << 32
#: Octets a second of the line that traffic passes over.
_LINE = 125_000_000
#: Acct-Terminate-Cause.
USER_REQUEST, SESSION_TIMEOUT, ADMIN_RESET = 1, 5, 6


@dataclass
class Faults:
    """How the listener misbehaves. `cause`: refuse everything with it (0: without one)."""

    loss: float = 0.0
    delay: float = 0.0
    cause: int | None = None
    mute: bool = False
    lies: bool = False
    answers_from: str | None = None
    forges: bool = False
    random: random.Random = field(default_factory=lambda: random.Random(2))  # noqa: S311  # a test's dice


class Session:
    """One customer online. Octets are 64-bit; `limit` is what the router honours of its login."""

    def __init__(self, router: RouterOS, visit: Visit, reply: Reply, *, by_mac: bool = False) -> None:
        self.router, self.visit = router, visit
        self.klass = (reply.values(Name.CLASS) or [None])[0]
        self.octets_in = self.octets_out = 0
        self.began = time.monotonic()
        self._line_seconds = 0.0
        self.is_over = False
        self.cause: int | None = None
        self.rate = (reply.vendor_values(MIKROTIK, Mikrotik.RATE_LIMIT) or [b""])[0].decode()
        self.granted = _granted(reply)
        self.timeout = (reply.integers(Name.SESSION_TIMEOUT) or [0])[0]
        is_hotspot = visit.service == "hotspot"
        self.limit = self.granted if is_hotspot and router.honours_limits else None
        self.naming = Naming(
            _octets(visit.user_name), visit.session_id.encode(), socket.inet_aton(visit.framed_address),
            visit.mac.encode(), is_hotspot, by_mac,
        )  # fmt: skip

    @property
    def used(self) -> int:
        return self.octets_in + self.octets_out

    def carry(self, up: int, down: int) -> int:
        """Let traffic pass; how much did. At its limit the router ends the session with the octet that reaches it."""
        if self.is_over:
            return 0
        room = up + down if self.limit is None else min(up + down, self.limit - self.used)
        sent = min(up, room)
        # As long as it would have taken: nobody believes a counter that no line can carry.
        self._line_seconds += room / _LINE
        self.octets_in += sent
        self.octets_out += room - sent
        if self.limit is not None and self.used >= self.limit:
            self.stop(SESSION_TIMEOUT)
        return room

    def growth(self) -> Growth:
        return Growth(int(time.monotonic() - self.began + self._line_seconds), self.octets_in, self.octets_out)

    def start(self) -> None:
        self.router.account(self, AcctStatus.START)

    def interim(self) -> None:
        self.router.account(self, AcctStatus.INTERIM_UPDATE)

    def stop(self, cause: int = USER_REQUEST) -> None:
        if not self.is_over:
            self.is_over, self.cause = True, cause
            self.router.sessions.pop(self.visit.session_id, None)
            self.router.account(self, AcctStatus.STOP, cause)


class RouterOS:
    """One router at a source address. Serve it (`Serving`) to have its listener obey and its packets repeated."""

    def __init__(
        self, place: str, secret: bytes, auth: Address, acct: Address, *, faults: Faults | None = None,
        boot: int = 15, honours_limits: bool = True, coa_port: int = 0,
    ) -> None:  # fmt: skip
        self.address, self.secret, self._auth, self._acct = place, secret, auth, acct
        #: Its number as a device, where it has been registered.
        self.device_id = 0
        self.faults = faults or Faults()
        self.honours_limits, self._boot = honours_limits, boot
        self.sessions: dict[str, Session] = {}
        self.listener = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self.listener.bind((place, coa_port))
        self.listener.setblocking(False)
        self.coa_port: int = self.listener.getsockname()[1]
        self.reporter = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self.reporter.bind((place, 0))
        self.reporter.setblocking(False)
        #: (monotonic time, request) of everything that came to the listener, whatever it was.
        self.heard: list[tuple[float, DynamicRequest | None]] = []
        self.answered: Counter[int] = Counter()
        self.dropped = 0
        self._numbers = itertools.count(1)
        self._identifiers = itertools.count()
        #: Accounting that waits for its answer: identifier → (request, sends so far, when to send again).
        self._unanswered: dict[int, tuple[Request, int, float]] = {}
        self._late: list[tuple[float, bytes, Address]] = []
        self._lock = threading.RLock()

    def close(self) -> None:
        self.listener.close()
        self.reporter.close()

    # -- sessions ---------------------------------------------------------------------------------------------

    def login(
        self, name: str, password: str, mac: str = "02:00:00:00:00:01", framed: str = "10.0.0.2",
        service: Literal["pppoe", "hotspot"] = "pppoe", *, start: bool = True,
    ) -> Session | None:  # fmt: skip
        """Log a customer in as this router would, and report the Start; None where RADIUS says no."""
        number = next(self._numbers)
        session_id = f"{'81' if service == 'pppoe' else '80'}{self._boot:x}{number:05x}"
        visit = Visit(name, session_id, mac, service, self.address, framed_address=framed)
        request = access_request(self.secret, access_attributes(visit), Pap(password.encode()))
        octets = exchange(request, self._auth, timeout=BETWEEN, source=(self.address, 0), tries=SENDS)
        reply = None if octets is None else verify(octets, request)
        if reply is None or reply.code != Code.ACCESS_ACCEPT:
            return None
        session = Session(self, visit, reply, by_mac=name.upper() == mac.upper())
        with self._lock:
            self.sessions[session_id] = session
        if start:
            session.start()
        return session

    def adopt(self, name: str, mac: str, framed: str) -> Session:
        """A session that is there already, whoever let it in: for crowds. Its Start is the caller's to send."""
        number = next(self._numbers)
        visit = Visit(name, f"81{self._boot:x}{number:05x}", mac, "pppoe", self.address, framed_address=framed)
        session = Session(self, visit, Reply(b"", ()))
        with self._lock:
            self.sessions[visit.session_id] = session
        return session

    def account(self, session: Session, status: AcctStatus, cause: int = USER_REQUEST) -> None:
        """Send a report, and again until it is answered or was sent three times."""
        growth = None if status is AcctStatus.START else session.growth()
        attributes = accounting_attributes(session.visit, status, growth, session_class=session.klass,
                                           timestamp=int(time.time()), cause=cause)  # fmt: skip
        with self._lock:
            identifier = next(self._identifiers) % 256
            request = accounting_request(self.secret, attributes, identifier=identifier)
            self._unanswered[identifier] = (request, 1, time.monotonic() + BETWEEN)
            self.reporter.sendto(request.octets, self._acct)

    @property
    def waits(self) -> bool:
        """Is a report not answered yet?"""
        return bool(self._unanswered)

    # -- served by a thread -----------------------------------------------------------------------------------

    def read_accounting(self) -> None:
        """Take in answers to reports."""
        while True:
            try:
                octets, _ = self.reporter.recvfrom(4096)
            except (BlockingIOError, ConnectionRefusedError):
                return
            with self._lock:
                known = self._unanswered.get(octets[1])
                if known is not None and verify(octets, known[0]).code == Code.ACCOUNTING_RESPONSE:
                    del self._unanswered[octets[1]]

    def tick(self, now: float) -> None:
        """Send again what was not answered; answer late what is to be late; end sessions whose time is over."""
        with self._lock:
            for identifier, (request, sends, due) in list(self._unanswered.items()):
                if due <= now and sends >= SENDS:
                    del self._unanswered[identifier]
                elif due <= now:
                    self._unanswered[identifier] = (request, sends + 1, now + BETWEEN)
                    self.reporter.sendto(request.octets, self._acct)
            for late in [one for one in self._late if one[0] <= now]:
                self._late.remove(late)
                self._say(late[1], late[2])
            ended = [one for one in self.sessions.values() if one.timeout and now - one.began >= one.timeout]
        for session in ended:
            session.stop(SESSION_TIMEOUT)

    def obey(self) -> None:
        """Take in requests to this device."""
        while True:
            try:
                octets, source = self.listener.recvfrom(4096)
            except (BlockingIOError, ConnectionRefusedError):
                return
            faults = self.faults
            if faults.loss and faults.random.random() < faults.loss:
                self.dropped += 1
                continue
            request = read_request(octets, self.secret)
            self.heard.append((time.monotonic(), request))
            if request is None or faults.mute:
                continue
            said = self._answer(request)
            if faults.loss and faults.random.random() < faults.loss:
                self.dropped += 1
            elif faults.delay:
                self._late.append((time.monotonic() + faults.delay, said, source))
            else:
                self._say(said, source)

    def _say(self, octets: bytes, source: Address) -> None:
        self.answered[octets[0]] += 1
        if self.faults.forges:
            octets = octets[:4] + bytes(16) + octets[20:]
        if self.faults.answers_from is None:
            self.listener.sendto(octets, source)
            return
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as other:
            other.bind((self.faults.answers_from, 0))
            other.sendto(octets, source)

    def _answer(self, request: DynamicRequest) -> bytes:
        if self.faults.cause is not None:
            return answer(request, self.secret, cause=self.faults.cause)
        with self._lock:
            known = {id(one.naming): one for one in self.sessions.values()}
        naming = find(request, [one.naming for one in known.values()])
        if naming is None or (request.code == COA and not can_change(request, naming)):
            return answer(request, self.secret, cause=UNSUPPORTED_EXTENSION)
        session = known[id(naming)]
        if not self.faults.lies:
            if request.code == DISCONNECT:
                session.stop(ADMIN_RESET)
            elif (rate := request.vendor_value(Mikrotik.RATE_LIMIT)) is not None:
                session.rate = rate.decode()
            if (timeout := request.value(Name.SESSION_TIMEOUT)) is not None:
                session.timeout = int.from_bytes(timeout, "big")
        return answer(request, self.secret)


def _granted(reply: Reply) -> int | None:
    low = reply.vendor_integers(MIKROTIK, Mikrotik.TOTAL_LIMIT)
    high = reply.vendor_integers(MIKROTIK, Mikrotik.TOTAL_LIMIT_GIGAWORDS)
    return low[0] + _GIGAWORD * (high[0] if high else 0) if low else None


def _octets(text: str | bytes) -> bytes:
    return text.encode() if isinstance(text, str) else text
