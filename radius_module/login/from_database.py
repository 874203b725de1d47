"""A login judged from the database, while the login process cannot be asked: the same way, facts and rules.

What only that process knows is missing: slots between Accept and Start, and octets that the spool still owes the
database (a second or two of traffic).
"""

from __future__ import annotations

from collections import Counter
from datetime import datetime
from typing import Any, NamedTuple

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from models.accounting.records import AuthResult
from models.customers.lookup import customer_id_named
from models.secrets.keyring import Keyring
from radius_module.directory.load import excerpt
from radius_module.guesses import booked
from radius_module.guesses.counts import GuessCounts
from radius_module.login import over_http
from radius_module.login.passwords import Passwords
from radius_module.login.reject_delay import RejectDelay
from radius_module.rules.facts import Device

#: Of this process alone: the login process has the one that counts.
_reject_delay = RejectDelay()


class Caller(NamedTuple):
    """Who wants a login judged: a tenant, in a transaction of its own."""

    session: Session
    isp_id: int
    #: The request's one moment.
    now: datetime
    keyring: Keyring


class DatabaseContext:
    """What the database says about one customer and one device, as the login process would hold it."""

    def __init__(self, caller: Caller, customer_id: int | None, device_id: int | None) -> None:
        connection = caller.session.connection()
        self.directory, self.online = excerpt(connection, caller.isp_id, customer_id, device_id)
        self.passwords, self.reject_delay = Passwords(caller.keyring), _reject_delay
        self.guesses = GuessCounts()
        if customer_id is not None:
            booked.read(connection, {customer_id: caller.isp_id}, self.guesses, caller.now.timestamp())
        self.answers: Counter[str] = Counter()
        self.spool = self
        self.results: list[AuthResult] = []

    def device(self, address: str) -> Device | None:
        return self.directory.device(address)

    def put_later(self, result: AuthResult) -> None:
        self.results.append(result)


def login(
    caller: Caller, username: str, password: str, address: str, calling: str, device_id: int | None
) -> tuple[dict[str, Any], list[AuthResult]]:
    """({code, reply, delay} of a login, what is to be booked of it). `device_id`: of the device at `address`."""
    customer_id = customer_id_named(caller.session, username)
    if customer_id is not None:
        # Guesses at one password are judged one after the other, each when the one before is booked.
        lock = func.pg_advisory_xact_lock(func.hashtextextended(f"guesses {customer_id}", 0))
        caller.session.execute(select(lock))
    context = DatabaseContext(caller, customer_id, device_id)
    moment = caller.now.timestamp()
    answer = over_http.answer(context, caller.isp_id, username, password, address, calling, moment)
    assert answer is not None  # noqa: S101  # an answer without a result would be the probe's
    return answer, context.results


def explained(caller: Caller, customer_id: int, device_id: int | None, calling: str) -> dict[str, Any]:
    """{code, reply, rules} of a login with the right password now."""
    context = DatabaseContext(caller, customer_id, device_id)
    contents = context.directory.contents
    _network, device = contents.devices.get(device_id or 0, (None, None))
    customer = contents.customers.get(customer_id)
    return over_http.explained(context, caller.isp_id, customer, device, calling, caller.now.timestamp())
