"""kill -9 of parts under the load of routers, and how long FreeRADIUS stays away."""

from __future__ import annotations

import time
from collections.abc import Callable

from service.s6 import leftovers
from tests.fault.breaker import STORE_PROCESS, Breaker
from tests.fault.crowd import Crowd
from tests.radius_client import AcctStatus, Growth, accounting_attributes, accounting_request, exchange

#: A killed FreeRADIUS answers again after so many seconds. 0.6 to 0.8 with the machine to itself.
BACK = 2.0
_ASK_EVERY, _GIVE_UP = 0.05, 20.0


class Deaths:
    """Kills parts under the load of a crowd, and measures how long FreeRADIUS stays away."""

    def __init__(self, crowd: Crowd, breaker: Breaker) -> None:
        self.crowd, self.breaker = crowd, breaker
        self.away: list[tuple[str, float]] = []

    def kill(self, part: str) -> None:
        """kill -9; of a FreeRADIUS, wait for the first answer of the next one."""
        pid, begun = self.breaker.pid(part), time.monotonic()
        self.breaker.kill(part)
        ask = {"acct": self._ask_acct, STORE_PROCESS: self._ask_acct, "auth": self._ask_auth}.get(part)
        if ask is not None:
            assert leftovers.wait_gone([pid], 5)
            self._await(ask)
            self.away.append((part, round(time.monotonic() - begun, 2)))

    def late(self, slower: float = 1) -> list[tuple[str, float]]:
        """Those that took too long; `slower`: how much more they may take, because others use the machine."""
        return [death for death in self.away if death[1] > BACK * slower]

    def _await(self, ask: Callable[[], bool]) -> None:
        deadline = time.monotonic() + _GIVE_UP
        while not ask():
            assert time.monotonic() < deadline, f"no answer within {_GIVE_UP} s"

    def _ask_acct(self) -> bool:
        probe = self.crowd.probe
        probe.sent = Growth(probe.sent.seconds + 1, probe.sent.octets_in + 1, 0)
        attributes = accounting_attributes(probe.visit, AcctStatus.INTERIM_UPDATE, probe.sent,
                                           session_class=probe.klass)  # fmt: skip
        router = self.crowd.router
        request = accounting_request(router.secret, attributes)
        if exchange(request, self.crowd.server, timeout=_ASK_EVERY, source=(router.address, 0)) is None:
            return False
        probe.acked = probe.sent
        return True

    def _ask_auth(self) -> bool:
        router = self.crowd.router
        return router.ask_now(router.request("user1", "customer123"), timeout=_ASK_EVERY) is not None
