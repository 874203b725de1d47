"""Words of `freeradius/mods-config/policy/words` → typed requests. Everything a router chose is bytes here.

A request that is not whole raises MalformedRequest, and its hook refuses. Accounting: accounting_packet.py.
"""

from __future__ import annotations

from binascii import a2b_base64
from functools import lru_cache
from typing import NamedTuple

from models.reports import readable
from radius_module.names import station
from radius_module.rules.facts import maker

Pairs = tuple[tuple[str, str], ...]
_END = "."


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


_login_request = maker(LoginRequest)


def login_request(pairs: Pairs) -> LoginRequest:
    """The Access-Request in a hook's argument."""
    words = dict(pairs)
    client, name, password, calling = line_of(words, "Wire-Login", 4)
    chap = challenge = b""
    is_mschap = False
    if len(words) > 1:
        chap, challenge = _chap(words) if "Wire-Chap" in words else (b"", b"")
        is_mschap = "MS-CHAP2-Response" in words or "MS-CHAP-Response" in words
    made: LoginRequest = _login_request(
        (origin(client), a2b_base64(name), a2b_base64(password), chap, challenge, is_mschap, _station(calling))
    )
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


def _chap(words: dict[str, str]) -> tuple[bytes, bytes]:
    authenticator, chap, challenge = line_of(words, "Wire-Chap", 3)
    return a2b_base64(chap), a2b_base64(challenge) if challenge else bytes.fromhex(authenticator[2:])


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
