"""The load generator: sends prepared packets windowed or at a given rate, and measures what comes back.

A `Stream` is one kind of request against one server; `drive` runs several of them in one thread. Packet `k` has
identifier `k mod 256` and travels from source port `k div 256 mod ports`, so a reply's port and identifier name
its packet. Replies are only counted and timed while the clock runs; a sample is verified in full afterwards.
"""

import os
import select
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, nullcontext, suppress

from tests.bench.datagrams import Inbox, Outbox, client_socket, sharpen_timers
from tests.bench.result import Rate, Result, Window
from tests.radius_client import BadReply, Reply, Request, verify

IDENTIFIERS = 256
PORTS = 8
SAMPLE_EVERY = 50
LOST_AFTER = 5.0


class Stream:
    """One pool of packets on its way to one server.

    `packets[k]` must have identifier `k mod 256`. Each leaves once: a server may answer a packet that it has seen
    before from memory, and that is no work of the kind that is measured. Packets leave singly, as routers send them,
    or with `bursts` many in one system call.
    """

    def __init__(
        self,
        packets: Sequence[bytes],
        secret: bytes,
        server: tuple[str, int],
        pace: Window | Rate,
        expected_code: int,
        *,
        bursts: bool = False,
        sample_every: int = SAMPLE_EVERY,
        ports: int = PORTS,
        source: str = "127.0.0.1",
    ) -> None:
        slots = IDENTIFIERS * ports
        self.result = Result()
        self.in_flight = 0
        self._outbox, self._secret, self.pace, self._code = Outbox(packets), secret, pace, expected_code
        self._sockets = [client_socket(server, source) for _ in range(ports)]
        self._inbox = Inbox()
        self._slots, self._bursts = slots, bursts
        self._sent = 0
        self._started = [0.0] * slots
        self._sample_every = sample_every
        self._samples: list[tuple[int, bytes]] = []
        self.replies: dict[int, Reply] = {}
        self._begin = 0.0

    def start(self, now: float) -> None:
        """Start the clock."""
        self._begin = now

    @property
    def sockets(self) -> dict[int, int]:
        """Descriptor → index of every socket."""
        return {sock.fileno(): index for index, sock in enumerate(self._sockets)}

    def due(self, now: float) -> int:
        """How many packets should leave at once; never more than are left."""
        if isinstance(self.pace, Window):
            wanted = self.pace.in_flight - self.in_flight
        else:
            wanted = int((now - self._begin) * self.pace.per_second) + 1 - self._sent
        left = len(self._outbox) - self._sent
        self.result.exhausted = left == 0
        return min(wanted, left)

    def next_due(self) -> float:
        """When the next packet is on schedule; infinity in a closed loop."""
        if isinstance(self.pace, Window) or self.result.exhausted:
            return float("inf")
        return self._begin + self._sent / self.pace.per_second

    def send(self, now: float) -> None:
        """Send what is due, in runs that share a source port."""
        wanted = self.due(now)
        while wanted > 0:
            first = self._sent
            run = min(wanted, IDENTIFIERS - first % IDENTIFIERS)
            slot = first % self._slots
            self._forget(slot, run)
            sock = self._sockets[slot // IDENTIFIERS]
            send = self._outbox.send if self._bursts else self._outbox.send_singly
            begun = time.perf_counter()
            sent = send(sock, first, run)
            if sent == 0:
                return
            self._note(slot, sent, begun)
            wanted -= sent

    def _note(self, slot: int, sent: int, begun: float) -> None:
        if isinstance(self.pace, Window):
            self._started[slot : slot + sent] = [begun] * sent
        else:
            every = 1 / self.pace.per_second
            self._started[slot : slot + sent] = [self._begin + (self._sent + at) * every for at in range(sent)]
        self._sent += sent
        self.in_flight += sent

    def expire(self, now: float) -> None:
        """Give up on what has waited too long, so that a lost packet does not hold its place in the window."""
        for slot, started in enumerate(self._started):
            if started and now - started > LOST_AFTER:
                self._started[slot] = 0.0
                self._forget_one()

    def _forget(self, slot: int, run: int) -> None:
        """What still waits in slots about to be used again has been overtaken by thousands: it is lost."""
        for started in self._started[slot : slot + run]:
            if started:
                self._forget_one()

    def _forget_one(self) -> None:
        self.result.lost += 1
        self.in_flight -= 1

    def receive(self, index: int) -> None:
        """Take all replies that wait on one socket."""
        descriptor, inbox, base = self._sockets[index].fileno(), self._inbox, index * IDENTIFIERS
        while count := inbox.receive(descriptor):
            now = time.perf_counter()
            end = count * inbox.SIZE
            codes, identifiers = inbox.octets[0 : end : inbox.SIZE], inbox.octets[1 : end : inbox.SIZE]
            self._settle(now, base, identifiers)
            self.result.wrong += count - codes.count(self._code)
            for at in range(count):
                if identifiers[at] % self._sample_every == 0:
                    self._samples.append((self._last_in(base + identifiers[at]), inbox.datagram(at)))

    def _last_in(self, slot: int) -> int:
        """Index of the packet that was last sent from a slot."""
        return slot + (self._sent - 1 - slot) // self._slots * self._slots

    def _settle(self, now: float, base: int, identifiers: bytearray) -> None:
        started, latencies = self._started, self.result.latencies
        for identifier in identifiers:
            begun = started[base + identifier]
            if begun:
                latencies.append(now - begun)
                started[base + identifier] = 0.0
                self.in_flight -= 1
            else:
                self.result.unexpected += 1

    def stop(self, now: float) -> None:
        """Stop the clock: what was answered until now is the rate's numerator."""
        self.result.seconds = now - self._begin
        self.result.answered = len(self.result.latencies)

    def close(self) -> None:
        """Count what never came, close the sockets, verify the sample."""
        self.result.sent = self._sent
        self.result.repeated = self._sent - len({self._outbox[index] for index in range(self._sent)})
        self.result.lost += sum(1 for started in self._started if started)
        for sock in self._sockets:
            sock.close()
        for index, octets in self._samples:
            try:
                self.replies[index] = verify(octets, Request(self._outbox[index], self._secret))
            except BadReply as error:
                self.result.bad_replies.append(str(error))
        self.result.verified = len(self._samples) - len(self.result.bad_replies)


Places = dict[int, tuple[Stream, int]]


def drive(streams: Sequence[Stream], seconds: float, until: Callable[[], bool] | None = None) -> list[Result]:
    """Run the streams side by side for `seconds`, at most `until` that holds; what each saw, stragglers included."""
    sharpen_timers()
    with _ahead() if any(isinstance(stream.pace, Rate) for stream in streams) else nullcontext():
        return _drive(streams, seconds, until)


@contextmanager
def _ahead() -> Iterator[None]:
    """What leaves on schedule is timed by this process, and routers are other machines: it waits for no server here."""
    before = os.getpriority(os.PRIO_PROCESS, 0)
    with suppress(PermissionError):
        os.setpriority(os.PRIO_PROCESS, 0, -10)
    try:
        yield
    finally:
        with suppress(PermissionError):
            os.setpriority(os.PRIO_PROCESS, 0, before)


def _drive(streams: Sequence[Stream], seconds: float, until: Callable[[], bool] | None) -> list[Result]:
    places = {sock: (stream, at) for stream in streams for sock, at in stream.sockets.items()}
    cpu, begin = time.process_time(), time.perf_counter()
    for stream in streams:
        stream.start(begin)
    _run(streams, places, begin + seconds, until)
    for stream in streams:
        stream.stop(time.perf_counter())
    used = time.process_time() - cpu
    deadline = time.perf_counter() + LOST_AFTER
    while any(stream.in_flight for stream in streams) and time.perf_counter() < deadline:
        _wait(places, 0.1)
    for stream in streams:
        stream.result.generator_cpu = used
        stream.close()
    return [stream.result for stream in streams]


def _run(streams: Sequence[Stream], places: Places, end: float, until: Callable[[], bool] | None) -> None:
    next_look = 0.0
    most = 0.5 if until is None else 0.05
    while (now := time.perf_counter()) < end:
        for stream in streams:
            stream.send(now)
            if now > next_look:
                stream.expire(now)
        next_look = now + 0.5 if now > next_look else next_look
        if all(stream.result.exhausted and not stream.in_flight for stream in streams) or (until and until()):
            break
        _wait(places, min(end, *(stream.next_due() for stream in streams), now + most) - now)


def _wait(places: Places, seconds: float) -> None:
    ready, _, _ = select.select(places, (), (), max(0.0, seconds))
    for descriptor in ready:
        stream, index = places[descriptor]
        stream.receive(index)
