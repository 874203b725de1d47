"""FreeRADIUS section `post-auth`, for MS-CHAP only: the password is proved or not, now the rules."""

from __future__ import annotations

from radius_module import login
from radius_module.packet import login_request
from radius_module.rlm import NO_ANSWER, Answer, Pairs, guarded


@guarded(on_error=NO_ANSWER)
def post_auth(pairs: Pairs) -> Answer:
    """The right password: rlm_mschap has let the request pass."""
    return login.answer(login.asked(login_request(pairs)), authentic=True)


@guarded(on_error=NO_ANSWER)
def post_auth_reject(pairs: Pairs) -> Answer:
    """The wrong one: FreeRADIUS is about to refuse, we say why and write it down."""
    return login.answer(login.asked(login_request(pairs)), authentic=False)
