"""Differences ended both ways: in the books what the router does not have, on the router what the books do not have.

Nobody is ended on one glance: what the books heard of after the router's list was read goes on (the booking sees to
that), and a session on the router is left alone until its Start has had time to be booked.
"""

from __future__ import annotations

import time
from collections.abc import Sequence
from typing import Any, NamedTuple

from sqlalchemy import Engine

from models.accounting.booking import book
from models.accounting.records import STALE, InferredStop
from models.network import router_access
from models.network.abilities import service_of
from models.network.router_access import BookedSession, RouterDevice
from radius_module.enforce.router.reach import Ground, access_of
from radius_module.enforce.router.sessions import MENUS, Pair, RouterList, RouterSession, compare, of_this_router, read
from radius_module.enforce.routeros import Router, Trap

#: A Start is sent for 3.3 s, spooled and booked; a router's clock of a session counts from before it. Seconds.
SETTLED = 60


class Refusal(NamedTuple):
    """A session that is still on the router, and what the router said."""

    session: RouterSession
    text: str


def listed(engine: Engine, ground: Ground, device: RouterDevice, until: float) -> list[Pair]:
    """All sessions of the router and of the books. Raises RouterError."""
    access = access_of(ground, device)
    with Router(access, until) as router:
        on_router = read(router)
    with engine.connect() as connection:
        books = router_access.open_sessions(connection, device.isp_id, device.id)
    return compare(on_router, of_this_router(books, device, access.address))


def reconcile(engine: Engine, ground: Ground, device: RouterDevice, until: float) -> dict[str, Any]:
    """What was ended in the books, what was removed from the router, and what it refused to. Raises RouterError."""
    access = access_of(ground, device)
    with Router(access, until) as router:
        moment = time.time()
        on_router = read(router)
        with engine.connect() as connection:
            books = router_access.open_sessions(connection, device.isp_id, device.id)
        pairs = compare(on_router, of_this_router(books, device, access.address))
        ours = [pair.in_books for pair in pairs if pair.on_router is None and pair.in_books is not None]
        ended = end_in_books(engine, device.isp_id, ours, on_router, moment)
        theirs = [pair.on_router for pair in pairs if pair.in_books is None and pair.on_router is not None]
        unwanted = [session for session in theirs if not session.is_local and session.seconds >= SETTLED]
        removed, refused = remove(router, unwanted)
    return {
        "ended": [_named(session) for session in ended],
        "removed": [_named(session) for session in removed],
        "refused": [_named(each.session) | {"text": each.text} for each in refused],
    }


def end_in_books(
    engine: Engine, isp_id: int, sessions: Sequence[BookedSession], on_router: RouterList, moment: float
) -> list[BookedSession]:
    """Those that were not heard of since, of services whose list was read. A later report opens one again."""
    gone = [session for session in sessions
            if service_of(session.nas_port_type) in on_router.services and session.heard <= moment]  # fmt: skip
    if gone:
        with engine.begin() as connection:
            book(connection, [InferredStop(isp_id, session.unique_id, moment, STALE) for session in gone])
    return gone


def remove(router: Router, unwanted: Sequence[RouterSession]) -> tuple[list[RouterSession], list[Refusal]]:
    """(Those that are gone from the router's list afterwards, those that are not)."""
    said: dict[str, str] = {}
    for session in unwanted:
        try:
            router.remove(MENUS[session.service][0], session.row_id)
        except Trap as trap:
            said[session.row_id] = str(trap)
    if not unwanted:
        return [], []
    still = {(session.service, session.row_id, session.username) for session in read(router).sessions}
    refused = [
        Refusal(session, said.get(session.row_id, "The router said yes, and still lists it."))
        for session in unwanted if (session.service, session.row_id, session.username) in still
    ]  # fmt: skip
    kept = {each.session.row_id for each in refused}
    return [session for session in unwanted if session.row_id not in kept], refused


def _named(session: RouterSession | BookedSession) -> dict[str, Any]:
    return {"username": session.username, "session_id": session.session_id}
