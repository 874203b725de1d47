"""Replies: decoded, and judged as the strictest router would judge them."""

import hashlib
import hmac
from dataclasses import dataclass

from tests.radius_client.attributes import MICROSOFT, Attribute, Code, Microsoft, Name, parse
from tests.radius_client.credentials import MsChap2
from tests.radius_client.packet import Request

_SEALED = (Code.ACCESS_ACCEPT, Code.ACCESS_REJECT, Code.ACCESS_CHALLENGE)


class BadReply(Exception):
    """A reply that a router would drop; the message says why."""


@dataclass(frozen=True)
class Reply:
    """A decoded reply; attributes keep their order on the wire."""

    octets: bytes
    attributes: tuple[Attribute, ...]

    @property
    def code(self) -> int:
        """One of `Code`, or whatever number was sent."""
        return self.octets[0]

    def values(self, name: int) -> list[bytes]:
        """Octets of every attribute of this type, in order."""
        return [value for number, value in self.attributes if number == name]

    def integers(self, name: int) -> list[int]:
        """The same as numbers."""
        return [int.from_bytes(value, "big") for value in self.values(name)]

    def vendor_values(self, vendor: int, name: int) -> list[bytes]:
        """Octets of every attribute of this vendor and type, in order."""
        prefix = vendor.to_bytes(4, "big")
        inside = (value[4:] for value in self.values(Name.VENDOR_SPECIFIC) if value.startswith(prefix))
        return [value for octets in inside for number, value in parse(octets) if number == name]

    def vendor_integers(self, vendor: int, name: int) -> list[int]:
        """The same as numbers."""
        return [int.from_bytes(value, "big") for value in self.vendor_values(vendor, name)]


def decode(octets: bytes) -> Reply:
    """Split a reply into attributes; raises BadReply if header or lengths are wrong."""
    if len(octets) < 20 or int.from_bytes(octets[2:4], "big") != len(octets):
        raise BadReply(f"{len(octets)} octets do not fit the length in the header")
    try:
        return Reply(octets, tuple(parse(octets[20:])))
    except ValueError as error:
        raise BadReply(str(error)) from error


def verify(octets: bytes, request: Request) -> Reply:
    """The reply to `request`, after every check a router may make; raises BadReply on the first that fails.

    Identifier, Response Authenticator (RFC 2865 section 3), and for answers to an Access-Request that
    Message-Authenticator is there, comes first (the BlastRADIUS advice) and is right.
    """
    reply = decode(octets)
    if octets[1] != request.identifier:
        raise BadReply(f"identifier {octets[1]}, asked was {request.identifier}")
    joined = octets[:4] + request.authenticator + octets[20:] + request.secret
    if hashlib.md5(joined, usedforsecurity=False).digest() != octets[4:20]:
        raise BadReply("the Response Authenticator is false")
    seals = reply.values(Name.MESSAGE_AUTHENTICATOR)
    if reply.code in _SEALED and not seals:
        raise BadReply("Message-Authenticator is missing")
    if seals:
        _check_seal(reply, seals, request)
    return reply


def _check_seal(reply: Reply, seals: list[bytes], request: Request) -> None:
    if len(seals) > 1 or reply.attributes[0][0] != Name.MESSAGE_AUTHENTICATOR:
        raise BadReply("Message-Authenticator is not the first attribute, or not alone")
    signed = reply.octets[:4] + request.authenticator + reply.octets[20:22] + bytes(16) + reply.octets[38:]
    if len(seals[0]) != 16 or hmac.digest(request.secret, signed, "md5") != seals[0]:
        raise BadReply("Message-Authenticator is false")


def check_mschap2_success(reply: Reply, credential: MsChap2) -> None:
    """Raise BadReply unless the server proved that it knows the password (RFC 2759 section 5)."""
    proofs = reply.vendor_values(MICROSOFT, Microsoft.CHAP2_SUCCESS)
    if proofs != [credential.expected_success]:
        raise BadReply("MS-CHAP2-Success is missing or false")
