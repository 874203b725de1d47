"""A login's way: request → facts → verdict → answer. Shared by the hooks `authorize` and `post_auth`."""

from __future__ import annotations

import logging
import os

from models.accounting.records import AuthResult
from models.accounting.session_id import make_class
from models.names import login_name
from radius_module.directory.devices import PROBE_ID
from radius_module.fast_tuple import maker
from radius_module.login.context import LoginContext, WireContext
from radius_module.login.duplicates import Given
from radius_module.login.facts import gather
from radius_module.login.fast_path import FastAccept
from radius_module.login.reject_delay import GUESSES
from radius_module.online.slot import new_slot
from radius_module.packets.access_request import LoginRequest
from radius_module.packets.reply_to import ReplyTo
from radius_module.replies import access_attributes, access_octets
from radius_module.replies.attribute import Pair, UnencodableAttribute, text
from radius_module.rlm import HANDLED, OK, REJECT, Answer, Lists
from radius_module.rules import decide
from radius_module.rules.facts import NO_GUESSES, Customer, Deny

log = logging.getLogger(__name__)

#: PAP and CHAP are proved; what MS-CHAP still has to be is not overwritten.
_ACCEPTED: tuple[Pair, ...] = (("Auth-Type", "=", "Accept"), ("Response-Packet-Type", ":=", "Access-Accept"))
_REFUSED: tuple[Pair, ...] = (("Response-Packet-Type", ":=", "Access-Reject"),)
_BY_MSCHAP: Pair = ("Auth-Type", ":=", "MS-CHAP")
#: The hook has answered by itself, and FreeRADIUS does not.
_SENT: Answer = HANDLED
_auth_result = maker(AuthResult)


def quick_answer(
    server: WireContext, request: LoginRequest, customer: Customer | None, authentic: bool, now: float
) -> Answer:
    """The short way where it will do, or else the long one. The same packet, sent again, gets the same answer."""
    given = server.duplicates.find(request.line, now)
    if given is not None:
        return _send_again(server, request, given)
    may_be_quick = (
        authentic and customer is not None and customer.id not in server.guesses.crowded
        and not request.eap and _has_usual_room(request)
    )  # fmt: skip
    accept = server.fast_path.accept(request, customer, now) if may_be_quick and customer is not None else None
    if accept is None:
        decided = answer(server, request, customer, authentic, now)
        delay = access_attributes.delay_of(decided[1]["reply"])
        if delay:
            return _hold_back(server, request, decided, delay, now)
        server.duplicates.remember(request.line, decided, now)
        return decided
    return accepted(server, request, request.reply_to, request.line, customer, accept, now)


def accepted(
    server: WireContext,
    request: LoginRequest,
    reply_to: ReplyTo | None,
    line: str,
    customer: Customer | None,
    accept: FastAccept,
    now: float,
) -> Answer:
    """Answer and record a login that the short way has accepted."""
    if accept.grant.station != request.mac:
        accept.grant.station = request.mac
        _remember(server, request, customer, now)
    _record(server, request, customer, "Access-Accept", "accept", accept.klass, now)
    # After MS-CHAP the answer holds keys and a proof, which only FreeRADIUS has.
    octets = None if request.is_mschap else accept.octets()
    if octets is not None and reply_to is not None:
        sent = server.sender.accept(reply_to, octets)
        if sent is not None:
            server.duplicates.remember(line, sent, now)
            return _SENT
    by_freeradius: Answer = OK, accept.pairs(), _ACCEPTED
    server.duplicates.remember(line, by_freeradius, now)
    return by_freeradius


def _has_usual_room(request: LoginRequest) -> bool:
    """May the attributes of the last login be sent as they were, for all that Proxy-State takes?"""
    return request.reply_to is None or len(request.reply_to.proxy_states) <= access_attributes.USUAL_PROXY_STATES


def _hold_back(server: WireContext, request: LoginRequest, refused: Lists, delay: int, now: float) -> Answer:
    """A wrong guess hears of it later. FreeRADIUS' own delay would have it keep every request for as long."""
    octets = access_octets.refusal(access_attributes.message_of(refused[1]["reply"]), request.mschap_error)
    sent = None if request.reply_to is None else server.sender.reject(request.reply_to, octets, delay)
    server.duplicates.remember(request.line, refused if sent is None else sent, now, now + delay)
    return refused if sent is None else _SENT


