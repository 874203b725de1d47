"""Words of `freeradius/mods-config/policy/words` → typed requests. Everything a router chose is bytes here.

A request that is not whole raises MalformedRequest, and its hook refuses. Accounting: accounting_packet.py.
"""

from __future__ import annotations

from binascii import a2b_base64
from functools import lru_cache
from typing import NamedTuple

from models.accounting.records import readable
from radius_module.names import station
from radius_module.replies.freeradius_socket import Receipt
from radius_module.rules.facts import maker

Pairs = tuple[tuple[str, str], ...]
PROXY_STATE = "Proxy-State"
_END = "."
_from_hex = bytes.fromhex


class MalformedRequest(ValueError):
    """Words are missing or cut off."""


class Origin(NamedTuple):
    """Where a packet came from: the source address, and whom FreeRADIUS knows there by its secret."""

    address: str
    isp_id: int
    device_id: int


class LoginRequest(NamedTuple):
    """One Access-Request."""

    origin: Origin
    username: bytes
    #: User-Password; empty without.
    password: bytes
    #: CHAP-Password: identifier and digest; empty without.
    chap: bytes
    #: CHAP-Challenge, or else the Request Authenticator (RFC 2865 section 2.2).
    challenge: bytes
    is_mschap: bool
    #: Calling-Station-Id; a MAC address as `AA:BB:CC:DD:EE:FF`.
    mac: str
    #: What its answer needs; None for a login that came another way.
    receipt: Receipt | None = None
    #: The line that FreeRADIUS made of it: the same only for the same packet, sent again.
    line: str = ""
    #: What rlm_mschap says of a wrong password, for the router.
    mschap_error: bytes = b""


_login_request, _receipt = maker(LoginRequest), maker(Receipt)


def login_request(pairs: Pairs) -> LoginRequest:
    """The Access-Request in a hook's argument."""
    words = dict(pairs)
    client, identifier, port, authenticator, local, name, password, calling = line_of(words, "Wire-Login", 8)
    source, asked_with = origin(client), octets_of(authenticator)
    chap = challenge = states = error = b""
    is_mschap = False
    if len(words) > 1:
        if "Wire-Chap" in words:
            chap, challenge = map(a2b_base64, line_of(words, "Wire-Chap", 2))
            challenge = challenge or asked_with
        if PROXY_STATE in words:
            states = proxy_states(pairs)
        error = a2b_base64(words.pop("Wire-Error", ""))  # holds a number that is never the same
        is_mschap = "MS-CHAP2-Response" in words or "MS-CHAP-Response" in words
    line = words["Wire-Login"] if len(words) == 1 else " ".join(words.values())
    receipt = _receipt((source.address, int(port), local, int(identifier), asked_with, states))
    made: LoginRequest = _login_request(
        (source, a2b_base64(name), a2b_base64(password), chap, challenge, is_mschap, _station(calling),
         receipt, line, error)
    )  # fmt: skip
    return made


def source_address(pairs: Pairs) -> str:
    """The unknown source of a packet that FreeRADIUS asks about."""
    return dict(pairs)["Wire-Source"]


def client_name(isp_id: int, device_id: int, address: str) -> str:
    """The short name by which FreeRADIUS hands a router, once verified, to the hooks."""
    return f"{isp_id}/{device_id}/{address}"


@lru_cache(4096)
def origin(client: str) -> Origin:
    """The router of a short name. Raises MalformedRequest."""
    try:
        isp_id, device_id, address = client.split("/")
        return Origin(address, int(isp_id), int(device_id))
    except ValueError as wrong:
        raise MalformedRequest(f"a client called {client!r}") from wrong


def octets_of(value: str) -> bytes:
    """Octets that FreeRADIUS wrote in hex. Raises MalformedRequest."""
    try:
        if value[:2] == "0x":
            return _from_hex(value[2:])
    except ValueError:
        pass
    raise MalformedRequest(f"{value[:40]!r} is not octets in hex")


def proxy_states(pairs: Pairs) -> bytes:
    """All of them as they were, in their order (RFC 2865 section 5.33)."""
    states = [octets_of(value) for name, value in pairs if name == PROXY_STATE]
    return b"".join(bytes((33, 2 + len(octets))) + octets for octets in states)


@lru_cache(65536)
def _station(word: str) -> str:
    """Calling-Station-Id, in text that a database takes: few stations ask often."""
    return station(readable(a2b_base64(word)))


def line_of(words: dict[str, str], name: str, count: int) -> list[str]:
    """The words of a line that we have FreeRADIUS make. Raises MalformedRequest."""
    found = words.get(name, "").split(" ")
    if len(found) != count + 1 or found[count] != _END:
        raise MalformedRequest(f"{name} is not whole")
    del found[count]
    return found
