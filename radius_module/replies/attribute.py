"""A reply attribute's text → what FreeRADIUS will send, or an error: FreeRADIUS itself would send something wrong.

It takes a number modulo 2^32, "abc" for 0, and leaves out what it does not know: its replies fail open.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import suppress
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network

from radius_module.replies.dictionary import Definition, definitions
from radius_module.replies.operator_rows import RESERVED, default_op, problem_of

__all__ = ["Pair", "UnencodableAttribute", "check_row", "default_op", "encode", "number", "octets_of", "plain", "text"]

Pair = tuple[str, str, str]

#: A value's octets in one attribute (RFC 2865 section 5; in a vendor's attribute a few less).
LONGEST_TEXT = 247
#: Enough for 2^64 with leading zeros; Python refuses to read numbers of thousands of digits.
_DIGITS = 40
_BITS = {"byte": 8, "short": 16, "integer": 32, "date": 32, "integer64": 64}
_ADDRESSES: dict[str, Callable[[str], object]] = {
    "ipaddr": IPv4Address,
    "ipv6addr": IPv6Address,
    "ipv4prefix": IPv4Network,
    "ipv6prefix": IPv6Network,
}


#: Octets that all rows of one customer may take in an answer, and as many all rows of one plan: beside both there is
#: room for what the server itself sends (access_attributes.ROOM).
ROWS_OCTETS = 1600
#: And so many of each: FreeRADIUS takes time with the square of the number of attributes, in the one thread that
#: answers everybody.
MOST_ROWS = 100
_OCTETS = {
    "byte": 1, "short": 2, "integer": 4, "date": 4, "integer64": 8, "ipaddr": 4, "ipv6addr": 16, "ipv4prefix": 6,
    "ipv6prefix": 18,
}  # fmt: skip


class UnencodableAttribute(ValueError):
    """An attribute that cannot be sent as it is written; says why, in words for an operator."""

    def __init__(self, name: str, problem: str, field: str = "value") -> None:
        """`field`: which of a row's fields is wrong, `attribute`, `op` or `value`."""
        super().__init__(f"{name}: {problem}")
        self.name, self.problem, self.field = name, problem, field


def text(value: str) -> str:
    """A string for FreeRADIUS, which unescapes it as if it stood in double quotes."""
    return value.replace("\\", "\\\\").replace('"', '\\"')


def plain(value: str) -> str:
    """A string for FreeRADIUS as it is sent."""
    return value.replace('\\"', '"').replace("\\\\", "\\")


def number(name: str, value: int, bits: int = 32) -> str:
    """A whole number that fits. Raises UnencodableAttribute."""
    if not 0 <= value < 1 << bits:
        raise UnencodableAttribute(name, f"{value} is not between 0 and 2^{bits} - 1")
    return str(value)


def encode(name: str, op: str, value: str) -> Pair:
    """What a `radreply` or `radgroupreply` row sends. Raises UnencodableAttribute."""
    definition = definitions().get(name.lower())
    if definition is None:
        raise UnencodableAttribute(name, "there is no such attribute", "attribute")
    reason = RESERVED.get(name.lower())
    if reason is not None:
        raise UnencodableAttribute(name, reason, "attribute")
    if op not in ("=", ":=", "+="):
        raise UnencodableAttribute(name, f"the operator must be =, := or +=, not {op}", "op")
    sent = _value(definition, value)
    problem = problem_of(name, plain(sent))
    if problem is not None:
        raise UnencodableAttribute(name, problem)
    return definition.name, op, sent


def octets_of(pair: Pair) -> int:
    """How many octets the attribute takes in a packet, at most."""
    name, _op, value = pair
    definition = definitions()[name.lower()]
    if definition.kind == "octets":
        return definition.overhead + len(value) // 2 - 1
    size = _OCTETS.get(definition.kind)
    return definition.overhead + (len(plain(value).encode()) if size is None else size)


def check_row(name: str, op: str, value: str, others: Sequence[tuple[str, str, str]]) -> Pair:
    """A row that is about to be saved beside its owner's `others`. Raises UnencodableAttribute."""
    pair = encode(name, op, value)
    octets, count = octets_of(pair), 1 + len(others)
    for other in others:
        with suppress(UnencodableAttribute):  # written by SQL: it is refused at login, and `explain` names it
            octets += octets_of(encode(*other))
    if count > MOST_ROWS:
        raise UnencodableAttribute(name, f"with it there would be {count} rows, and {MOST_ROWS} fit")
    if octets > ROWS_OCTETS:
        raise UnencodableAttribute(name, f"with it the rows would take {octets} octets, and {ROWS_OCTETS} fit")
    return pair


def _value(definition: Definition, value: str) -> str:
    name, kind = definition.name, definition.kind
    if kind == "string":
        if "\0" in value or not 1 <= len(value.encode()) <= LONGEST_TEXT:
            raise UnencodableAttribute(name, f"must have 1 to {LONGEST_TEXT} octets of UTF-8 without NUL")
        return text(value)
    if kind == "octets":
        return _octets(name, value)
    if kind in _BITS:
        named = definition.values.get(value.lower())
        if named is None and not (value.isascii() and value.isdigit() and len(value) <= _DIGITS):
            raise UnencodableAttribute(name, f"{value:.40} is neither a number in range nor the name of a value")
        return number(name, int(value) if named is None else named, _BITS[kind])
    if kind in _ADDRESSES:
        try:
            return str(_ADDRESSES[kind](value))
        except ValueError as error:
            raise UnencodableAttribute(name, f"{error}") from None
    raise UnencodableAttribute(name, f"attributes of type {kind} cannot be set here")


def _octets(name: str, value: str) -> str:
    digits = value.removeprefix("0x")
    try:
        octets = bytes.fromhex(digits)
    except ValueError:
        octets = b""
    if not value.startswith("0x") or " " in digits or not 1 <= len(octets) <= LONGEST_TEXT:
        raise UnencodableAttribute(name, f"must be 0x and 1 to {LONGEST_TEXT} octets in hex")
    return "0x" + octets.hex()
