"""A router with both of its sides: the sessions that its RADIUS side has let in are what its API lists and removes."""

from __future__ import annotations

import time

from tests.network.world import Network
from tests.radius_client.routeros import ADMIN_RESET, RouterOS
from tests.radius_client.routeros_api import ApiServer, certificate
from tests.radius_client.routeros_menus import Menus, Row


class BothSides:
    """The API of a router of `network`, and the device that knows how to reach it."""

    def __init__(self, network: Network, router: RouterOS | None = None) -> None:
        self.network, self.router = network, router or network.router
        self.menus = Menus()
        #: Sessions that only the router has, whoever let them in.
        self.extra: list[Row] = []
        self.menus.live["/ppp/active"] = lambda: [*self._active("pppoe"), *self.extra]
        self.menus.live["/ip/hotspot/active"] = lambda: self._active("hotspot")
        self.menus.removing["/ppp/active"] = self._remove
        self.menus.removing["/ip/hotspot/active"] = self._remove
        self.removes = True
        self.server = ApiServer(self.menus, self.router.address, tls=certificate())
        self.path = f"/api/devices/{self.router.device_id}"
        network.api.call("PATCH", self.path, {
            "api_host": self.router.address, "api_port": self.server.port, "api_username": self.server.username,
            "api_password": self.server.password, "api_fingerprint": certificate().fingerprint,
        })  # fmt: skip

    def close(self) -> None:
        self.server.close()

    def _active(self, service: str) -> list[Row]:
        rows = []
        for session_id, session in list(self.router.sessions.items()):
            visit = session.visit
            if visit.service != service:
                continue
            name = visit.user_name if isinstance(visit.user_name, str) else visit.user_name.decode()
            uptime = f"{int(time.monotonic() - session.began)}s"
            shared = {".id": f"*{session_id}", "address": visit.framed_address, "uptime": uptime, "radius": "true"}
            own = (
                {"user": name, "mac-address": visit.mac}
                if service == "hotspot"
                else {"name": name, "caller-id": visit.mac, "session-id": f"0x{session_id.upper()}", "service": service}
            )
            rows.append(shared | own)
        return rows

    def _remove(self, row: Row) -> None:
        if not self.removes:
            return
        if row in self.extra:
            self.extra.remove(row)
        elif (session := self.router.sessions.get(row[".id"].removeprefix("*"))) is not None:
            session.stop(ADMIN_RESET)
