"""A host's address, checked at this moment and in time: what a connection is made to, and never the name again."""

from __future__ import annotations

import socket
from collections.abc import Iterable
from concurrent.futures import ThreadPoolExecutor
from concurrent.futures import TimeoutError as Late
from ipaddress import ip_address

from models.network.addresses import Network, resolved

#: How long a name may take to resolve, seconds.
_RESOLVES_WITHIN = 3.0
_resolving = ThreadPoolExecutor(4, thread_name_prefix="resolving")


def address_of(host: str, port: int, ours: Iterable[Network], *, loopback_allowed: bool) -> str:
    """IPv4 first. Raises LookupError for a name that means nothing, and ValueError for an address that is ours."""
    looking = _resolving.submit(resolved, host, port, ours, loopback_allowed=loopback_allowed)
    try:
        addresses = looking.result(_RESOLVES_WITHIN)
    except (Late, socket.gaierror, UnicodeError) as wrong:
        raise LookupError(f"The name {host} cannot be resolved.") from wrong
    return min(addresses, key=lambda address: ip_address(address.partition("%")[0]).version)
