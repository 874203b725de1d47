"""Attributes as text → as they travel, where their dictionary's layout is the plain one: rows of operators' own too.

What is left to FreeRADIUS (None) is what has a tag, is encrypted, or lies in another layout of its vendor's.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from socket import AF_INET, AF_INET6, inet_pton

from radius_module.replies.attribute import Pair, plain
from radius_module.replies.dictionary import definitions

#: Octets of a value in one attribute, and in a vendor's.
_LONGEST, _LONGEST_OF_VENDOR = 253, 247
_VALUE: dict[str, Callable[[str], bytes]] = {
    "string": lambda value: plain(value).encode(),
    "octets": lambda value: bytes.fromhex(value.removeprefix("0x")),
    "byte": lambda value: int(value).to_bytes(1, "big"),
    "short": lambda value: int(value).to_bytes(2, "big"),
    "integer": lambda value: int(value).to_bytes(4, "big"),
    "integer64": lambda value: int(value).to_bytes(8, "big"),
    "ipaddr": lambda value: inet_pton(AF_INET, value),
    "ipv6addr": lambda value: inet_pton(AF_INET6, value),
}


def encoded(pairs: Iterable[Pair]) -> bytes | None:
    """The attributes in their order; None where one of them is left to FreeRADIUS."""
    octets = [_encoded(pair) for pair in pairs]
    return None if None in octets else b"".join(filter(None, octets))


def _encoded(pair: Pair) -> bytes | None:
    name, _op, text = pair
    definition = definitions().get(name.lower())
    if definition is None or definition.code is None or definition.kind not in _VALUE:
        return None
    vendor, number = definition.code
    try:
        value = _VALUE[definition.kind](text)
    except (ValueError, OverflowError, OSError):
        return None
    if not 0 < len(value) <= (_LONGEST_OF_VENDOR if vendor else _LONGEST):
        return None
    attribute = bytes((number, 2 + len(value))) + value
    return bytes((26, 6 + len(attribute))) + vendor.to_bytes(4, "big") + attribute if vendor else attribute
