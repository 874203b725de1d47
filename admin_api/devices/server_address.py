"""This server's address as routers are told it."""

from __future__ import annotations

import ipaddress

from admin_api.web.errors import invalid
from admin_api.web.parts import parts


def server_for(given: str | None) -> str:
    """The one that was given, or where RADIUS listens; ends the request where that is everywhere."""
    if given is not None:
        return given
    listens = parts().settings.radius_listen
    try:
        address = ipaddress.ip_address("127.0.0.1" if listens == "localhost" else listens)
    except ValueError:
        invalid("server", "is needed: this server's address, as the router reaches it")
    if address.is_unspecified:
        invalid("server", "is needed: RADIUS listens on all addresses of this machine")
    return str(address)
