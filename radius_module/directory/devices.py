"""Which device a packet comes from, and with what secret: for both FreeRADIUS processes, from memory.

The installation's own probe is a device too, one that no tenant owns: it sends from 127.0.0.2.
"""

from __future__ import annotations

from ipaddress import ip_address
from typing import NamedTuple

from models.secrets.keyring import CredentialError
from radius_module.directory.addresses import Network
from radius_module.directory.contents import Directory
from radius_module.rules.facts import Device
from radius_module.settings import Settings

PROBE_ADDRESS = "127.0.0.2"
_PROBE = ip_address(PROBE_ADDRESS)
#: No device has this id: sequences begin at 1.
PROBE_ID = 0


class Client(NamedTuple):
    """What FreeRADIUS needs to know to speak with a device."""

    isp_id: int
    device_id: int
    secret: str
    #: An address, or the largest network around it in which all are this device's.
    network: str


class Devices:
    """Source addresses → devices."""

    def __init__(self, settings: Settings, directory: Directory) -> None:
        self._settings, self._directory = settings, directory

    def device(self, address: str) -> Device | None:
        """The device at that address; the probe counts as an active one of the oldest tenant."""
        if address == PROBE_ADDRESS and self._settings.probe_secret is not None:
            isp = next(self._directory.isps(), None)
            return None if isp is None else Device(PROBE_ID, isp.id, True, "", True, False)
        return self._directory.device(address)

    def client(self, address: str) -> Client | None:
        """None for an unknown or disabled device: no answer. Raises CredentialError for a secret that does not open."""
        device = self.device(address)
        if device is None or not device.active:
            return None
        if device.id == PROBE_ID:
            return Client(device.isp_id, PROBE_ID, self._settings.probe_secret or "", address)
        secret = self._settings.keyring.decrypt(device.secret, device.isp_id, "mikrotik_devices", device.id)
        if not secret:
            raise CredentialError(f"device {device.id} has an empty secret")
        network = self._directory.contents.addresses.around(address)
        is_the_probes = self._settings.probe_secret is not None and _PROBE in network
        return Client(device.isp_id, device.id, secret, address if is_the_probes else _written(network))


def _written(network: Network) -> str:
    return str(network.network_address if network.prefixlen == network.max_prefixlen else network)
