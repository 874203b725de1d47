"""A bad network: a seeded UDP relay that loses, repeats, delays and so reorders packets, both ways."""

from __future__ import annotations

import heapq
import random
import select
import socket
import threading
import time

Address = tuple[str, int]
#: Seconds: an answer to a request that was sent this long ago is of no use to its router.
_WAITED_FOR = 5.0


class Relay:
    """Between routers and the accounting port. Keeps the routers' own source address, which is who they are."""

    def __init__(self, source: str, server: Address, seed: int, evil: float) -> None:
        self._dice, self._evil, self._server, self._source = random.Random(seed), evil, server, source  # noqa: S311
        self._door = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self._door.bind(("127.0.0.1", 0))
        self.address: Address = self._door.getsockname()
        self._ways: dict[Address, socket.socket] = {}
        self._back: dict[int, Address] = {}
        self._begun: dict[Address, float] = {}
        #: Not select(), which knows no descriptor above 1023.
        self._poll = select.poll()
        self._poll.register(self._door, select.POLLIN)
        self._sockets: dict[int, socket.socket] = {self._door.fileno(): self._door}
        self._queue: list[tuple[float, int, socket.socket, bytes, Address | None]] = []
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._run, name="relay")
        self.lost = self.repeated = self.delayed = self._number = 0

    def __enter__(self) -> Relay:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._stop.set()
        self._thread.join()
        for way in (self._door, *self._ways.values()):
            way.close()

    def _run(self) -> None:
        while not self._stop.is_set():
            for descriptor, _ in self._poll.poll(5):
                try:
                    octets, sender = self._sockets[descriptor].recvfrom(4096)
                except ConnectionError:
                    continue  # the server is away at the moment, and the kernel says so
                if descriptor == self._door.fileno():
                    self._throw(self._way_of(sender), octets, None)
                else:
                    self._throw(self._door, octets, self._back[descriptor])
            self._deliver()
            self._forget()

    def _way_of(self, router: Address) -> socket.socket:
        way = self._ways.get(router)
        if way is None:
            way = self._ways[router] = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
            way.bind((self._source, 0))
            way.connect(self._server)
            self._back[way.fileno()] = router
            self._sockets[way.fileno()] = way
            self._poll.register(way, select.POLLIN)
        self._begun[router] = time.monotonic()
        return way

    def _forget(self) -> None:
        """Every request comes from a port of its own: the ways of those that nobody waits for any longer are closed."""
        queued = {way.fileno() for _, _, way, _, _ in self._queue}
        for router, begun in list(self._begun.items()):
            way = self._ways[router]
            if time.monotonic() - begun > _WAITED_FOR and way.fileno() not in queued:
                self._poll.unregister(way)
                del self._sockets[way.fileno()], self._back[way.fileno()], self._ways[router], self._begun[router]
                way.close()

    def _throw(self, way: socket.socket, octets: bytes, to: Address | None) -> None:
        """The dice fall once for each kind of evil."""
        if self._dice.random() < self._evil:
            self.lost += 1
            return
        copies = 1
        while self._dice.random() < self._evil:
            copies += 1
            self.repeated += 1
        for _ in range(copies):
            late = self._dice.random() < self._evil
            self.delayed += late
            self._number += 1
            when = time.monotonic() + (self._dice.uniform(0.01, 1.5) if late else 0)
            heapq.heappush(self._queue, (when, self._number, way, octets, to))

    def _deliver(self) -> None:
        while self._queue and self._queue[0][0] <= time.monotonic():
            _, _, way, octets, to = heapq.heappop(self._queue)
            try:
                way.send(octets) if to is None else way.sendto(octets, to)
            except OSError:
                continue  # nobody there at the moment: lost, as on any network
