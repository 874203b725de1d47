"""FreeRADIUS section `authorize`: PAP and CHAP are decided here, in one call; MS-CHAP gets what proves its password."""

from __future__ import annotations

from time import time

from radius_module import lifecycle
from radius_module.auth.server import AuthServer
from radius_module.login import login
from radius_module.packets.access_request import login_request
from radius_module.packets.wire_line import client_of
from radius_module.rlm import NO_ANSWER, Answer, Pairs, Unverified, guarded

_unverified = Unverified()


@guarded(on_error=NO_ANSWER)
def authorize(pairs: Pairs) -> Answer:
    """The verdict and its attributes; for MS-CHAP the customer's credential; silence from facts that are too old."""
    server, now = lifecycle.auth_server(), time()
    if len(pairs) == 1:
        answer = server.known.answer(server, pairs[0][1], now)
        if answer is not None:
            return answer
    return _decided(server, pairs, now)


def _decided(server: AuthServer, pairs: Pairs, now: float) -> Answer:
    request = login_request(pairs)
    isp_id = request.origin.isp_id
    if request.is_unsigned and not request.username:
        # Of a request that it could not verify FreeRADIUS shows no attribute, neither signature nor name.
        return _unverified.dropped(client_of(pairs), now)
    if server.drops(request, now) or server.is_too_stale(isp_id, now):
        return NO_ANSWER
    customer = server.directory.customer(isp_id, request.username)
    if request.is_mschap and not request.eap:
        return login.as_mschap(server, request, customer, now)
    authentic = customer is not None and server.passwords.proves(request, customer)
    if authentic and customer is not None and len(pairs) == 1:
        server.known.remember(request.line, request, customer)
    return login.quick_answer(server, request, customer, authentic, now)