def _send_again(server: WireContext, request: LoginRequest, given: Given) -> Answer:
    """The first answer was lost, or the device could not wait."""
    if not isinstance(given, bytes):
        return given
    if request.reply_to is not None:
        server.sender.again(request.reply_to, given)
    return _SENT


def answer(
    context: LoginContext, request: LoginRequest, customer: Customer | None, authentic: bool, now: float
) -> Lists:
    """The long way: decide, take the slot, put the answer together, have the result recorded."""
    isp_id, device_id = request.origin.isp_id, request.origin.device_id
    device = context.device(request.origin.address)
    if device is not None and (device.id, device.isp_id) != (device_id, isp_id):
        # FreeRADIUS verified the packet with the secret of the device that was at this address a moment ago.
        device = None
    is_eap, guesses = request.eap != b"", NO_GUESSES
    if customer is not None and device is not None and not is_eap:
        guesses = context.guesses.claim(customer.id, request.mac, authentic, now)
    facts = gather(
        context.directory, context.online, isp_id, device, customer, request.mac, authentic, now, is_eap, guesses
    )
    verdict = decide(facts)
    if isinstance(verdict, Deny):
        return _refuse(context, request, customer, verdict, now)
    assert customer is not None  # noqa: S101  # an unknown customer is refused
    klass = make_class(now, customer.id, access_attributes.interval_of(verdict))
    try:
        states = b"" if request.reply_to is None else request.reply_to.proxy_states
        pairs = access_attributes.accept(verdict, klass, access_attributes.room_beside(states))
    except UnencodableAttribute as wrong:
        log.error("customer %d: refused, the answer cannot be sent: %s", customer.id, wrong)
        return _refuse(context, request, customer, access_attributes.NOT_SET_UP, now)
    if device_id != PROBE_ID:
        context.online.take_slot(customer.id, new_slot(request.mac, device_id, klass), now)
        if customer.not_started:
            context.directory.first_logins.note(customer.id, now)
    _remember(context, request, customer, now)
    _record(context, request, customer, "Access-Accept", "accept", klass, now)
    return OK, {"reply": pairs, "config": _ACCEPTED}


def _remember(context: LoginContext, request: LoginRequest, customer: Customer | None, now: float) -> None:
    """A device of the customer's: guesses made elsewhere do not hold it back."""
    if customer is not None and request.origin.device_id != PROBE_ID:
        context.guesses.remember(customer.id, request.mac, now)


def as_mschap(context: LoginContext, request: LoginRequest, customer: Customer | None, now: float) -> Answer:
    """Hand rlm_mschap what it needs to prove the password; the rules follow in post-auth.

    An unknown name gets what no password fits, so that its refusal looks like any other; so does a device that has to
    wait after too many guesses. The user name goes back into the request, for it is part of what MS-CHAPv2 proves (RFC
    2759 section 8.2).
    """
    is_judged = customer is not None and not context.guesses.holds_back(customer.id, request.mac, now)
    known = context.passwords.for_mschap(customer) if customer is not None and is_judged else None
    attribute, value = known or ("NT-Password", "0x" + os.urandom(16).hex())
    name = ("User-Name", ":=", text(request.username.decode(errors="replace")))
    return OK, {"request": (name,), "config": (_BY_MSCHAP, (attribute, ":=", text(value)))}


def _refuse(
    context: LoginContext, request: LoginRequest, customer: Customer | None, refusal: Deny, now: float
) -> Lists:
    delay = 0
    if refusal.code in GUESSES:
        name = login_name(request.username.decode("utf-8", "backslashreplace"))
        delay = context.reject_delay.count(request.origin.isp_id, request.origin.device_id, name, now)
    _record(context, request, customer, "Access-Reject", refusal.code, b"", now)
    pairs = access_attributes.refuse_eap(request.eap) if request.eap else access_attributes.refuse(refusal, delay)
    return REJECT, {"reply": pairs, "config": _REFUSED}


def _record(
    context: LoginContext,
    request: LoginRequest,
    customer: Customer | None,
    reply: str,
    code: str,
    klass: bytes,
    now: float,
) -> None:
    address, isp_id, device_id = request.origin
    context.answers[code] += 1
    if device_id != PROBE_ID:
        customer_id = None if customer is None else customer.id
        context.spool.put_later(
            _auth_result(
                (isp_id, now, request.username, reply, code, customer_id, device_id, address, request.mac, klass)
            )
        )
