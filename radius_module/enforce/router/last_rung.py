"""The ladder's last rung: CoA, Disconnect, and then the session is removed through the router's own API.

In a thread of its own, so that a router that is slow to answer holds up no request. Each is judged by the rules once
more before it is carried out, and is done when the router's own list does not have the session any more.
"""

from __future__ import annotations

import threading
import time
from collections import defaultdict
from collections.abc import Sequence
from typing import NamedTuple

from sqlalchemy import Connection, Engine

from models.network import router_access
from models.network.abilities import Ability, service_of
from models.network.requests import claims, last_rung
from models.network.requests.claims import Claimed, OpenSession
from models.network.router_access import BookedSession, RouterDevice
from models.subscriptions.service_facts import service_facts
from radius_module.enforce.coa import COA
from radius_module.enforce.duties.keep_doing import keep_doing
from radius_module.enforce.judge.decision import NOT_WORTH_A_CUT, STATE_REASONS, Close, decide
from radius_module.enforce.judge.service import service
from radius_module.enforce.router.reach import Ground, access_of
from radius_module.enforce.router.reconcile import end_in_books, remove
from radius_module.enforce.router.sessions import RouterList, RouterSession, compare, of_this_router, read
from radius_module.enforce.routeros import Router, RouterError
from radius_module.ipc.device_call import LIMIT

#: Seconds between two looks, and after an error of the database.
_LOOK, _RETRY = 1.0, 5.0
#: Nothing that a device cannot change by CoA is asked of it here.
_CANNOT = Ability(coa=False)


class Cut(NamedTuple):
    """A request that is still wanted, and its session."""

    request: Claimed
    session: OpenSession


def keep_trying(engine: Engine, ground: Ground, stopping: threading.Event) -> None:
    """Until told to stop. Never raises: what cannot be done is tried again."""

    def look() -> float:
        try_due(engine, ground)
        return _LOOK

    keep_doing("routers' APIs", look, stopping, _RETRY)


def try_due(engine: Engine, ground: Ground) -> int:
    """One look; how many requests were due. Raises the database's errors."""
    with engine.begin() as connection:
        claimed = last_rung.claim(connection, NOT_WORTH_A_CUT)
        cuts = _still_wanted(connection, claimed) if claimed else []
    of_device: dict[tuple[int, int], list[Cut]] = defaultdict(list)
    for cut in cuts:
        of_device[cut.request.isp_id, cut.request.device_id].append(cut)
    for (isp_id, device_id), each in of_device.items():
        with engine.connect() as connection:
            device = router_access.router_device(connection, isp_id, device_id)
        if device is not None:
            _write(engine, _carry_out(engine, ground, device, each))
    return len(claimed)


def _still_wanted(connection: Connection, claimed: Sequence[Claimed]) -> list[Cut]:
    sessions = claims.sessions_of(connection, claimed)
    facts = service_facts(connection, list({(each.isp_id, each.customer_id or 0) for each in claimed}))
    now = time.time()
    wanted = []
    for request in claimed:
        session = sessions.get((request.isp_id, request.unique_id))
        if session is None or not session.is_open:
            continue
        of_customer = facts.get((request.isp_id, request.customer_id or 0))
        judges = request.kind == COA or request.reason in STATE_REASONS
        judged = service(of_customer, session.calling_station_id or "", now) if judges and of_customer else None
        name = service_of(session.nas_port_type)
        if not isinstance(decide(request, session, judged, _CANNOT, name, now), Close):
            wanted.append(Cut(request, session))
    return wanted


def _carry_out(
    engine: Engine, ground: Ground, device: RouterDevice, cuts: Sequence[Cut]
) -> list[tuple[Claimed, str, bool]]:
    """(Request, what came of it, whether it is done)."""
    try:
        access = access_of(ground, device)
        with Router(access, time.monotonic() + LIMIT) as router:
            moment = time.time()
            listed = read(router)
            there = {cut.request.id: _on_router(listed, cut.session) for cut in cuts}
            _, refused = remove(router, [session for session in there.values() if session is not None])
    except RouterError as error:
        return [(cut.request, error.code, False) for cut in cuts]
    texts = {each.session.row_id: each.text for each in refused}
    results = []
    for cut in cuts:
        session = there[cut.request.id]
        if session is None and not of_this_router([_booked(cut.session)], device, access.address):
            results.append((cut.request, "another router of the network has it", False))
        elif session is None and service_of(cut.session.nas_port_type) in listed.services:
            ended = end_in_books(engine, device.isp_id, [_booked(cut.session)], listed, moment)
            results.append((cut.request, "not on the router", bool(ended)))
        else:
            text = texts.get(session.row_id) if session is not None else "its list cannot be read"
            results.append((cut.request, text or "removed", text is None))
    return results


def _on_router(listed: RouterList, session: OpenSession) -> RouterSession | None:
    pairs = compare(listed, [_booked(session)])
    return next((pair.on_router for pair in pairs if pair.in_books is not None), None)


def _booked(session: OpenSession) -> BookedSession:
    return BookedSession(
        session.unique_id, session.session_id, session.username, session.nas_port_type, session.framed_address,
        session.calling_station_id, session.nas_address, session.updated,
    )  # fmt: skip


def _write(engine: Engine, results: Sequence[tuple[Claimed, str, bool]]) -> None:
    with engine.begin() as connection:
        for request, what, is_done in results:
            last_rung.write(connection, request, what, is_done=is_done)
