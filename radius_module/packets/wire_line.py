"""Lines that the policy in freeradius/mods-config/policy makes of a packet: words, each octet as it came."""

from __future__ import annotations

from functools import lru_cache
from typing import NamedTuple

Pairs = tuple[tuple[str, str], ...]
PROXY_STATE = "Proxy-State"
_END = "."
_from_hex = bytes.fromhex


class MalformedRequest(ValueError):
    """Words are missing or cut off."""


class Origin(NamedTuple):
    """Where a packet came from: the source address, and whom FreeRADIUS knows there by its secret."""

    address: str
    isp_id: int
    device_id: int


def source_address(pairs: Pairs) -> str:
    """The unknown source of a packet that FreeRADIUS asks about."""
    return dict(pairs)["Wire-Source"]


def client_name(isp_id: int, device_id: int, address: str) -> str:
    """The short name by which FreeRADIUS hands a router, once verified, to the hooks."""
    return f"{isp_id}/{device_id}/{address}"


@lru_cache(4096)
def origin(client: str) -> Origin:
    """The router of a short name. Raises MalformedRequest."""
    try:
        isp_id, device_id, address = client.split("/")
        return Origin(address, int(isp_id), int(device_id))
    except ValueError as wrong:
        raise MalformedRequest(f"a client called {client!r}") from wrong


def octets_of(value: str) -> bytes:
    """Octets that FreeRADIUS wrote in hex. Raises MalformedRequest."""
    try:
        if value[:2] == "0x":
            return _from_hex(value[2:])
    except ValueError:
        pass
    raise MalformedRequest(f"{value[:40]!r} is not octets in hex")


def proxy_states(pairs: Pairs) -> bytes:
    """All of them as they were, in their order (RFC 2865 section 5.33)."""
    states = [octets_of(value) for name, value in pairs if name == PROXY_STATE]
    return b"".join(bytes((33, 2 + len(octets))) + octets for octets in states)


def line_of(words: dict[str, str], name: str, count: int) -> list[str]:
    """The words of a line that we have FreeRADIUS make. Raises MalformedRequest."""
    found = words.get(name, "").split(" ")
    if len(found) != count + 1 or found[count] != _END:
        raise MalformedRequest(f"{name} is not whole")
    del found[count]
    return found
