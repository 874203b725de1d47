"""Keeps devices from being a way into our own network: the addresses of a device's body (models.network.addresses)."""

from __future__ import annotations

import ipaddress
import socket
from functools import cache
from typing import Any

from admin_api.access.authentication import principal
from admin_api.web.errors import invalid
from admin_api.web.parts import parts
from models.db import normalise_url
from models.network import addresses
from models.network.addresses import Network


def check(fields: dict[str, Any]) -> dict[str, Any]:
    """The fields with the device's address normalised; ends the request where an address is ours."""
    settings = parts().settings
    ours = database_networks(settings.database_url)
    fields = dict(fields)
    name = "ip_address"
    try:
        if fields.get(name) is not None:
            network = addresses.parse_network(fields[name])
            addresses.check_network(network, ours, loopback_allowed=settings.loopback_devices)
            if principal().role != "superadmin":
                addresses.check_width(network)
            fields[name] = str(network)
        name = "api_host"
        if fields.get(name) is not None:
            addresses.check_host(fields[name], ours, loopback_allowed=settings.loopback_devices)
    except ValueError as wrong:
        invalid(name, str(wrong))
    return fields


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
    hosts = {ipaddress.ip_address(str(entry[4][0]).partition("%")[0]) for entry in entries}
    return tuple(ipaddress.ip_network(address) for address in hosts if not address.is_loopback)
