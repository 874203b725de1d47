"""Open sessions by the router that they are on, so that a restart looks at that router's sessions and at no others."""

from __future__ import annotations

from models.accounting.records import AccountingRecord
from radius_module.online.boot_counter import Router
from radius_module.online.session import OnlineSession, Place

#: Session → its identifier. Two customers may have one identifier for a moment, when a session changes hands.
_Sessions = dict[OnlineSession, str]


class SessionsByRouter:
    """Device, router and service → open sessions. One lock for this and the sessions: the table's."""

    def __init__(self) -> None:
        self._of_routers: dict[tuple[int, Router], dict[bytes, _Sessions]] = {}

    def put(self, uid: str, session: OnlineSession) -> None:
        """To be called whenever a session has begun, moved, ended or come back."""
        place = None if session.closed else _place(session)
        if place != session.place:
            self.drop(session)
            if place is not None:
                device_id, router, service = place
                services = self._of_routers.setdefault((device_id, router), {})
                services.setdefault(service, {})[session] = uid
            session.place = place

    def drop(self, session: OnlineSession) -> None:
        """The session is forgotten."""
        if session.place is None:
            return
        device_id, router, service = session.place
        services = self._of_routers[device_id, router]
        del services[service][session]
        if not services[service]:
            del services[service]
            if not services:
                del self._of_routers[device_id, router]
        session.place = None

    def on_router_of(self, record: AccountingRecord, service: bytes | None) -> list[tuple[OnlineSession, str]]:
        """Open sessions of the record's router: of one service, or of all."""
        address = record.nas_address
        # A session that names no router may be on any at that address.
        return [
            entry
            for router in {(address, record.router), (address, "")}
            for of, sessions in self._of_routers.get((record.device_id, router), {}).items()
            if service is None or of == service
            for entry in list(sessions.items())
        ]


def _place(session: OnlineSession) -> Place:
    return session.device_id, session.router, b"" if session.boot is None else session.boot[0]
