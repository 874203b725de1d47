"""Guesses over HTTP and on the wire count together, and those that the database alone judges count too."""

from __future__ import annotations

import time
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from models.accounting.booking import book
from models.accounting.records import AuthResult
from radius_module.guesses import booked
from radius_module.login import ask
from radius_module.rules.identity import MOST_WRONG
from tests.support.caller import Answer
from tests.support.guessing import Guesser, looked_at
from tests.support.portal import MACS, Portal
from tests.wire.system import System
from tests.wire.tenant import Tenant

#: What the machine may take for a login that waits for nothing, seconds: others use it too.
AT_ONCE = 0.3


@pytest.fixture
def tenant(wire_tenant: Tenant) -> Tenant:
    """In the installation whose FreeRADIUS runs."""
    return wire_tenant


def test_guesses_on_the_wire_count_over_http(tenant: Tenant, portal: Portal, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("admin_api.radius.reject_delay.wait", lambda seconds: seconds)
    john = tenant.customer("john")
    assert portal.login(john, MACS[0]).status == 200
    with Guesser(tenant.router, "john") as guesser:
        guesser.guess(80, "PAP")
    assert looked_at(tenant, john, results=80) == MOST_WRONG

    def guess(password: str) -> Answer:
        return portal.login(john, MACS[1], password=password)

    with ThreadPoolExecutor(2) as pool:
        answers = list(pool.map(guess, (john.password, "wrong")))
    assert [(answer.status, answer.code) for answer in answers] == [(403, "too_many_guesses")] * 2
    begun = time.monotonic()
    assert portal.login(john, MACS[0]).status == 200
    assert time.monotonic() - begun < AT_ONCE
    rule = next(rule for rule in portal.explain(john, MACS[1])["rules"] if rule["code"] == "too_many_guesses")
    assert rule["facts"] == {"wrong_in_the_last_hour": MOST_WRONG, "from_known_device": False}


def test_without_the_login_process_the_database_counts_them(
    tenant: Tenant, portal: Portal, system: System, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Many at once are looked at one after the other, so that none slips through."""
    monkeypatch.setattr(ask, "_ask", lambda *_arguments: None)
    monkeypatch.setattr("admin_api.radius.reject_delay.wait", lambda seconds: seconds)
    john = tenant.customer("john")
    assert portal.login(john, MACS[0]).status == 200
    wrong = [
        AuthResult(tenant.isp_id, time.time() - number, b"john", "Access-Reject", "bad_password", john.id)
        for number in range(1, MOST_WRONG - 3)
    ]
    with system.owner.begin() as connection:
        book(connection, wrong)
    read = booked.read

    def read_slowly(*arguments: Any) -> None:
        read(*arguments)
        time.sleep(0.1)

    monkeypatch.setattr(booked, "read", read_slowly)

    def guess(number: int) -> Any:
        return portal.login(john, MACS[1], password=f"wrong {number}").code

    with ThreadPoolExecutor(4) as pool:
        codes = list(pool.map(guess, range(12)))
    assert codes.count("bad_password") == MOST_WRONG - len(wrong) == 4
    assert portal.login(john, MACS[1]).code == "too_many_guesses"
    assert portal.login(john, MACS[0]).status == 200
