"""Rule `quota_exceeded`."""

import pytest

from tests.support.facts_made import CUSTOMER, NOW, PERIOD, PLAN, code, facts, of_plan, rule

RULE = rule("quota_exceeded")
GIB4 = 1 << 32


def topped_up(*topups: tuple[float, int], used: int, starts: tuple[float, ...] = (PERIOD,)) -> str:
    customer = CUSTOMER._replace(topups=topups, period_starts=starts)
    return code(facts(customer=customer, plan=PLAN._replace(data_limit=1000), used=used))


@pytest.mark.parametrize("limit", [1, 1000, GIB4 - 1, GIB4, GIB4 + 1, 10**13, 2**62])
def test_at_the_limit_he_is_refused_and_one_octet_below_he_is_not(limit: int) -> None:
    assert code(of_plan(data_limit=limit, used=limit - 1)) == "accept"
    assert code(of_plan(data_limit=limit, used=limit)) == "quota_exceeded"
    assert code(of_plan(data_limit=limit, used=limit + 1)) == "quota_exceeded"


def test_a_cap_of_nothing_is_used_up_from_the_beginning() -> None:
    assert code(of_plan(data_limit=0, used=0)) == "quota_exceeded"


def test_without_a_cap_nothing_is_too_much() -> None:
    assert code(of_plan(data_limit=None, used=10**15)) == "accept"


def test_without_a_plan_there_is_no_cap() -> None:
    assert code(facts(plan=None, used=10**15)) == "accept"


def test_a_plan_that_slows_down_does_not_refuse() -> None:
    assert code(of_plan(data_limit=1000, used=1000, throttles=True)) == "accept"


def test_what_was_bought_on_top_counts_to_its_last_octet() -> None:
    assert topped_up((PERIOD, 200), (PERIOD, 50), used=1249) == "accept"
    assert topped_up((PERIOD, 200), (PERIOD, 50), used=1250) == "quota_exceeded"


def test_what_was_bought_on_top_ends_with_its_period() -> None:
    assert topped_up((PERIOD - 86_400, 200), used=999) == "accept"
    assert topped_up((PERIOD - 86_400, 200), used=1000) == "quota_exceeded"


@pytest.mark.parametrize(
    ("begins", "answer"), [(NOW - 1, "quota_exceeded"), (NOW, "quota_exceeded"), (NOW + 1, "accept")]
)
def test_a_top_up_is_void_from_the_second_the_next_paid_period_begins(begins: float, answer: str) -> None:
    assert topped_up((PERIOD, 200), used=1100, starts=(PERIOD, begins, begins + 86_400)) == answer


def test_the_next_periods_own_top_up_counts_once_it_has_begun() -> None:
    assert topped_up((NOW, 200), used=1100, starts=(PERIOD, NOW)) == "accept"


def test_support_sees_what_is_left() -> None:
    shown = RULE.shows(of_plan(data_limit=1000, used=400))
    assert shown == {"used_bytes": 400, "allowance_bytes": 1000, "remaining_bytes": 600, "counts_now": True}
    assert RULE.shows(of_plan(data_limit=1000, used=4000))["remaining_bytes"] == 0
    nothing = {"used_bytes": 5, "allowance_bytes": None, "remaining_bytes": None, "counts_now": True}
    assert RULE.shows(facts(used=5)) == nothing
