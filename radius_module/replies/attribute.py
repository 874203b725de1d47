"""A reply attribute's text → what FreeRADIUS will send, or an error: FreeRADIUS itself would send something wrong.

It takes a number modulo 2^32, "abc" for 0, and leaves out what it does not know: its replies fail open.
"""

from __future__ import annotations

from collections.abc import Callable
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network

from radius_module.replies.dictionary import Definition, definitions

Pair = tuple[str, str, str]

#: A value's octets in one attribute (RFC 2865 section 5; in a vendor's attribute a few less).
LONGEST_TEXT = 247
#: FreeRADIUS, the rules or the protocol set these; a row that tries to is refused.
RESERVED = frozenset(
    name.lower()
    for name in (
        "Class", "State", "Message-Authenticator", "Proxy-State", "Reply-Message", "EAP-Message", "User-Password",
        "CHAP-Password", "MS-CHAP2-Success", "MS-CHAP-Error", "MS-CHAP-MPPE-Keys", "MS-MPPE-Send-Key",
        "MS-MPPE-Recv-Key",
    )
)  # fmt: skip
#: Enough for 2^64 with leading zeros; Python refuses to read numbers of thousands of digits.
_DIGITS = 40
_BITS = {"byte": 8, "short": 16, "integer": 32, "date": 32, "integer64": 64}
_ADDRESSES: dict[str, Callable[[str], object]] = {
    "ipaddr": IPv4Address,
    "ipv6addr": IPv6Address,
    "ipv4prefix": IPv4Network,
    "ipv6prefix": IPv6Network,
}


class UnencodableAttribute(ValueError):
    """An attribute that cannot be sent as it is written; says why, in words for an operator."""


def text(value: str) -> str:
    """A string for FreeRADIUS, which unescapes it as if it stood in double quotes."""
    return value.replace("\\", "\\\\").replace('"', '\\"')


def number(name: str, value: int, bits: int = 32) -> str:
    """A whole number that fits. Raises UnencodableAttribute."""
    if not 0 <= value < 1 << bits:
        raise UnencodableAttribute(f"{name}: {value} is not between 0 and 2^{bits} - 1")
    return str(value)


def encode(name: str, op: str, value: str) -> Pair:
    """What a `radreply` or `radgroupreply` row sends. Raises UnencodableAttribute."""
    definition = definitions().get(name.lower())
    if definition is None:
        raise UnencodableAttribute(f"{name}: there is no such attribute")
    if name.lower() in RESERVED:
        raise UnencodableAttribute(f"{name}: set by the server, not by a row")
    if op not in ("=", ":=", "+="):
        raise UnencodableAttribute(f"{name}: the operator must be =, := or +=, not {op}")
    return definition.name, op, _value(definition, value)


def _value(definition: Definition, value: str) -> str:
    name, kind = definition.name, definition.kind
    if kind == "string":
        if "\0" in value or not 1 <= len(value.encode()) <= LONGEST_TEXT:
            raise UnencodableAttribute(f"{name}: must have 1 to {LONGEST_TEXT} octets of UTF-8 without NUL")
        return text(value)
    if kind == "octets":
        return _octets(name, value)
    if kind in _BITS:
        named = definition.values.get(value.lower())
        if named is None and not (value.isascii() and value.isdigit() and len(value) <= _DIGITS):
            raise UnencodableAttribute(f"{name}: {value:.40} is neither a number in range nor the name of a value")
        return number(name, int(value) if named is None else named, _BITS[kind])
    if kind in _ADDRESSES:
        try:
            return str(_ADDRESSES[kind](value))
        except ValueError as error:
            raise UnencodableAttribute(f"{name}: {error}") from None
    raise UnencodableAttribute(f"{name}: attributes of type {kind} cannot be set here")


def _octets(name: str, value: str) -> str:
    digits = value.removeprefix("0x")
    try:
        octets = bytes.fromhex(digits)
    except ValueError:
        octets = b""
    if not value.startswith("0x") or " " in digits or not 1 <= len(octets) <= LONGEST_TEXT:
        raise UnencodableAttribute(f"{name}: must be 0x and 1 to {LONGEST_TEXT} octets in hex")
    return "0x" + octets.hex()
