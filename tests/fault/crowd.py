"""Devices that send accounting as RouterOS does, remember what was acknowledged, and compare it with the books."""

from __future__ import annotations

import random
import threading
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from itertools import count
from typing import NamedTuple

from tests.radius_client import AcctStatus, Growth, Visit, accounting_attributes, accounting_request, exchange
from tests.wire.router import Router
from tests.wire.system import System
from tests.wire.tenant import Person

#: RouterOS: an unanswered packet is sent three times. Shorter apart here, or an outage would take for ever.
_TRIES, _APART = 3, 1.1

_SESSIONS = "select acctsessionid, acctinputoctets, acctoutputoctets from radacct where isp_id = :isp"
_SUMS = """
select (select coalesce(sum(acctinputoctets + acctoutputoctets), 0) from radacct where isp_id = :isp)::bigint,
       (select coalesce(sum(bytes_in + bytes_out), 0) from usage where isp_id = :isp)::bigint,
       (select coalesce(sum(bytes_in + bytes_out), 0) from usage_daily where isp_id = :isp)::bigint
"""


def p99(times: Sequence[float]) -> float:
    """The 99th of 100; 0 where there are none."""
    return sorted(times)[int(len(times) * 0.99)] if times else 0.0


@dataclass
class Session:
    """One session: what was sent at most, and what was acknowledged."""

    visit: Visit
    klass: bytes
    sent: Growth = field(default_factory=Growth)
    acked: Growth = field(default_factory=Growth)


class Books(NamedTuple):
    """Comparison of the books with what the routers know."""

    lost: list[str]
    invented: list[str]
    #: Octets of all sessions, of all periods, of all days: to be equal.
    sums: tuple[int, int, int]

    @property
    def right(self) -> bool:
        return not self.lost and not self.invented and len(set(self.sums)) == 1


class Crowd:
    """Workers, each with sessions of its own, that share a rate."""

    def __init__(
        self, system: System, router: Router, people: list[Person], *, workers: int = 8, seed: int = 1,
        server: tuple[str, int] | None = None, called: str = "service1",
    ) -> None:  # fmt: skip
        settings = system.installation.settings
        self.server = server or (settings.radius_listen, settings.radius_acct_port)
        self.system, self.router, self._random = system, router, random.Random(seed)  # noqa: S311  # repeatable
        self.sessions: list[Session] = []
        numbers = count(seed * 100_000)
        for person in people:
            number = next(numbers)
            # A nonce of our own: these sessions need no login.
            klass = b"\x01" + int(time.time()).to_bytes(4, "big") + number.to_bytes(8, "big")
            mac = f"02:00:00:{number >> 16 & 255:02X}:{number >> 8 & 255:02X}:{number & 255:02X}"
            visit = Visit(person.username, f"{number:08x}", mac=mac, nas_address=router.address, called=called)
            self.sessions.append(Session(visit, klass))
        #: For questions beside the load: no worker sends for this one.
        self.probe = self.sessions[-1]
        self._workers = workers
        self._stop = threading.Event()
        self._threads: list[threading.Thread] = []
        self.answered = self.unanswered = self.sent_again = 0
        self.times: list[float] = []
        self._lock = threading.Lock()

    def start(self, rate: float, *, once: bool = False) -> None:
        """So many new packets a second, until `stop`; or one of each session, so that no later one makes up for it."""
        shares = [self.sessions[:-1][number :: self._workers] for number in range(self._workers)]
        for number, share in enumerate(shares):
            arguments = (share, rate / self._workers, self._random.randrange(1 << 30), once)
            self._threads.append(threading.Thread(target=self._work, args=arguments, name=f"router {number}"))
            self._threads[-1].start()

    def greet(self) -> Crowd:
        """Wait until the accounting process is up and knows the router; what that took counts for nothing."""
        deadline = time.monotonic() + 20
        while not self.send(self.probe, Growth(self.probe.sent.seconds + 1)):
            assert time.monotonic() < deadline, "the router is not known"
        self.answered = self.unanswered = self.sent_again = 0
        self.times.clear()
        return self

    def stop(self) -> None:
        self._stop.set()
        for thread in self._threads:
            thread.join()

    def _work(self, sessions: list[Session], rate: float, seed: int, once: bool) -> None:
        dice, due = random.Random(seed), time.monotonic()  # noqa: S311  # repeatable
        for session in sessions if once else iter(lambda: dice.choice(sessions), None):
            if self._stop.is_set():
                return
            before = session.sent
            self.send(session, Growth(before.seconds + 10, before.octets_in + dice.randrange(1 << 20),
                                      before.octets_out + dice.randrange(1 << 33)))  # fmt: skip
            due = max(due + 1 / rate, time.monotonic() - 1)
            self._stop.wait(max(0.0, due - time.monotonic()))

    def send(self, session: Session, growth: Growth, status: AcctStatus = AcctStatus.INTERIM_UPDATE) -> bool:
        """One packet, up to three times; was it acknowledged?"""
        session.sent = growth
        request = accounting_request(
            self.router.secret, accounting_attributes(session.visit, status, growth, session_class=session.klass)
        )
        begun = time.monotonic()
        for number in range(_TRIES):
            if exchange(request, self.server, timeout=_APART, source=(self.router.address, 0)) is not None:
                with self._lock:
                    session.acked, self.answered = growth, self.answered + 1
                    self.sent_again += number
                    self.times.append(time.monotonic() - begun)
                return True
            if self._stop.is_set():
                break
        with self._lock:
            self.unanswered += 1
        return False

    def p99(self) -> float:
        """Seconds."""
        return p99(self.times)

    def books(self, patience: float = 60.0) -> Books:
        """Compare, when everything is booked: no less than was acknowledged, no more than was sent."""
        deadline = time.monotonic() + patience
        books = self._compare()
        while not books.right and time.monotonic() < deadline:
            time.sleep(0.3)
            books = self._compare()
        return books

    def _compare(self) -> Books:
        isp = self.system.sql("select isp_id from mikrotik_devices where id = :id", id=self.router.device_id)[0][0]
        rows = self.system.sql(_SESSIONS, isp=isp)
        booked: dict[str, tuple[int, int]] = {}
        twice = []
        for session_id, octets_in, octets_out in rows:
            twice += [f"{session_id} has two rows"] if session_id in booked else []
            booked[session_id] = (octets_in, octets_out)
        lost, invented = [], twice
        for session in self.sessions:
            counters = booked.get(session.visit.session_id, (0, 0))
            if counters[0] < session.acked.octets_in or counters[1] < session.acked.octets_out:
                lost.append(f"{session.visit.session_id}: {session.acked} acknowledged, {counters} booked")
            if counters[0] > session.sent.octets_in or counters[1] > session.sent.octets_out:
                invented.append(f"{session.visit.session_id}: {session.sent} sent, {counters} booked")
        (sums,) = self.system.sql(_SUMS, isp=isp)
        return Books(lost, invented, (sums[0], sums[1], sums[2]))
