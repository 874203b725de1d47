"""What an accepted login gets."""

import math

import pytest

from radius_module.rules import decide
from radius_module.rules.facts import Attribute, Facts, Grant
from radius_module.rules.service import LONGEST_SESSION, grant
from tests.support.facts_made import (
    CUSTOMER,
    NOW,
    PERIOD,
    PLAN,
    facts,
    of_customer,
    of_plan,
)


def given(asked: Facts) -> Grant:
    verdict = decide(asked)
    assert isinstance(verdict, Grant)
    return verdict


def session_timeout(expires_in: float, plans: int | None) -> int:
    asked = facts(customer=CUSTOMER._replace(expires_at=NOW + expires_in), plan=PLAN._replace(session_timeout=plans))
    return given(asked).session_timeout


@pytest.mark.parametrize(
    ("expires_in", "plans", "least"),
    [
        (3600, 1800, 1800),
        (3600, 3600, 3600),
        (3599, 3600, 3599),
        (3600, None, 3600),
        (300 * 86_400, None, LONGEST_SESSION),
        (300 * 86_400, 60, 60),
        (LONGEST_SESSION - 1, None, LONGEST_SESSION - 1),
        (LONGEST_SESSION + 1, None, LONGEST_SESSION),
        (300 * 86_400, LONGEST_SESSION + 60, LONGEST_SESSION),
        (math.inf, None, LONGEST_SESSION),
    ],
)
def test_session_timeout_is_the_least_of_plan_expiry_and_what_routeros_takes(
    expires_in: float, plans: int | None, least: int
) -> None:
    assert session_timeout(expires_in, plans) == least


@pytest.mark.parametrize("expires_in", [0.000001, 0.4, 0.999, 1.0, 1.999])
def test_less_than_a_second_to_expiry_is_one_second_and_never_zero_which_would_be_for_ever(expires_in: float) -> None:
    assert session_timeout(expires_in, None) == 1
    assert session_timeout(expires_in, 3600) == 1


def test_whole_seconds_are_counted_down_so_that_nobody_stays_past_his_expiry() -> None:
    assert session_timeout(59.99, None) == 59


def test_the_longest_session_is_routeros_own() -> None:
    assert LONGEST_SESSION == 21474720


def test_without_a_cap_no_allowance_is_sent() -> None:
    assert given(of_plan(data_limit=None, used=10**12)).allowance is None


@pytest.mark.parametrize("limit", [1, 2**32 - 1, 2**32, 5 * 10**9, 10**13])
def test_the_allowance_is_what_is_left_of_the_period(limit: int) -> None:
    assert given(of_plan(data_limit=limit)).allowance == limit
    assert given(of_plan(data_limit=limit, used=limit - 1)).allowance == 1


def test_top_ups_are_part_of_the_allowance() -> None:
    customer = CUSTOMER._replace(topups=((PERIOD, 500), (PERIOD - 86_400, 10**9)))
    assert given(facts(customer=customer, plan=PLAN._replace(data_limit=1000), used=1100)).allowance == 400


@pytest.mark.parametrize(("used", "rate", "left"), [(999, "2M/10M", 1), (1000, "1M/1M", None), (5000, "1M/1M", None)])
def test_a_plan_that_slows_down_does_so_at_its_limit_and_lifts_the_cap(used: int, rate: str, left: int | None) -> None:
    found = given(of_plan(data_limit=1000, used=used, throttles=True))
    assert (found.rate, found.allowance) == (rate, left)


def test_a_plan_that_slows_down_without_a_cap_never_slows() -> None:
    assert given(of_plan(data_limit=None, used=10**15, throttles=True)).rate == "2M/10M"


def test_a_customer_without_a_plan_gets_time_and_address_and_no_limits() -> None:
    row = Attribute("Filter-Id", "=", "x")
    customer = CUSTOMER._replace(plan_id=None, static_ip="10.0.0.9", extra=(row,))
    found = given(facts(customer=customer, plan=None))
    assert found == Grant(None, None, 86_400, None, "10.0.0.9", None, (row,))


def test_a_fixed_address_comes_instead_of_the_pool() -> None:
    with_pool = PLAN._replace(address_pool="pool1")
    found = given(facts(customer=CUSTOMER._replace(static_ip="10.0.0.9"), plan=with_pool))
    assert (found.address, found.pool) == ("10.0.0.9", None)
    found = given(facts(plan=with_pool))
    assert (found.address, found.pool) == (None, "pool1")


def test_the_plans_idle_timeout_is_handed_on() -> None:
    assert given(of_plan(idle_timeout=300)).idle_timeout == 300
    assert given(of_plan()).idle_timeout is None


def test_operators_rows_come_plan_first_customer_last() -> None:
    plans, customers = Attribute("Filter-Id", "=", "plan"), Attribute("Filter-Id", ":=", "customer")
    asked = facts(plan=PLAN._replace(extra=(plans,)), customer=CUSTOMER._replace(extra=(customers,)))
    assert given(asked).extra == (plans, customers)


def test_nobody_is_served_nothing() -> None:
    with pytest.raises(ValueError, match="customer"):
        grant(facts(customer=None))


def test_the_running_period_is_the_newest_that_has_begun() -> None:
    customer = of_customer(period_starts=(PERIOD, NOW, NOW + 86_400)).customer
    assert customer is not None
    assert customer.period_start(NOW - 0.001) == PERIOD
    assert customer.period_start(NOW) == NOW
    assert customer.period_start(NOW + 86_399) == NOW
    assert customer.period_start(NOW + 10 * 86_400) == NOW + 86_400
