"""CoA- and Disconnect-Requests (RFC 5176) as octets, and their answers: the one module here that knows pyrad.

pyrad encodes, signs and verifies; the sockets are ours (line.py), because its Client waits for one answer at a time.
All values are set as octets by number: by name it would send a text of digits as a number.
"""

from __future__ import annotations

from ipaddress import IPv4Address
from typing import NamedTuple

from pyrad.dictionary import Dictionary
from pyrad.packet import CoAPacket, CoARequest, DisconnectRequest, PacketError

COA, DISCONNECT = "coa", "disconnect"

_CODES = {COA: CoARequest, DISCONNECT: DisconnectRequest}
#: Request's code → (ACK, NAK). pyrad does not compare them.
_ANSWERS = {CoARequest: (44, 45), DisconnectRequest: (41, 42)}
_USER_NAME, _FRAMED_IP_ADDRESS, _CALLING_STATION_ID, _ACCT_SESSION_ID = 1, 8, 31, 44
_EVENT_TIMESTAMP, _ERROR_CAUSE = 55, 101
_MIKROTIK = 14988

#: What a CoA may change: name → (number, whether it is a number of 32 bits). All that RouterOS documents for CoA, and
#: nothing that it does not (no Total-Limit, addresses, pools).
CHANGEABLE: dict[str, tuple[int | tuple[int, int], bool]] = {
    "Filter-Id": (11, False),
    "Session-Timeout": (27, True),
    "Idle-Timeout": (28, True),
    "Port-Limit": (62, True),
    "Mikrotik-Recv-Limit": ((_MIKROTIK, 1), True),
    "Mikrotik-Xmit-Limit": ((_MIKROTIK, 2), True),
    "Mikrotik-Group": ((_MIKROTIK, 3), False),
    "Mikrotik-Rate-Limit": ((_MIKROTIK, 8), False),
    "Mikrotik-Mark-Id": ((_MIKROTIK, 11), False),
}
#: Values longer than this do not fit into one attribute; a vendor's holds less.
_LONGEST = 247
#: An empty dictionary: nothing is looked up by name.
_NO_NAMES = Dictionary()


class Identity(NamedTuple):
    """What names a session to its device: octets as the device last reported them; None is left out."""

    username: bytes | None = None
    session_id: bytes | None = None
    framed_address: str | None = None
    calling_station_id: bytes | None = None


class Answer(NamedTuple):
    """What a device said. `cause`: Error-Cause, where it gave one."""

    acknowledged: bool
    cause: int | None


class Packet(NamedTuple):
    """A request on its way: its octets, and what its answer is checked against."""

    octets: bytes
    request: CoAPacket

    @property
    def identifier(self) -> int:
        return self.octets[1]


def encode(
    kind: str, identity: Identity, attributes: dict[str, str], secret: bytes, identifier: int, now: float
) -> Packet:
    """A signed request with Event-Timestamp `now`. Raises ValueError for what cannot be said in one."""
    request = CoAPacket(code=_CODES[kind], id=identifier, secret=secret, dict=_NO_NAMES, message_authenticator=True)
    request[_EVENT_TIMESTAMP] = [int(now).to_bytes(4, "big")]
    for number, octets in _named(identity):
        if not 1 <= len(octets) <= _LONGEST:
            raise ValueError(f"attribute {number} cannot carry {len(octets)} octets")
        request[number] = [octets]
    for name, value in attributes.items():
        key, octets = _changed(name, value)
        request[key] = [octets]
    return Packet(request.RequestPacket(), request)


def read_answer(packet: Packet, octets: bytes) -> Answer | None:
    """The answer to this very request; None for octets that are anything else (RFC 5176 section 2.3 and 3.3)."""
    if len(octets) < 20 or octets[1] != packet.identifier:
        return None
    ack, nak = _ANSWERS[packet.request.code]
    if octets[0] not in (ack, nak):
        return None
    try:
        reply = packet.request.CreateReply(packet=octets)
        genuine = packet.request.VerifyReply(reply, octets)
    except (PacketError, ValueError, LookupError, ArithmeticError, TypeError):
        return None  # pyrad's complaints about octets that are no packet are of many kinds
    if not genuine:
        return None
    causes = reply.get(_ERROR_CAUSE) or [b""]
    return Answer(octets[0] == ack, int.from_bytes(causes[0], "big") if len(causes[0]) == 4 else None)


def _named(identity: Identity) -> list[tuple[int, bytes]]:
    address = identity.framed_address
    return [
        (number, octets)
        for number, octets in (
            (_USER_NAME, identity.username),
            (_FRAMED_IP_ADDRESS, None if address is None else IPv4Address(address).packed),
            (_CALLING_STATION_ID, identity.calling_station_id),
            (_ACCT_SESSION_ID, identity.session_id),
        )
        if octets is not None
    ]


def _changed(name: str, value: str) -> tuple[int | tuple[int, int], bytes]:
    key, is_number = CHANGEABLE[name]
    if is_number:
        if not (value.isascii() and value.isdigit() and int(value) < 1 << 32):
            raise ValueError(f"{name}: {value!r} is no number of 32 bits")
        return key, int(value).to_bytes(4, "big")
    octets = value.encode()
    if not 1 <= len(octets) <= _LONGEST:
        raise ValueError(f"{name} cannot carry {len(octets)} octets")
    return key, octets
