"""Customers who log in all the time while something is broken."""

from __future__ import annotations

import threading
import time

from tests.radius_client import Request
from tests.wire.tenant import Person, Tenant

#: Seconds from a customer's creation to their expiry: in the middle of what is broken meanwhile.
_SOON = 3.0


class Logins:
    """Customers who log in all the time, 50 times a second and more: one is welcome, one has expired, one soon will."""

    def __init__(self, tenant: Tenant) -> None:
        self._tenant = tenant
        now = time.time()
        self._people = [
            (tenant.customer("welcome"), float("inf")),
            (tenant.customer("expired", expires_in=-60), now - 60),
            (tenant.customer("expiring", expires_in=_SOON), now + _SOON),
        ]
        self.times: list[float] = []
        self.wrong: list[str] = []
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._run, name="logins")

    def start(self) -> None:
        self._thread.start()

    def stop(self) -> None:
        self._stop.set()
        self._thread.join()

    def p99(self) -> float:
        return sorted(self.times)[int(len(self.times) * 0.99)]

    def _run(self) -> None:
        while not self._stop.wait(0.02):
            for person, expires in self._people:
                begun, at = time.monotonic(), time.time()
                answer = self._tenant.router.ask_now(self._request(person), timeout=1.0)
                self.times.append(time.monotonic() - begun)
                if answer is None or (answer.accepted is (at > expires) and abs(at - expires) > 1):
                    self.wrong.append(f"{person.username}, {at - expires:.1f} s after expiry: {answer}")

    def _request(self, person: Person) -> Request:
        return self._tenant.router.request(person.username, person.password)
