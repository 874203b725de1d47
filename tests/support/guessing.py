"""Somebody who guesses at a customer's password from many devices, and does not wait for the answers."""

from __future__ import annotations

import socket
import time
from collections import Counter
from types import TracebackType

from tests.wire.router import Router, proof
from tests.wire.tenant import Person, Tenant

_PATIENCE = 20.0


class Guesser:
    """Sends from the router's address; answers are left to the kernel."""

    def __init__(self, router: Router, name: str) -> None:
        self._router, self._name = router, name
        self._socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self._socket.bind((router.address, 0))
        self._socket.connect(router.system.server)
        router.system.settle()
        self._sent = 0

    def __enter__(self) -> Guesser:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self._socket.close()

    def guess(self, count: int, protocol: str, *, apart: float = 0.001) -> None:
        """So many wrong ones, each from another Calling-Station-Id."""
        for _ in range(count):
            self._sent += 1
            station = f"02:99:00:{self._sent >> 16 & 255:02X}:{self._sent >> 8 & 255:02X}:{self._sent & 255:02X}"
            credential = proof(protocol, self._name, f"wrong {self._sent}")
            self._socket.send(self._router.request(self._name, credential, mac=station).octets)
            time.sleep(apart)


def looked_at(tenant: Tenant, person: Person, *, results: int) -> int:
    """How many wrong passwords were compared, once so many results of the customer are booked."""
    return codes_of(tenant, person, at_least=results)["bad_password"]


def codes_of(tenant: Tenant, person: Person, *, at_least: int) -> Counter[str]:
    """Code → refusals of the customer, once so many are booked."""
    deadline = time.monotonic() + _PATIENCE
    while (codes := _codes(tenant, person)).total() < at_least:
        assert time.monotonic() < deadline, codes
        time.sleep(0.05)
    return codes


def _codes(tenant: Tenant, person: Person) -> Counter[str]:
    rows = tenant.system.sql(
        "select code, count(*) from radpostauth where customer_id = :id and code <> 'accept' group by 1", id=person.id
    )
    return Counter(dict(rows))  # type: ignore[arg-type]  # text and a number
