"""Customers who log in all the time while something is broken."""

from __future__ import annotations

import os
import threading
import time

from tests.wire.tenant import Person, Tenant


class Logins:
    """Customers who log in all the time, one of them expired."""

    def __init__(self, tenant: Tenant, person: Person, expired: Person) -> None:
        self._tenant, self._person, self._expired = tenant, person, expired
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
            for person, welcome in ((self._person, True), (self._expired, False)):
                begun = time.monotonic()
                request = self._tenant.router.request(person.username, person.password)
                answer = self._tenant.router.ask(request, timeout=1.0)
                self.times.append(time.monotonic() - begun)
                if answer is None or answer.accepted is not welcome:
                    self.wrong.append(f"{person.username}: {answer}")


def machine() -> float:
    """How much slower this machine is because others use it: its load a processor, at least 1."""
    return max(1.0, os.getloadavg()[0] / (os.cpu_count() or 1))
