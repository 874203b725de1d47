"""A login like the customer's last one: the same device, name, password and station, in a packet of its own.

What FreeRADIUS wrote of such a packet differs from the last in identifier, port and authenticator alone. The rest is
the key to what was read and proved of it then, so that nothing of it is decoded, looked up and compared anew. It can
only lead to the short way (fast_path.py); whatever is not as it was goes the usual one.
"""

from __future__ import annotations

from typing import NamedTuple

from radius_module.login.context import WireContext
from radius_module.login.login import accepted
from radius_module.packets.access_request import LoginRequest
from radius_module.packets.reply_to import ReplyTo, make_reply_to
from radius_module.packets.wire_line import octets_of
from radius_module.rlm import Answer
from radius_module.rules.facts import Customer

#: About 700 octets each.
_MOST = 100_000
#: Words of the line before those that stay the same: device, identifier, port, authenticator, our address.
_BEFORE = 5


class _Known(NamedTuple):
    #: The device's short name.
    client: str
    #: The user name as it was written, which is the key by which the customer is found.
    name: str
    request: LoginRequest
    customer: Customer


class KnownLogins:
    """The last logins with the right password, by the words that are the same in the next."""

    def __init__(self) -> None:
        self._logins: dict[str, _Known] = {}

    def remember(self, line: str, request: LoginRequest, customer: Customer) -> None:
        """A login with the right password, of which the line is all that was read."""
        words = line.split(" ", _BEFORE)
        if request.username.decode() != customer.username or len(words) <= _BEFORE:
            # Another spelling of the name may be another customer's tomorrow.
            return
        if len(self._logins) >= _MOST:
            self._logins.clear()
        # No packet of its own is kept.
        kept = request._replace(reply_to=None, line="", challenge=b"", password=b"")
        self._logins[words[_BEFORE]] = _Known(words[0], customer.username, kept, customer)

    def answer(self, server: WireContext, line: str, now: float) -> Answer | None:
        """Accept the login, if it is one that is known. None: it is to be looked at."""
        client, *words = line.split(" ", _BEFORE)
        known = self._logins.get(words[-1])
        if known is None or known[0] != client:
            return None
        _client, name, request, customer = known
        address, isp_id, device_id = request[0]
        names = server.directory.contents.names.get(isp_id)
        if (
            names is None
            # Customers are replaced as a whole, with their passwords.
            or names.get(name) is not customer
            or customer.id in server.guesses.crowded
            or server.is_too_stale(isp_id, now)
            or server.duplicates.find(line, now) is not None
        ):
            return None
        accept = server.fast_path.accept(request, customer, now)
        if accept is None:
            return None
        identifier, port, authenticator, local, _ = words
        reply_to: ReplyTo = make_reply_to(
            (address, int(port), local, int(identifier), octets_of(authenticator), b"", device_id)
        )
        return accepted(server, request, reply_to, line, customer, accept, now)
