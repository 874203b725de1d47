"""A tenant's captive portal, which logs customers in over HTTP beside the routers that do so on the wire."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from radius_module.ipc import question
from tests.support.caller import Answer, Caller
from tests.wire.system import System
from tests.wire.tenant import Person, Tenant

MACS = [f"02:00:00:00:00:{number:02X}" for number in range(30, 36)]
AUTH, ACCOUNTING = "/api/radius-api/auth", "/api/radius-api/accounting"


class Portal:
    """Logs the tenant's customers in, and reports their sessions."""

    def __init__(self, operator: Caller, tenant: Tenant) -> None:
        self.caller, self.tenant = operator.inside(tenant.isp_id), tenant

    def login(self, person: Person, mac: str = "", **fields: Any) -> Answer:
        body = {"username": person.username, "password": person.password, "nas_ip": self.tenant.router.address}
        return self.caller.post(AUTH, body | ({"calling_station_id": mac} if mac else {}) | fields)

    def report(self, person: Person, status: str, session: str, up: int = 0, down: int = 0, mac: str = "") -> Answer:
        return self.caller.post(ACCOUNTING, {
            "status_type": status, "session_id": session, "username": person.username, "input_octets": up,
            "output_octets": down, "nas_ip": self.tenant.router.address, "calling_station_id": mac,
        })  # fmt: skip

    def explain(self, person: Person, mac: str) -> dict[str, Any]:
        query = f"?device_id={self.tenant.router.device_id}&calling_station_id={mac}"
        explanation: dict[str, Any] = self.caller.get(f"/api/billing/customers/{person.id}/explain{query}").data
        return explanation


def login_socket(system: System) -> Path:
    """Where the login process of the running installation listens for questions."""
    return question.socket_path(Path(system.installation.environment("api")["SOCKET_DIR"]))
