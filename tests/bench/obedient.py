"""Routers that obey, in a process of their own: a tenant's sessions are opened on them, the tenant is suspended, and
the sessions end when the worker's requests come."""

import os
import time
from collections.abc import Callable, Sequence
from contextlib import closing
from typing import NamedTuple

import psycopg2
from psycopg2.extensions import connection as Connection

from tests.bench.changer import Begin, Changed
from tests.bench.population import SECRET, Subscriber
from tests.radius_client.routeros import RouterOS, Session
from tests.radius_client.serving import Serving

_OPEN = "SELECT count(*) FROM radacct WHERE isp_id = %s AND acctstoptime IS NULL"
_UNDONE = "SELECT count(*) FROM outbox WHERE isp_id = %s AND status IN ('pending', 'sent')"
_LISTENS_AT = "UPDATE mikrotik_devices SET coa_port = %s WHERE isp_id = %s AND ip_address = %s::cidr"
_SUSPEND = "UPDATE isps SET status = 'suspended' WHERE id = %s"
# Reports that a router has on their way at once: it has 256 identifiers.
_AT_ONCE = 100
_OPENING_SECONDS = 120.0
_LOOK = 0.02


class Town(NamedTuple):
    """A tenant whose customers are those of the numbers, and the addresses of its devices."""

    url: str
    isp: int
    addresses: Sequence[str]
    numbers: range
    auth: tuple[str, int]
    acct: tuple[str, int]


def suspend_tenant(begin: Begin, town: Town, limit: float) -> Changed:
    """`in_force`: seconds from the commit until the last session was over; `per_second`: the most requests that one
    device was sent within a second. Preparation: the sessions are opened and booked."""
    with Serving() as serving, closing(psycopg2.connect(town.url)) as db:
        db.autocommit = True
        routers = [serving.add(RouterOS(address, SECRET, town.auth, town.acct)) for address in town.addresses]
        _introduce(db, town, routers)
        sessions = _open(db, town, routers)
        # Routers are other machines: on this one they give way to what is measured.
        os.nice(15)
        begin()
        with db.cursor() as cursor:
            cursor.execute(_SUSPEND, (town.isp,))
        begun = time.monotonic()
        gone = _until(lambda: all(session.is_over for session in sessions), begun + limit)
        seconds = time.monotonic() - begun
        finished = gone and _until(lambda: _count(db, _UNDONE, town.isp) == 0, begun + limit)
        return Changed(len(sessions), max(map(pace, routers)), in_force=seconds if finished else None)


def pace(router: RouterOS) -> int:
    """The most requests that came within one second."""
    moments = sorted(moment for moment, _ in router.heard)
    most = first = 0
    for at, moment in enumerate(moments):
        while moment - moments[first] >= 1:
            first += 1
        most = max(most, at - first + 1)
    return most


def _introduce(db: Connection, town: Town, routers: Sequence[RouterOS]) -> None:
    """Write down where the routers listen."""
    with db.cursor() as cursor:
        for router in routers:
            cursor.execute(_LISTENS_AT, (router.coa_port, town.isp, f"{router.address}/32"))


def _open(db: Connection, town: Town, routers: Sequence[RouterOS]) -> list[Session]:
    """A session of each customer, all of them in the books. Raises RuntimeError where they do not come to be."""
    sessions = []
    for at, number in enumerate(town.numbers):
        who = Subscriber(number)
        framed = who.visit("").framed_address
        sessions.append(routers[at % len(routers)].adopt(who.username, who.mac, framed))
    deadline = time.monotonic() + _OPENING_SECONDS
    batch = _AT_ONCE * len(routers)
    for first in range(0, len(sessions), batch):
        for session in sessions[first : first + batch]:
            session.start()
        _until(lambda: not any(router.waits for router in routers), deadline)
    if not _until(lambda: _count(db, _OPEN, town.isp) == len(sessions), deadline):
        raise RuntimeError(f"of {len(sessions)} sessions only {_count(db, _OPEN, town.isp)} are open")
    return sessions


def _count(db: Connection, statement: str, isp: int) -> int:
    with db.cursor() as cursor:
        cursor.execute(statement, (isp,))
        [number] = cursor.fetchone() or (0,)
    return int(number)


def _until(question: Callable[[], bool], deadline: float) -> bool:
    """Whether it became so in time."""
    while not question():
        if time.monotonic() > deadline:
            return False
        time.sleep(_LOOK)
    return True
