"""Words of `freeradius/mods-config/policy/words` → typed requests. Everything a router chose is bytes here.

A request that is not whole raises MalformedRequest, and its hook refuses. Accounting: accounting_packet.py.
"""

from __future__ import annotations

from binascii import a2b_base64
from functools import lru_cache
from typing import NamedTuple

from models.accounting.records import readable
from models.names import station
from radius_module.fast_tuple import maker
from radius_module.packets.reply_to import ReplyTo
from radius_module.packets.wire_line import PROXY_STATE, Origin, Pairs, line_of, octets_of, origin, proxy_states


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
    reply_to: ReplyTo | None = None
    #: The line that FreeRADIUS made of it: the same only for the same packet, sent again.
    line: str = ""
    #: What rlm_mschap says of a wrong password, for the router.
    mschap_error: bytes = b""


_login_request, _reply_to = maker(LoginRequest), maker(ReplyTo)


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
    reply_to = _reply_to((source.address, int(port), local, int(identifier), asked_with, states))
    made: LoginRequest = _login_request(
        (source, a2b_base64(name), a2b_base64(password), chap, challenge, is_mschap, _station(calling),
         reply_to, line, error)
    )  # fmt: skip
    return made


@lru_cache(65536)
def _station(word: str) -> str:
    """Calling-Station-Id, in text that a database takes: few stations ask often."""
    return station(readable(a2b_base64(word)))
