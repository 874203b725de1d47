"""Lines that the policy in freeradius/mods-config/policy writes of a packet: words, each octet as it came."""

from __future__ import annotations

from collections.abc import Callable
from functools import lru_cache
from typing import NamedTuple

from models.accounting.records import readable
from models.names import station
from radius_module.rlm import Pairs

#: The unit of the Gigawords attributes, octets (RFC 2869 section 5.1).
GIGAWORD = 1 << 32
PROXY_STATE = "Proxy-State"
_END = "."
_from_hex = bytes.fromhex


class MalformedRequest(ValueError):
    """Words are missing or cut off."""


class Origin(NamedTuple):
    """Where a packet came from: the source address, and the device that FreeRADIUS knows there by its secret."""

    address: str
    isp_id: int
    device_id: int


def source_address(pairs: Pairs) -> str:
    """The source of a packet that FreeRADIUS asks about."""
    return dict(pairs)["Wire-Source"]


def client_of(pairs: Pairs) -> str:
    """The device's short name and its address, with which each line of ours begins."""
    return pairs[0][1].partition(" ")[0]


def client_attribute(network: str) -> str:
    """What FreeRADIUS is told an address, or a network, by."""
    version = "IPv6" if ":" in network else "IP"
    return f"FreeRADIUS-Client-{version}-{'Prefix' if '/' in network else 'Address'}"


def client_name(isp_id: int, device_id: int, address: str = "") -> str:
    """The short name of a device's network in FreeRADIUS, to which the policy adds the address of each packet."""
    return f"{isp_id}/{device_id}/{address}"


@lru_cache(4096)
def origin(client: str) -> Origin:
    """The device of a short name with an address. Raises MalformedRequest."""
    try:
        isp_id, device_id, address = client.split("/")
        return Origin(address, int(isp_id), int(device_id))
    except ValueError as error:
        raise MalformedRequest(f"a client called {client!r}") from error


def octets_of(value: str) -> bytes:
    """Octets that FreeRADIUS wrote in hex. Raises MalformedRequest."""
    try:
        if value[:2] == "0x":
            return _from_hex(value[2:])
    except ValueError:
        pass
    raise MalformedRequest(f"{value[:40]!r} is not octets in hex")


def proxy_states(pairs: Pairs, attribute: str = PROXY_STATE) -> bytes:
    """All of them as they were, in their order (RFC 2865 section 5.33)."""
    states = [octets_of(value) for name, value in pairs if name == attribute]
    return b"".join(bytes((33, 2 + len(octets))) + octets for octets in states)


def line_of(words: dict[str, str], name: str, count: int) -> list[str]:
    """The words of a line that our policy has FreeRADIUS write. Raises MalformedRequest."""
    line = words.get(name, "").split(" ")
    if len(line) != count + 1 or line[count] != _END:
        raise MalformedRequest(f"{name} is not whole")
    del line[count]
    return line


@lru_cache(65536)
def calling_station(word: str, octets_in: Callable[[str], bytes]) -> str:
    """Calling-Station-Id, in text that a database takes; cached, because few stations ask often."""
    return station(readable(octets_in(word)))
