"""From a device's row to its router: what is known of it, and its address, checked at this moment."""

from __future__ import annotations

from typing import NamedTuple

from models.network.addresses import Network, single_address
from models.network.router_access import RouterDevice
from models.secrets.keyring import CredentialError, Keyring
from radius_module.enforce.resolving import address_of
from radius_module.enforce.routeros import Access, RouterError

TABLE = "mikrotik_devices"


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
    try:
        return address_of(host, port, ground.ours, loopback_allowed=ground.loopback_allowed)
    except LookupError as unknown:
        raise RouterError("no_answer", str(unknown)) from None
    except ValueError:
        raise RouterError("refused_address", f"{host} is not the address of a router.") from None


def _opened(ground: Ground, device: RouterDevice, encrypted: str) -> str:
    try:
        return ground.keyring.decrypt(encrypted, device.isp_id, TABLE, device.id)
    except CredentialError:
        raise RouterError("not_configured", "Its password cannot be opened with this installation's keys.") from None
