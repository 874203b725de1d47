"""The networks that are this installation's own, beyond those that are nobody's: no device may lie in them."""

from __future__ import annotations

import ipaddress
import socket
from functools import cache

from models.db import normalise_url
from models.network.addresses import Network


@cache
def database_networks(url: str) -> tuple[Network, ...]:
    """Where the database listens, if that is not a socket's path or loopback (which have their own rule)."""
    parsed = normalise_url(url)
    host = parsed.host or parsed.query.get("host") or ""
    if not isinstance(host, str) or not host or host.startswith("/"):
        return ()
    try:
        entries = socket.getaddrinfo(host, None, type=socket.SOCK_STREAM)
    except OSError:
        return ()
    found = {ipaddress.ip_address(str(entry[4][0]).partition("%")[0]) for entry in entries}
    return tuple(ipaddress.ip_network(address) for address in found if not address.is_loopback)
