"""Many customers online at many devices, made quickly: rows by SQL, sessions by real Starts."""

from __future__ import annotations

import time
from collections.abc import Sequence
from ipaddress import IPv4Address
from typing import NamedTuple

from tests.network.world import Network, eventually
from tests.radius_client.routeros import RouterOS, Session
from tests.radius_client.serving import Serving

#: Reports that a router has on their way at once, as it has 256 identifiers.
_AT_ONCE = 100


class Crowd(NamedTuple):
    """Everybody online: customers' ids and their sessions, in one order."""

    customers: list[int]
    sessions: list[Session]
    routers: list[RouterOS]


def crowd(network: Network, count: int, devices: int) -> Crowd:
    """`count` customers of the network's tenant, spread over so many devices, all of them in the books."""
    routers = [network.router, *(network.add_router() for _ in range(devices - 1))]
    ids = [row[0] for row in network.system.sql(
        "insert into customers (isp_id, username, expires_at) "
        "select :isp, 'crowd' || n, now() + interval '30 days' from generate_series(1, :count) as n returning id",
        isp=network.isp_id, count=count,
    )]  # fmt: skip
    # Rows that come by thousands in one statement are no table's daily life: the planner is told of them.
    network.system.sql("analyze customers")
    sessions = [
        routers[number % devices].adopt(f"crowd{number + 1}", _mac(number), str(IPv4Address(0x0A000000 + number)))
        for number in range(count)
    ]
    # Thousands at once are more than is stored at once: what cannot be taken is not answered, and is sent again.
    network.system.expect_log("accounting - RLM_MODULE_FAIL")
    for first in range(0, count, _AT_ONCE * devices):
        for session in sessions[first : first + _AT_ONCE * devices]:
            session.start()
        eventually(lambda: any(router.waits for router in routers), False, 60)
    eventually(network.online, count, 60)
    return Crowd(ids, sessions, routers)


def pace(router: RouterOS) -> int:
    """The most requests that came within one second."""
    moments = [moment for moment, _ in router.heard]
    return max((sum(1 for other in moments if first <= other < first + 1) for first in moments), default=0)


def seconds_until(question: object, limit: float) -> float:
    """How long it takes until `question()` says yes."""
    began = time.monotonic()
    eventually(question, True, limit)  # type: ignore[arg-type]
    return time.monotonic() - began


def percentile(values: Sequence[float], share: float) -> float:
    return sorted(values)[min(len(values) - 1, int(len(values) * share))]


def _mac(number: int) -> str:
    return f"02:00:{number >> 24 & 255:02X}:{number >> 16 & 255:02X}:{number >> 8 & 255:02X}:{number & 255:02X}"


__all__ = ["Crowd", "Serving", "crowd", "pace", "percentile", "seconds_until"]
