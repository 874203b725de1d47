"""FreeRADIUS section `authorize`: PAP and CHAP are decided here, in one call; MS-CHAP gets what proves its password."""

from __future__ import annotations

from time import time

from radius_module import lifecycle
from radius_module.login import login
from radius_module.packets.access_request import login_request
from radius_module.rlm import NO_ANSWER, Answer, Pairs, guarded


@guarded(on_error=NO_ANSWER)
def authorize(pairs: Pairs) -> Answer:
    """The verdict and its attributes; for MS-CHAP the customer's credential; silence from facts that are too old."""
    server, request, now = lifecycle.auth_server(), login_request(pairs), time()
    isp_id = request.origin.isp_id
    if server.drops(request, now) or server.is_too_stale(isp_id, now):
        return NO_ANSWER
    customer = server.directory.customer(isp_id, request.username)
    if request.is_mschap and not request.eap:
        return login.as_mschap(server, request, customer, now)
    authentic = customer is not None and server.passwords.proves(request, customer)
    return login.quick_answer(server, request, customer, authentic, now)
