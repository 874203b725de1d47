"""A login's way: request → facts → verdict → answer. What authorize.py and post_auth.py have in common."""

from __future__ import annotations

import logging
import os
import struct
import time
from typing import NamedTuple

from models.reports import LoginResult
from radius_module import lifecycle, passwords, reply
from radius_module.attributes import Pair, UnencodableAttribute, text
from radius_module.names import login_name
from radius_module.packet import LoginRequest
from radius_module.rlm import OK, REJECT, Answer
from radius_module.routers import PROBE_ID
from radius_module.rules import decide
from radius_module.rules.facts import Customer, Deny, Facts, Grant, Verdict

log = logging.getLogger(__name__)

_DECIDED: Pair = ("Infora-Decided", ":=", "1")
_ACCEPTED: tuple[Pair, ...] = (("Auth-Type", ":=", "Accept"), _DECIDED)
_CLASS = struct.Struct(">BL8s")
_CLASS_VERSION = 1
_nonces: list[bytes] = []
#: Wrong answers of these kinds are guesses at a password; all other refusals are sent at once.
_GUESSES = frozenset(("unknown_customer", "bad_password"))


class Asked(NamedTuple):
    """A request, when it came, and whom it names."""

    request: LoginRequest
    now: float
    customer: Customer | None


def asked(request: LoginRequest) -> Asked:
    """Look the customer up."""
    customer = lifecycle.login_server().directory.customer(request.origin.isp_id, request.username)
    return Asked(request, time.time(), customer)


def facts_of(login: Asked, authentic: bool) -> Facts:
    """All that the rules look at. The router must still be the one that FreeRADIUS verified the packet's secret of."""
    server, (request, now, customer) = lifecycle.login_server(), login
    directory, live = server.directory, server.live
    device = server.device(request.origin.address)
    if device is not None and device.id != request.origin.device_id:
        device = None
    plan = directory.plan(customer.plan_id) if customer is not None else None
    used, occupied = (0, ()) if customer is None else live.standing(customer.id, customer.period_start(now), now)
    isp = directory.isp(request.origin.isp_id)
    return Facts(now, device, isp, customer, plan, authentic, request.mac, used, occupied)


def answer(login: Asked, authentic: bool) -> Answer:
    """Decide, take the place, put the answer together, have the result recorded."""
    facts = facts_of(login, authentic)
    verdict = decide(facts)
    if isinstance(verdict, Grant):
        klass = new_class(login.now)
        try:
            pairs = reply.accept(verdict, klass)
        except UnencodableAttribute as wrong:
            log.error("customer %d: refused, his answer cannot be sent: %s", _id(login), wrong)
            return _refuse(login, facts, reply.NOT_SET_UP)
        if login.customer is not None and not _is_probe(login):
            lifecycle.login_server().live.take_slot(login.customer.id, login.request.mac, klass.hex(), login.now)
        _record(login, verdict, "accept", klass)
        return OK, {"reply": pairs, "config": _ACCEPTED}
    return _refuse(login, facts, verdict)


def as_mschap(login: Asked) -> Answer:
    """Hand rlm_mschap what it needs to prove the password; the rules follow in post-auth.

    Somebody unknown gets nothing to be proved by, which is a wrong password to rlm_mschap. The user name goes back
    into the request, for it is part of what MS-CHAPv2 proves (RFC 2759 section 8.2).
    """
    request, _now, customer = login
    credential = None if customer is None else passwords.for_mschap(customer, lifecycle.login_server().keyring)
    if credential is None:
        return answer(login, authentic=False)
    attribute, value = credential
    name = ("User-Name", ":=", text(request.username.decode()))
    return OK, {"request": (name,), "config": ((attribute, ":=", text(value)),)}


def new_class(now: float) -> bytes:
    """Version, time of the login, nonce: what names a session for good (DESIGN 2)."""
    return _CLASS.pack(_CLASS_VERSION, int(now), _nonce())


def _nonce() -> bytes:
    """8 octets that were never used before; drawn from the kernel by the thousand, for a call costs 1 to 10 µs."""
    try:
        return _nonces.pop()
    except IndexError:
        drawn = os.urandom(8 * 1024)
        _nonces.extend(drawn[at : at + 8] for at in range(0, len(drawn), 8))
        return _nonces.pop()


def _refuse(login: Asked, facts: Facts, refusal: Deny) -> Answer:
    request = login.request
    delay = 0
    if refusal.code in _GUESSES:
        name = login_name(request.username.decode("utf-8", "backslashreplace"))
        delay = lifecycle.login_server().brake.delay(request.origin.isp_id, request.origin.device_id, name, facts.now)
    _record(login, refusal, refusal.code, b"")
    return REJECT, {"reply": reply.refuse(refusal, delay), "config": (_DECIDED,)}


def _record(login: Asked, verdict: Verdict, code: str, klass: bytes) -> None:
    request, now, customer = login
    server = lifecycle.login_server()
    server.count(code)
    if _is_probe(login):
        return
    server.spool.put_later(
        LoginResult(
            request.origin.isp_id, now, request.username,
            "Access-Accept" if isinstance(verdict, Grant) else "Access-Reject", code,
            None if customer is None else customer.id, request.origin.device_id, request.origin.address,
            request.mac, klass,
        )
    )  # fmt: skip


def _is_probe(login: Asked) -> bool:
    return login.request.origin.device_id == PROBE_ID


def _id(login: Asked) -> int:
    return login.customer.id if login.customer is not None else 0
