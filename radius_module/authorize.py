"""FreeRADIUS section `authorize`: PAP and CHAP are decided here, in one call; MS-CHAP gets what proves its password."""

from __future__ import annotations

from radius_module import lifecycle, login, passwords
from radius_module.packet import login_request
from radius_module.rlm import NO_ANSWER, Answer, Pairs, guarded


@guarded(on_error=NO_ANSWER)
def authorize(pairs: Pairs) -> Answer:
    """The verdict, its attributes, and for MS-CHAP the customer's credential."""
    server = lifecycle.login_server()
    asked = login.asked(login_request(pairs))
    if server.is_too_stale(asked.request.origin.isp_id, asked.now):
        return NO_ANSWER
    if asked.request.is_mschap:
        return login.as_mschap(asked)
    authentic = asked.customer is not None and passwords.proves(
        asked.request, asked.customer, server.keyring
    )
    return login.answer(asked, authentic)
