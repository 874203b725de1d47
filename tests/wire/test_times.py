"""When a subscription ends, and how long a session may last: the least of all that limits it."""

from __future__ import annotations

import time

import pytest

from tests.wire.router import PROTOCOLS, proof
from tests.wire.tenant import PASSWORD, Tenant

DAY = 86_400
LONGEST = 21_474_720


@pytest.mark.parametrize("protocol", PROTOCOLS)
def test_a_second_after_the_expiry_is_too_late(tenant: Tenant, protocol: str) -> None:
    john = tenant.customer(expires_in=-1)
    assert not tenant.login(john, proof(protocol, "john", PASSWORD)).accepted
    assert tenant.codes(1) == ["expired"]


def test_the_moment_of_expiry_is_the_first_that_is_too_late(tenant: Tenant) -> None:
    """Logins without a pause across the moment: no Accept was asked for after it, no refusal came before it."""
    john = tenant.customer()
    moment = time.time() + 1.5
    tenant.set_customer(john, "expires_at = to_timestamp(:moment)", moment=moment)
    accepted = True
    while accepted:
        asked = time.time()
        answer = tenant.login(john)
        answered, accepted = time.time(), answer.accepted
        assert asked < moment if accepted else answered >= moment
        if accepted:
            assert answer.session_timeout == max(1, int(moment - asked)) or answer.session_timeout == max(
                1, int(moment - answered)
            )
    assert answered < moment + 1


@pytest.mark.parametrize(("days", "expected"), [(1, DAY), (200, 200 * DAY), (300, LONGEST), (3000, LONGEST)])
def test_a_session_lasts_until_the_expiry_or_as_long_as_a_router_can_count(
    tenant: Tenant, days: int, expected: int
) -> None:
    john = tenant.customer(expires_in=days * DAY)
    timeout = tenant.login(john).session_timeout
    assert timeout is not None
    assert expected - 10 <= timeout <= expected
    assert timeout == LONGEST or expected < LONGEST


def test_a_customer_who_never_expires_is_served(tenant: Tenant) -> None:
    john = tenant.customer()
    tenant.set_customer(john, "expires_at = 'infinity'")
    assert tenant.login(john).session_timeout == LONGEST


def test_the_session_timeout_is_the_least_of_plan_expiry_and_the_customers_own(tenant: Tenant) -> None:
    john = tenant.customer(expires_in=1800, plan=tenant.plan(session_timeout=60))
    assert 1700 < (tenant.login(john).session_timeout or 0) <= 1800
    tenant.set_customer(john, "expires_at = now() + interval '3 hours'")
    assert tenant.login(john).session_timeout == 3600
    tenant.reply_row(john, "Session-Timeout", ":=", "7200")
    assert tenant.login(john).session_timeout == 3600
    tenant.reply_row(john, "Session-Timeout", ":=", "600")
    assert tenant.login(john).session_timeout == 600


def test_the_longest_timeout_of_a_plan_still_arrives(tenant: Tenant) -> None:
    john = tenant.customer(expires_in=3000 * DAY, plan=tenant.plan(session_timeout=357_912, idle_timeout=357_912))
    answer = tenant.login(john)
    assert (answer.session_timeout, answer.idle_timeout) == (357_912 * 60, 357_912 * 60)


def test_idle_timeout_and_interim_interval_are_sent(tenant: Tenant) -> None:
    answer = tenant.login(tenant.on_plan(idle_timeout=10))
    assert (answer.idle_timeout, answer.interim) == (600, 300)
