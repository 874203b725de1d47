"""From a device's row to its router: what is known of it, and its address, checked at this moment."""

from __future__ import annotations

import socket
from concurrent.futures import ThreadPoolExecutor
from concurrent.futures import TimeoutError as Late
from ipaddress import ip_address
from typing import NamedTuple

from models.network.addresses import Network, resolved, single_address
from models.network.router_access import RouterDevice
from models.secrets.keyring import CredentialError, Keyring
from radius_module.enforce.routeros import Access, RouterError

TABLE = "mikrotik_devices"
#: How long a name may take to resolve, seconds.
_RESOLVES_WITHIN = 3.0
_resolving = ThreadPoolExecutor(4, thread_name_prefix="resolving")


class Ground(NamedTuple):
    """What the worker stands on: keys, its own networks, and where its requests leave from."""

    keyring: Keyring
    ours: tuple[Network, ...]
    loopback_allowed: bool
    #: The address that requests leave from; None: whatever the route says.
    source: str | None
    auth_port: int
    acct_port: int


def secret_of(ground: Ground, device: RouterDevice) -> str:
    """Its RADIUS secret in clear. Raises RouterError."""
    return _opened(ground, device, device.radius_secret)


def access_of(ground: Ground, device: RouterDevice) -> Access:
    """How its API is reached. Raises RouterError where that is not known, or not allowed."""
    host = device.api_host or single_address(device.network)
    if not host or not device.api_username or not device.api_password:
        raise RouterError("not_configured", "The device has no api_username and api_password, or no api_host.")
    password = _opened(ground, device, device.api_password)
    address = _address_of(ground, host, device.api_port)
    return Access(address, device.api_port, device.api_username, password, device.api_tls, device.api_fingerprint)


def _address_of(ground: Ground, host: str, port: int) -> str:
    """Resolved once, checked, and connected to by number: a name may mean something else a moment later."""
    looking = _resolving.submit(resolved, host, port, ground.ours, loopback_allowed=ground.loopback_allowed)
    try:
        addresses = looking.result(_RESOLVES_WITHIN)
    except (Late, socket.gaierror):
        raise RouterError("no_answer", f"The name {host} cannot be resolved.") from None
    except ValueError:
        raise RouterError("refused_address", f"{host} is not the address of a router.") from None
    return min(addresses, key=lambda address: ip_address(address.partition("%")[0]).version)


def _opened(ground: Ground, device: RouterDevice, encrypted: str) -> str:
    try:
        return ground.keyring.decrypt(encrypted, device.isp_id, TABLE, device.id)
    except CredentialError:
        raise RouterError("not_configured", "Its password cannot be opened with this installation's keys.") from None
