"""One real login over UDP from 127.0.0.2, the address that the server knows as the project's own probe.

The request carries Message-Authenticator, and an answer without a valid one does not count.
"""

import logging
from dataclasses import dataclass
from pathlib import Path

from pyrad.client import Client, Timeout
from pyrad.dictionary import Dictionary
from pyrad.packet import AccessAccept, Packet

from service.host.settings import PROBE_ADDRESS, Settings

DEMO_USERNAME = "john@example.com"
DEMO_PASSWORD = "customer123"  # noqa: S105 - the demo customer's, known to everybody

_DICTIONARIES = Path("/usr/share/freeradius")
# pyrad cannot read all of FreeRADIUS' dictionaries: these are the files that the replies use.
_FILES = ("dictionary.rfc2865", "dictionary.rfc2866", "dictionary.rfc2869", "dictionary.mikrotik")


@dataclass(frozen=True)
class Answer:
    """`attributes`: (name, value), both as text."""

    accepted: bool
    attributes: list[tuple[str, str]]


def login(settings: Settings, secret: str, seconds: float = 3) -> Answer | None:
    """The demo customer's login. None: no valid answer within the time."""
    client = Client(
        settings.radius_address, settings.radius_auth_port, secret=secret.encode(), dict=_dictionary(), enforce_ma=True
    )
    client.timeout, client.retries = seconds, 1
    if ":" not in settings.radius_address:
        client.bind((PROBE_ADDRESS, 0))
    try:
        reply = client.SendPacket(_request(client))
    except (Timeout, OSError):
        return None
    finally:
        client._CloseSocket()  # pyrad closes it only when the object is collected, with a warning
    return Answer(reply.code == AccessAccept, _attributes(reply))


def _request(client: Client) -> Packet:
    request = client.CreateAuthPacket(message_authenticator=True)
    request["User-Name"] = DEMO_USERNAME
    request["User-Password"] = request.PwCrypt(DEMO_PASSWORD)
    request["NAS-IP-Address"] = PROBE_ADDRESS
    request["Calling-Station-Id"] = "02:00:00:00:00:02"
    return request


def _dictionary() -> Dictionary:
    logging.getLogger("pyrad").setLevel(logging.ERROR)  # it warns about every Vendor-Specific header
    return Dictionary(*(str(_DICTIONARIES / name) for name in _FILES))


def _attributes(reply: Packet) -> list[tuple[str, str]]:
    names = [str(name) for name in reply.keys()]  # noqa: SIM118 - iterating gives codes, keys() gives names
    return [(name, _text(value)) for name in names for value in reply[name]]


def _text(value: object) -> str:
    return "0x" + value.hex() if isinstance(value, bytes) else str(value)
