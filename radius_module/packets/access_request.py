"""Words of `freeradius/mods-config/policy/words` → a typed request. Everything that a device chose is bytes here.

A request that is not whole raises MalformedRequest, and its hook stays silent.
"""

from __future__ import annotations

from binascii import a2b_base64
from typing import NamedTuple

from radius_module.fast_tuple import maker
from radius_module.packets.reply_to import ReplyTo, make_reply_to
from radius_module.packets.wire_line import (
    MalformedRequest,
    Origin,
    calling_station,
    line_of,
    octets_of,
    origin,
    proxy_states,
)
from radius_module.rlm import Pairs


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
    #: The line that FreeRADIUS wrote of it: the same only for the same packet, sent again.
    line: str = ""
    #: What rlm_mschap says of a wrong password, for the device.
    mschap_error: bytes = b""
    #: The head of an EAP packet: code and identifier (RFC 3748 section 4); empty for a login by another protocol.
    eap: bytes = b""
    #: Without a Message-Authenticator, which FreeRADIUS would have verified.
    is_unsigned: bool = False


_login_request = maker(LoginRequest)
#: Proxy-State under a name of ours: FreeRADIUS, which would copy it into the answer, finds it there already.
_STATE = "Wire-State"
#: Octets of Proxy-State beside which a refusal still fits into a packet of 4096.
_MOST_PROXY_STATES = 3700
#: Characters of four octets or more.
_HEAD_IN_BASE64 = 8


def login_request(pairs: Pairs) -> LoginRequest:
    """The Access-Request in a hook's argument."""
    words = dict(pairs)
    client, identifier, port, authenticator, local, name, password, calling = line_of(words, "Wire-Login", 8)
    source, request_authenticator = origin(client), octets_of(authenticator)
    chap = challenge = states = error = eap = b""
    is_mschap = is_unsigned = False
    if len(words) > 1:
        if "Wire-Chap" in words:
            chap, challenge = map(a2b_base64, line_of(words, "Wire-Chap", 2))
            challenge = challenge or request_authenticator
        is_unsigned = "Wire-Unsigned" in words
        if "Wire-Eap" in words:
            eap = a2b_base64(words["Wire-Eap"][:_HEAD_IN_BASE64])[:2].ljust(2, b"\0")
        if _STATE in words:
            states = proxy_states(pairs, _STATE)
            if len(states) > _MOST_PROXY_STATES:
                raise MalformedRequest(f"{len(states)} octets of Proxy-State leave no room for an answer")
        error = a2b_base64(words.pop("Wire-Error", ""))  # holds a number that is never the same
        is_mschap = "MS-CHAP2-Response" in words or "MS-CHAP-Response" in words
    line = words["Wire-Login"] if len(words) == 1 else " ".join(words.values())
    reply_to = make_reply_to(
        (source.address, int(port), local, int(identifier), request_authenticator, states, source.device_id)
    )
    request: LoginRequest = _login_request(
        (source, a2b_base64(name), a2b_base64(password), chap, challenge, is_mschap,
         calling_station(calling, a2b_base64), reply_to, line, error, eap, is_unsigned)
    )  # fmt: skip
    return request
