"""One login that came over HTTP, on its way through the function that answers logins on the wire (login.answer).

What differs from a device's: the tenant is the caller's and not the packet's, so the device is sought in it.
"""

from __future__ import annotations

from typing import Any

from models.accounting.records import AuthResult
from models.accounting.session_id import make_class
from models.names import station
from radius_module.login import login
from radius_module.login.context import LoginContext
from radius_module.login.facts import gather
from radius_module.packets.access_request import LoginRequest
from radius_module.packets.wire_line import Origin
from radius_module.replies import outcome
from radius_module.rules import explain
from radius_module.rules.facts import NO_GUESSES, Customer, Device

#: Stands for a device that does not exist, where 0 would be the probe.
NOWHERE = -1


class HttpLogin:
    """A login's context as this login sees it; `result` is what was recorded."""

    def __init__(self, context: LoginContext, isp_id: int) -> None:
        self.directory, self.passwords = context.directory, context.passwords
        self.guesses, self.reject_delay, self.answers = context.guesses, context.reject_delay, context.answers
        self.online = context.online
        self.spool = self
        self.result: AuthResult | None = None
        self._isp_id, self._context = isp_id, context

    def device(self, address: str) -> Device | None:
        """The tenant's; neither another tenant's nor the probe."""
        device = self.directory.device(address)
        return device if device is not None and device.isp_id == self._isp_id else None

    def put_later(self, result: AuthResult) -> None:
        """Into the spool, as every result."""
        self.result = result._replace(device_id=None if result.device_id == NOWHERE else result.device_id)
        self._context.spool.put_later(self.result)


def answer(
    context: LoginContext, isp_id: int, username: str, password: str, address: str, calling: str, now: float
) -> dict[str, Any] | None:
    """{code, reply, delay} of a login by PAP from the device at `address`, with Calling-Station-Id `calling`."""
    mac = station(calling)
    http = HttpLogin(context, isp_id)
    device = http.device(address)
    origin = Origin(address, isp_id, NOWHERE if device is None else device.id)
    name = username.encode()
    request = LoginRequest(origin, name, password.encode(), b"", b"", is_mschap=False, mac=mac)
    customer = context.directory.customer(isp_id, name)
    authentic = customer is not None and context.passwords.proves(request, customer)
    answered = login.answer(http, request, customer, authentic, now)
    if http.result is None:
        return None
    reply, delay = outcome.of_answer(answered[1]["reply"])
    return {"code": http.result.code, "reply": reply, "delay": delay}


def explained(
    context: LoginContext, isp_id: int, customer: Customer | None, device: Device | None, calling: str, now: float
) -> dict[str, Any]:
    """{code, reply, rules: [[code, passed, facts]]} of a login with the right password now."""
    mac = station(calling)
    guesses = NO_GUESSES if customer is None else context.guesses.seen(customer.id, mac, now)
    facts = gather(context.directory, context.online, isp_id, device, customer, mac, True, now, guesses=guesses)
    verdict, findings = explain(facts)
    answered = outcome.outcome(verdict, make_class(now, 0 if customer is None else customer.id))
    rules = [list(finding) for finding in (*findings, outcome.sendable(verdict, facts))]
    return {"code": answered.code, "reply": answered.reply, "rules": rules}
