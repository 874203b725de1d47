"""Words of `freeradius/mods-config/policy/words` → typed requests. Everything a router chose is bytes here.

A request that is not whole raises MalformedRequest: its hook refuses (logins) or keeps silent (accounting).
"""

from __future__ import annotations

from binascii import a2b_base64
from functools import lru_cache
from typing import NamedTuple

from models.reports import SessionReport, readable
from radius_module.names import station
from radius_module.rules.facts import maker

Pairs = tuple[tuple[str, str], ...]
_END = "."
_GIGAWORD = 1 << 32


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
_session_report = maker(SessionReport)
#: Service-Type, Framed-Protocol, Acct-Authentic: no more than NAS-Port-Type says already, and 4 % of a packet's cost.
_UNREAD = ("", "", "")


def login_request(pairs: Pairs) -> LoginRequest:
    """The Access-Request in a hook's argument."""
    words = dict(pairs)
    try:
        client, name, password, calling, end = words["Wire-Login"].split(" ")
    except (KeyError, ValueError):
        end = ""
    if end != _END:
        raise MalformedRequest("Wire-Login is not whole")
    chap = challenge = b""
    is_mschap = False
    if len(words) > 1:
        chap, challenge = _chap(words) if "Wire-Chap" in words else (b"", b"")
        is_mschap = "MS-CHAP2-Response" in words or "MS-CHAP-Response" in words
    made: LoginRequest = _login_request(
        (origin(client), a2b_base64(name), a2b_base64(password), chap, challenge, is_mschap, _station(calling))
    )
    return made


def session_report(pairs: Pairs, received: float) -> SessionReport:
    """The Accounting-Request in a hook's argument; octets in RFC 2866's view unless the device has them reversed."""
    words = dict(pairs)
    client, status, session_id, klass = _words(words, "Wire-Session", 4)
    name, port_id, port_type = _words(words, "Wire-Port", 3)
    calling, called, framed, prefix, delegated = _words(words, "Wire-Place", 5)
    seconds, low_in, high_in, low_out, high_out, delay, clock, cause = _words(words, "Wire-Growth", 8)
    source = origin(client)
    made: SessionReport = _session_report(
        (
            status,
            source.isp_id,
            source.device_id,
            a2b_base64(session_id),
            a2b_base64(klass),
            a2b_base64(name),
            received,
            int(delay or 0),
            int(seconds) if seconds else None,
            int(low_in or 0) + _GIGAWORD * int(high_in or 0),
            int(low_out or 0) + _GIGAWORD * int(high_out or 0),
            _station(calling),
            a2b_base64(called),
            source.address,
            a2b_base64(port_id),
            port_type,
            framed,
            prefix,
            delegated,
            cause,
            int(clock) if clock else None,
            *_UNREAD,
        )
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
    authenticator, chap, challenge = _words(words, "Wire-Chap", 3)
    return a2b_base64(chap), a2b_base64(challenge) if challenge else bytes.fromhex(authenticator[2:])


@lru_cache(65536)
def _station(word: str) -> str:
    """Calling-Station-Id, in text that a database takes: few stations ask often."""
    return station(readable(a2b_base64(word)))


def _words(words: dict[str, str], name: str, count: int) -> list[str]:
    found = words.get(name, "").split(" ")
    if len(found) != count + 1 or found[count] != _END:
        raise MalformedRequest(f"{name} is not whole")
    del found[count]
    return found
