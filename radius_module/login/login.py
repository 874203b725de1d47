"""A login's way: request → facts → verdict → answer. What authorize.py and post_auth.py have in common."""

from __future__ import annotations

import logging
import os

from models.accounting.records import AuthResult
from models.accounting.session_id import make_class
from models.names import login_name
from radius_module.auth.server import AuthServer
from radius_module.directory.devices import PROBE_ID
from radius_module.fast_tuple import maker
from radius_module.login import passwords
from radius_module.login.duplicates import Given
from radius_module.login.facts import gather
from radius_module.login.reject_delay import GUESSES
from radius_module.packets.access_request import LoginRequest
from radius_module.replies import access_attributes, access_octets
from radius_module.replies.attribute import Pair, UnencodableAttribute, text
from radius_module.rlm import HANDLED, OK, REJECT, Answer, Lists
from radius_module.rules import decide
from radius_module.rules.facts import Customer, Deny

log = logging.getLogger(__name__)

#: PAP and CHAP are proved; what MS-CHAP still has to be is not overwritten.
_ACCEPTED: tuple[Pair, ...] = (("Auth-Type", "=", "Accept"),)
_BY_MSCHAP: Pair = ("Auth-Type", ":=", "MS-CHAP")
#: The hook has answered by itself; to FreeRADIUS "handled" alone would be a refusal.
_SENT: Answer = HANDLED, (), (("Response-Packet-Type", ":=", "Do-Not-Respond"),)
#: Tells the site that a refusal is recorded and needs no second look.
_DECIDED: tuple[Pair, ...] = (("Infora-Decided", ":=", "1"),)
_auth_result = maker(AuthResult)


def quick_answer(
    server: AuthServer, request: LoginRequest, customer: Customer | None, authentic: bool, now: float
) -> Answer:
    """The short way where it will do, or else the long one. The same packet, sent again, is answered as it was."""
    given = server.answered.find(request.line, now)
    if given is not None:
        return _again(server, request, given)
    admitted = server.fast_path.admit(request, customer, now) if authentic and customer is not None else None
    if admitted is None:
        decided = answer(server, request, customer, authentic, now)
        delay = access_attributes.delay_of(decided[1]["reply"])
        if delay:
            return _hold_back(server, request, decided, delay, now)
        server.answered.keep(request.line, decided, now)
        return decided
    _record(server, request, customer, "Access-Accept", "accept", admitted.klass, now)
    # After MS-CHAP there are keys and a proof in the answer, which FreeRADIUS has.
    octets = None if request.is_mschap else admitted.octets()
    if octets is not None and request.reply_to is not None:
        sent = server.sender.accept(request.reply_to, octets)
        if sent is not None:
            server.answered.keep(request.line, sent, now)
            return _SENT
    told: Answer = OK, admitted.pairs(), _ACCEPTED
    server.answered.keep(request.line, told, now)
    return told


def _hold_back(server: AuthServer, request: LoginRequest, refused: Lists, delay: int, now: float) -> Answer:
    """A guess is told so later. FreeRADIUS' own delay would have it keep every request for as long (late.py)."""
    octets = access_octets.refusal(access_attributes.message_of(refused[1]["reply"]), request.mschap_error)
    sent = None if request.reply_to is None else server.sender.reject(request.reply_to, octets, delay)
    server.answered.keep(request.line, refused if sent is None else sent, now, now + delay)
    return refused if sent is None else _SENT


def _again(server: AuthServer, request: LoginRequest, given: Given) -> Answer:
    """The first answer was lost, or the router could not wait."""
    if not isinstance(given, bytes):
        return given
    if request.reply_to is not None:
        server.sender.again(request.reply_to, given)
    return _SENT


def answer(server: AuthServer, request: LoginRequest, customer: Customer | None, authentic: bool, now: float) -> Lists:
    """The long way: decide, take the place, put the answer together, have the result recorded."""
    isp_id, device_id = request.origin.isp_id, request.origin.device_id
    device = server.device(request.origin.address)
    if device is not None and (device.id, device.isp_id) != (device_id, isp_id):
        # FreeRADIUS verified the packet with the secret of the router that was at this address a moment ago.
        device = None
    verdict = decide(gather(server.directory, server.live, isp_id, device, customer, request.mac, authentic, now))
    if isinstance(verdict, Deny):
        return _refuse(server, request, customer, verdict, now)
    assert customer is not None  # noqa: S101  # whoever is not refused is known
    klass = make_class(now)
    try:
        pairs = access_attributes.accept(verdict, klass)
    except UnencodableAttribute as wrong:
        log.error("customer %d: refused, his answer cannot be sent: %s", customer.id, wrong)
        return _refuse(server, request, customer, access_attributes.NOT_SET_UP, now)
    if device_id != PROBE_ID:
        server.live.take_slot(customer.id, request.mac or klass.hex(), now)
    _record(server, request, customer, "Access-Accept", "accept", klass, now)
    return OK, {"reply": pairs, "config": _ACCEPTED}


def as_mschap(server: AuthServer, request: LoginRequest, customer: Customer | None) -> Answer:
    """Hand rlm_mschap what it needs to prove the password; the rules follow in post-auth.

    Somebody unknown gets what no password fits, so that his refusal looks like anybody's. The user name goes back into
    the request, for it is part of what MS-CHAPv2 proves (RFC 2759 section 8.2).
    """
    known = None if customer is None else passwords.for_mschap(customer, server.keyring)
    attribute, value = known or ("NT-Password", "0x" + os.urandom(16).hex())
    name = ("User-Name", ":=", text(request.username.decode(errors="replace")))
    return OK, {"request": (name,), "config": (_BY_MSCHAP, (attribute, ":=", text(value)))}


def _refuse(server: AuthServer, request: LoginRequest, customer: Customer | None, refusal: Deny, now: float) -> Lists:
    delay = 0
    if refusal.code in GUESSES:
        name = login_name(request.username.decode("utf-8", "backslashreplace"))
        delay = server.brake.delay(request.origin.isp_id, request.origin.device_id, name, now)
    _record(server, request, customer, "Access-Reject", refusal.code, b"", now)
    return REJECT, {"reply": access_attributes.refuse(refusal, delay), "config": _DECIDED}


def _record(
    server: AuthServer,
    request: LoginRequest,
    customer: Customer | None,
    answered: str,
    code: str,
    klass: bytes,
    now: float,
) -> None:
    address, isp_id, device_id = request.origin
    server.answers[code] += 1
    if device_id != PROBE_ID:
        customer_id = None if customer is None else customer.id
        server.spool.put_later(
            _auth_result(
                (isp_id, now, request.username, answered, code, customer_id, device_id, address, request.mac, klass)
            )
        )
