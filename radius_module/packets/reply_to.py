"""Where the answer to a packet goes, and what it is signed with."""

from __future__ import annotations

from typing import NamedTuple


class ReplyTo(NamedTuple):
    """What a router that asked waits for."""

    address: str
    port: int
    #: The address of ours that it was sent to.
    local: str
    identifier: int
    #: The Request Authenticator.
    authenticator: bytes
    #: Proxy-State attributes, whole; they go back as they came.
    proxy_states: bytes
