"""Which addresses of devices would lead into our own network: refused when saved, and again before sending to them.

Pure: what is the installation's own beyond the ranges that are nobody's (the database's address, say) is handed in.
"""

from __future__ import annotations

import ipaddress
import re
import socket
from collections.abc import Iterable

Network = ipaddress.IPv4Network | ipaddress.IPv6Network

_LOOPBACK = tuple(map(ipaddress.ip_network, ("127.0.0.0/8", "::1/128")))
#: Unspecified, link-local, multicast, reserved, broadcast; and the IPv6 forms that carry an IPv4 address inside:
#: mapped, compatible, NAT64, 6to4, Teredo.
_NOBODYS = tuple(
    map(
        ipaddress.ip_network,
        (
            "0.0.0.0/8", "169.254.0.0/16", "224.0.0.0/4", "240.0.0.0/4", "::/96", "::ffff:0:0/96", "::ffff:0:0:0/96",
            "64:ff9b::/96", "64:ff9b:1::/48", "2001::/32", "2002::/16", "fe80::/10", "fec0::/10", "ff00::/8",
        ),
    )
)  # fmt: skip
#: The project's own probe sends from here.
PROBE = ipaddress.ip_network("127.0.0.2/32")
_HOST_NAME = re.compile(r"(?=.{4,253}\Z)([a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?\.)+[a-z]([a-z0-9-]{0,61}[a-z0-9])?", re.I)
_OWN_NAMES = ("localhost", "local", "internal", "localdomain", "home.arpa", "in-addr.arpa", "ip6.arpa")


def parse_network(text: str) -> Network:
    """An address or a network without host bits. Raises ValueError with what is wrong."""
    try:
        return ipaddress.ip_network(text, strict=True)
    except ValueError:
        raise ValueError("must be an IP address, or a network such as 10.1.0.0/24") from None


def single_address(text: str) -> str | None:
    """The address of a device that is one, and no network."""
    network = ipaddress.ip_network(text)
    return str(network.network_address) if network.num_addresses == 1 else None


#: The widest network that a tenant registers by itself, by IP version.
WIDEST_OF_TENANTS = {4: 20, 6: 48}


def check_network(network: Network, ours: Iterable[Network], *, loopback_allowed: bool) -> None:
    """Raises ValueError where the network touches what is not a router's."""
    if any(_overlap(network, other) for other in (*_NOBODYS, *ours)):
        raise ValueError("is not the address of a router")
    touched = [other for other in _LOOPBACK if _overlap(network, other)]
    if touched and (not loopback_allowed or not any(_within(network, other) for other in touched)):
        raise ValueError("is not the address of a router")
    if _overlap(network, PROBE):
        raise ValueError("is not the address of a router")


def check_width(network: Network) -> None:
    """Raises ValueError for more than a tenant may claim: an address belongs to one device of the installation."""
    widest = WIDEST_OF_TENANTS[network.version]
    if network.prefixlen < widest:
        raise ValueError(f"must be a /{widest} or narrower; a superadmin may register wider networks")


def check_host(text: str, ours: Iterable[Network], *, loopback_allowed: bool) -> None:
    """The same for an address or a name to connect to. A name is checked again by what it resolves to (`resolved`)."""
    literal = _literal(text)
    if literal is not None:
        check_network(ipaddress.ip_network(literal), ours, loopback_allowed=loopback_allowed)
        return
    name = text.rstrip(".").lower()
    if not _HOST_NAME.fullmatch(name) or any(name == own or name.endswith("." + own) for own in _OWN_NAMES):
        raise ValueError("must be an IP address or a full host name")


def resolved(host: str, port: int, ours: Iterable[Network], *, loopback_allowed: bool) -> list[str]:
    """The host's addresses, each of them checked: what a connection is to be made to, and never the name again."""
    hosts = sorted({str(entry[4][0]) for entry in socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)})
    for address in hosts:
        network = ipaddress.ip_network(address.partition("%")[0])
        check_network(network, ours, loopback_allowed=loopback_allowed)
    return hosts


def _literal(text: str) -> ipaddress.IPv4Address | ipaddress.IPv6Address | None:
    """An address however it is written: also as 127.1, 0x7f000001 or 2130706433, which connect() takes."""
    try:
        return ipaddress.ip_address(text.strip("[]").partition("%")[0])
    except ValueError:
        pass
    try:
        return ipaddress.IPv4Address(socket.inet_aton(text))
    except OSError:
        return None


def _overlap(network: Network, other: Network) -> bool:
    return network.version == other.version and network.overlaps(other)


def _within(network: Network, other: Network) -> bool:
    if isinstance(network, ipaddress.IPv4Network) and isinstance(other, ipaddress.IPv4Network):
        return network.subnet_of(other)
    return (
        isinstance(network, ipaddress.IPv6Network)
        and isinstance(other, ipaddress.IPv6Network)
        and network.subnet_of(other)
    )
