"""A thread that serves routers: their listeners obey, their reports are repeated, their clocks run."""

from __future__ import annotations

import selectors
import threading
import time
from collections.abc import Callable, Iterable
from types import TracebackType

from .routeros import RouterOS

_TICK = 0.05


class Serving:
    """As a context: `with Serving(routers): …`. More may be added."""

    def __init__(self, routers: Iterable[RouterOS] = ()) -> None:
        self._selector = selectors.DefaultSelector()
        self._routers: list[RouterOS] = []
        self._stopping = threading.Event()
        self._lock = threading.Lock()
        self._thread = threading.Thread(target=self._serve, daemon=True)
        for router in routers:
            self.add(router)

    def add(self, router: RouterOS) -> RouterOS:
        with self._lock:
            self._routers.append(router)
            self._selector.register(router.listener, selectors.EVENT_READ, router.obey)
            self._selector.register(router.reporter, selectors.EVENT_READ, router.read_accounting)
        return router

    def __enter__(self) -> Serving:
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._stopping.set()
        self._thread.join()
        for router in self._routers:
            router.close()

    def _serve(self) -> None:
        next_tick = 0.0
        while not self._stopping.is_set():
            with self._lock:
                ready = self._selector.select(0.01)
            for key, _events in ready:
                act: Callable[[], None] = key.data
                act()
            now = time.monotonic()
            if now >= next_tick:
                next_tick = now + _TICK
                for router in list(self._routers):
                    router.tick(now)
