"""Names and octets of attributes: the bottom layer, used by every other module of the client.

An attribute is `(type, value octets)`; a vendor's is type 26 around it (RFC 2865 section 5.26).
"""

import socket
from collections.abc import Iterable, Iterator
from enum import IntEnum

Attribute = tuple[int, bytes]

MICROSOFT = 311
MIKROTIK = 14988


class Code(IntEnum):
    """Packet codes, RFC 2865, 2866 and 5997."""

    ACCESS_REQUEST = 1
    ACCESS_ACCEPT = 2
    ACCESS_REJECT = 3
    ACCOUNTING_REQUEST = 4
    ACCOUNTING_RESPONSE = 5
    ACCESS_CHALLENGE = 11
    STATUS_SERVER = 12


class Name(IntEnum):
    """Attribute types of RFC 2865, 2866, 2869 and 3162 that this project sends or reads."""

    USER_NAME = 1
    USER_PASSWORD = 2
    CHAP_PASSWORD = 3
    NAS_IP_ADDRESS = 4
    NAS_PORT = 5
    SERVICE_TYPE = 6
    FRAMED_PROTOCOL = 7
    FRAMED_IP_ADDRESS = 8
    REPLY_MESSAGE = 18
    STATE = 24
    CLASS = 25
    VENDOR_SPECIFIC = 26
    SESSION_TIMEOUT = 27
    IDLE_TIMEOUT = 28
    CALLED_STATION_ID = 30
    CALLING_STATION_ID = 31
    NAS_IDENTIFIER = 32
    PROXY_STATE = 33
    ACCT_STATUS_TYPE = 40
    ACCT_DELAY_TIME = 41
    ACCT_INPUT_OCTETS = 42
    ACCT_OUTPUT_OCTETS = 43
    ACCT_SESSION_ID = 44
    ACCT_AUTHENTIC = 45
    ACCT_SESSION_TIME = 46
    ACCT_INPUT_PACKETS = 47
    ACCT_OUTPUT_PACKETS = 48
    ACCT_TERMINATE_CAUSE = 49
    ACCT_INPUT_GIGAWORDS = 52
    ACCT_OUTPUT_GIGAWORDS = 53
    EVENT_TIMESTAMP = 55
    CHAP_CHALLENGE = 60
    NAS_PORT_TYPE = 61
    MESSAGE_AUTHENTICATOR = 80
    ACCT_INTERIM_INTERVAL = 85
    NAS_PORT_ID = 87
    FRAMED_POOL = 88


class Mikrotik(IntEnum):
    """Vendor 14988."""

    RECV_LIMIT = 1
    XMIT_LIMIT = 2
    RATE_LIMIT = 8
    HOST_IP = 10
    TOTAL_LIMIT = 17
    TOTAL_LIMIT_GIGAWORDS = 18


class Microsoft(IntEnum):
    """Vendor 311, RFC 2548."""

    CHAP_RESPONSE = 1
    CHAP_ERROR = 2
    CHAP_CHALLENGE = 11
    CHAP2_RESPONSE = 25
    CHAP2_SUCCESS = 26


class AcctStatus(IntEnum):
    """Values of Acct-Status-Type, RFC 2866 section 5.1."""

    START = 1
    STOP = 2
    INTERIM_UPDATE = 3
    ACCOUNTING_ON = 7
    ACCOUNTING_OFF = 8


def text(name: int, value: str | bytes) -> Attribute:
    """A text attribute: UTF-8, or the given octets whatever they are."""
    return int(name), value.encode() if isinstance(value, str) else value


def integer(name: int, value: int) -> Attribute:
    """A 32-bit unsigned number; raises OverflowError outside of it."""
    return int(name), value.to_bytes(4, "big")


def address(name: int, value: str) -> Attribute:
    """An IPv4 address in dotted form."""
    return int(name), socket.inet_aton(value)


def vendor(number: int, attribute: Attribute) -> Attribute:
    """Wrap an attribute of a vendor with IANA `number` in Vendor-Specific."""
    return Name.VENDOR_SPECIFIC.value, number.to_bytes(4, "big") + encode([attribute])


def encode(attributes: Iterable[Attribute]) -> bytes:
    """Wire octets of the attributes in their order; raises ValueError for a value that cannot fit."""
    parts = []
    for name, value in attributes:
        if len(value) > 253:
            raise ValueError(f"attribute {name} has {len(value)} octets, at most 253 fit")
        parts.append(bytes((name, len(value) + 2)) + value)
    return b"".join(parts)


def parse(octets: bytes) -> Iterator[Attribute]:
    """Attributes in wire order; raises ValueError where lengths do not add up (RFC 2865 section 5)."""
    at = 0
    while at < len(octets):
        length = octets[at + 1] if at + 1 < len(octets) else 0
        if length < 2 or at + length > len(octets):
            raise ValueError(f"attribute at octet {at} has a length of {length}")
        yield octets[at], octets[at + 2 : at + length]
        at += length
