"""One login that came over HTTP, on its way through the function that answers logins on the wire (login.answer).

What differs from a router's: the tenant is the caller's and not the packet's, so the device is sought in it; and who
names no station takes over the place of the last one who named none there, since no Class will tell the two apart.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from models.accounting.records import AuthResult, InferredStop
from radius_module.rules.facts import Device, Slot

if TYPE_CHECKING:
    from radius_module.auth.server import AuthServer
    from radius_module.online.table import OnlineTable

#: Stands for a device that there is not, where 0 would be the probe.
NOWHERE = -1


class HttpLogin:
    """The login process as this login sees it; `result` is what was recorded."""

    def __init__(self, server: AuthServer, isp_id: int, address: str, station: str) -> None:
        self.directory, self.keyring = server.directory, server.keyring
        self.brake, self.answers = server.brake, server.answers
        self.live = server.live if station else _UnnamedPlace(server.live, address)
        self.spool = self
        self.result: AuthResult | None = None
        self._isp_id, self._server = isp_id, server

    def device(self, address: str) -> Device | None:
        """The tenant's; neither another tenant's nor the probe."""
        found = self.directory.device(address)
        return found if found is not None and found.isp_id == self._isp_id else None

    def put_later(self, record: AuthResult | InferredStop) -> None:
        """Into the spool, as every result."""
        if isinstance(record, AuthResult):
            record = self.result = record._replace(device_id=None if record.device_id == NOWHERE else record.device_id)
        self._server.spool.put_later(record)


def unnamed_station(address: str) -> bytes:
    """In place of the Class that HTTP does not bring back."""
    return b"unnamed at " + address.encode()


class _UnnamedPlace:
    """The places of `simultaneous_use` as somebody sees them who names no station: the unnamed one is his own."""

    def __init__(self, live: OnlineTable, address: str) -> None:
        self._live, self._own = live, unnamed_station(address).hex()

    def standing(self, customer_id: int, period_start: float, now: float) -> tuple[int, tuple[Slot, ...]]:
        used, slots = self._live.standing(customer_id, period_start, now)
        return used, tuple(place for place in slots if place.mac != self._own)

    def take_slot(self, customer_id: int, _key: str, now: float) -> None:
        self._live.take_slot(customer_id, self._own, now)
