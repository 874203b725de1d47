"""Keeps devices from being a way into our own network: the addresses of a device's body (models.network.addresses)."""

from __future__ import annotations

from typing import Any

from admin_api.access.authentication import principal
from admin_api.web.errors import invalid
from admin_api.web.parts import parts
from models.network import addresses
from models.network.own_networks import database_networks


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
