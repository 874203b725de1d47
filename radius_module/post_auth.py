"""FreeRADIUS section `post-auth`, for MS-CHAP only: the password is proved or not, now the rules."""

from __future__ import annotations

from time import time

from radius_module import lifecycle
from radius_module.login import login
from radius_module.packets.access_request import login_request
from radius_module.rlm import NO_ANSWER, Answer, Pairs, guarded


@guarded(on_error=NO_ANSWER)
def post_auth(pairs: Pairs) -> Answer:
    """The right password: rlm_mschap has let the request pass."""
    return _proved(pairs, True)


@guarded(on_error=NO_ANSWER)
def post_auth_reject(pairs: Pairs) -> Answer:
    """The wrong one: FreeRADIUS is about to refuse; we give the reason and record it."""
    return _proved(pairs, False)


def _proved(pairs: Pairs, authentic: bool) -> Answer:
    server, request = lifecycle.auth_server(), login_request(pairs)
    customer = server.directory.customer(request.origin.isp_id, request.username)
    return login.quick_answer(server, request, customer, authentic, time())
