"""Where a request came from, when proxies of the installation stand in front: X-Forwarded-For, as far as it is trusted.

Every proxy appends the address that it was called from. With N trusted proxies the Nth value from the right is the
caller; whatever stands further to the left was written by the caller and says nothing.
"""

from __future__ import annotations

import ipaddress
import logging
from collections.abc import Iterable
from typing import TYPE_CHECKING

from flask import Request

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIApplication, WSGIEnvironment

log = logging.getLogger("infora.api")

#: Headers that a proxy adds: a request that carries one of them came from elsewhere, whatever its connection says.
FORWARDING = (
    "Forwarded", "X-Forwarded-For", "X-Forwarded-Host", "X-Forwarded-Proto", "X-Real-IP", "Via", "CF-Connecting-IP",
    "True-Client-IP", "X-Client-IP", "X-Original-Forwarded-For",
)  # fmt: skip
_FORWARDED_FOR = "HTTP_X_FORWARDED_FOR"


class ClientAddress:
    """WSGI: makes REMOTE_ADDR the caller's address."""

    def __init__(self, app: WSGIApplication, proxies: int) -> None:
        self._app, self._proxies, self._has_warned = app, proxies, False

    def __call__(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        forwarded = environ.get(_FORWARDED_FOR)
        if forwarded and self._proxies:
            address = caller_of(forwarded, self._proxies)
            if address is not None:
                environ["REMOTE_ADDR"] = address
        elif forwarded and not self._has_warned:
            self._has_warned = True
            log.warning("requests come through a proxy, but API_TRUSTED_PROXIES is 0: all callers share its address")
        return self._app(environ, start_response)


def caller_of(forwarded: str, proxies: int) -> str | None:
    """The caller in an X-Forwarded-For; None where fewer proxies have written to it, or no address stands there."""
    values = forwarded.split(",")
    return _address(values[-proxies]) if len(values) >= proxies else None


def is_this_machine(request: Request) -> bool:
    """Whether the request began on this machine: over loopback, and with no word of a proxy that passed it on."""
    if any(name in request.headers for name in FORWARDING):
        return False
    try:
        return ipaddress.ip_address(request.remote_addr or "").is_loopback
    except ValueError:
        return False


def _address(text: str) -> str | None:
    """An address in any of the forms that proxies write: with a port, in brackets, IPv4 within IPv6."""
    text = text.strip().strip('"')
    if text.startswith("["):
        text = text[1:].partition("]")[0]
    elif text.count(":") == 1:
        text = text.partition(":")[0]
    try:
        ip = ipaddress.ip_address(text.partition("%")[0])
    except ValueError:
        return None
    mapped = getattr(ip, "ipv4_mapped", None)
    return str(mapped or ip)
