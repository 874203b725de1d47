"""Where the answer to a packet goes, and what it is signed with."""

from __future__ import annotations

import struct
from typing import NamedTuple

from radius_module.fast_tuple import maker

#: Code, identifier and length of a RADIUS packet; 16 octets of authenticator follow (RFC 2865 section 3).
HEAD = struct.Struct(">BBH")


class ReplyTo(NamedTuple):
    """What the device that sent a request waits for."""

    address: str
    port: int
    #: The address of ours that the request was sent to.
    local: str
    identifier: int
    #: The Request Authenticator.
    authenticator: bytes
    #: Proxy-State attributes, whole; they go back as they came.
    proxy_states: bytes
    #: Whose secret signs the answer.
    device_id: int = 0


#: A ReplyTo of one tuple of its fields, in their order.
make_reply_to = maker(ReplyTo)
