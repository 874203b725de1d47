"""The router's own list of sessions beside ours: by name, service and id. Pure but for the reading of the list."""

from __future__ import annotations

from collections.abc import Sequence
from ipaddress import ip_address
from typing import Any, NamedTuple

from models.names import login_name, station
from models.network.abilities import HOTSPOT, PPP, service_of
from models.network.addresses import single_address
from models.network.router_access import BookedSession, RouterDevice
from radius_module.enforce.router import values
from radius_module.enforce.routeros import Router, Row, Trap

#: service → its menu, and the properties that name a session there.
MENUS: dict[str, tuple[str, tuple[str, ...]]] = {
    PPP: ("/ppp/active", ("name", "caller-id", "address", "uptime", "session-id", "radius")),
    HOTSPOT: ("/ip/hotspot/active", ("user", "mac-address", "address", "uptime", "session-id", "radius")),
}


class RouterSession(NamedTuple):
    """A session that the router has. `session_id` as accounting writes it; HotSpot's list shows none."""

    service: str
    row_id: str
    username: str
    session_id: str
    address: str
    mac: str
    uptime: str
    #: Let in by the router's own list of users, whatever RADIUS says.
    is_local: bool

    @property
    def seconds(self) -> float:
        return values.seconds(self.uptime) or 0.0


class Pair(NamedTuple):
    """One session, on the router, in the books, or in both."""

    on_router: RouterSession | None
    in_books: BookedSession | None

    def shown(self) -> dict[str, Any]:
        here, there = self.in_books, self.on_router
        return {
            "username": there.username if there else (here.username if here else None),
            "session_id": (here.session_id if here else "") or (there.session_id if there else ""),
            "service": there.service if there else service_of(here.nas_port_type if here else None),
            "on_router": there is not None, "in_books": here is not None,
            "is_local": there is not None and there.is_local,
            "framed_ip": (there.address if there else None) or (here.framed_address if here else None),
            "uptime": None if there is None else int(there.seconds),
        }  # fmt: skip


class RouterList(NamedTuple):
    """`services`: those whose menu the router has; of others nothing is known."""

    sessions: list[RouterSession]
    services: frozenset[str]


def read(router: Router) -> RouterList:
    sessions, services = [], set()
    for service, (menu, names) in MENUS.items():
        try:
            rows = router.rows(menu, names)
        except Trap:
            continue
        services.add(service)
        sessions += [_session(service, row) for row in rows]
    return RouterList(sessions, frozenset(services))


def of_this_router(books: Sequence[BookedSession], device: RouterDevice, address: str) -> list[BookedSession]:
    """Of a network's sessions those that the router at `address` has reported; of a single address all."""
    if single_address(device.network) is not None:
        return list(books)
    return [booked for booked in books if booked.nas_address and ip_address(booked.nas_address) == ip_address(address)]


def compare(listed: RouterList, books: Sequence[BookedSession]) -> list[Pair]:
    """Each session once. A name alone proves nothing: with an id on both sides the ids must be the same."""
    left = list(books)
    pairs = []
    for session in listed.sessions:
        match = next((booked for booked in left if _is_same(session, booked)), None)
        if match is not None:
            left.remove(match)
        pairs.append(Pair(session, match))
    return pairs + [Pair(None, booked) for booked in left]


def _is_same(session: RouterSession, booked: BookedSession) -> bool:
    if session.is_local or session.service != service_of(booked.nas_port_type):
        return False
    if login_name(session.username) != login_name(booked.username or ""):
        return False
    if session.session_id and booked.session_id:
        return session.session_id == booked.session_id.lower()
    same_address = bool(session.address) and session.address == booked.framed_address
    return same_address or (bool(session.mac) and session.mac == station(booked.calling_station_id or ""))


def _session(service: str, row: Row) -> RouterSession:
    is_local = "radius" in row and not values.is_yes(row["radius"])
    return RouterSession(
        service, row[".id"], row.get("user" if service == HOTSPOT else "name", ""),
        row.get("session-id", "").lower().removeprefix("0x"), row.get("address", ""),
        station(row.get("mac-address", "") or row.get("caller-id", "")), row.get("uptime", ""), is_local,
    )  # fmt: skip
