"""What a slot of `simultaneous_use` is known by, and so which login takes it over.

A MAC address is its device's wherever it logs in. Without a station (radtest, PAM, a proxy server) there is one slot at
each device, which the next such login there takes over. Text that is no MAC address takes over nothing: several clients
may share an address, and strongSwan's `address[port]` is another one each time.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache

from models.names import mac_of

_UNNAMED = "@"
_END = "\0"


@lru_cache(65536)
def own_slot(station: str, device_id: int) -> str:
    """The slot that a login with this Calling-Station-Id takes over at that device; empty: none."""
    if not station:
        return f"{_UNNAMED}{device_id}"
    return station if mac_of(station) == station else ""


def new_slot(station: str, device_id: int, klass: bytes) -> str:
    """What the slot of a login is known by until its Start; `klass` is the login's Class."""
    return own_slot(station, device_id) or f"{station}{_END}{klass.hex()}"


def awaited_slot(slots: Mapping[str, object], station: str, device_id: int, klass: bytes) -> str | None:
    """The slot for which this Start was awaited, among those of the customer; not every device sends our Class back."""
    key = new_slot(station, device_id, klass)
    if key in slots or own_slot(station, device_id):
        return key
    return next((other for other in slots if other.startswith(station + _END)), None)
