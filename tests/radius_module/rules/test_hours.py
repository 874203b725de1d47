"""What an hour of the plan means for a login: its speed, and whether an allowance that is used up matters."""

from radius_module.rules import decide
from radius_module.rules.facts import Facts, Grant, Hour
from tests.support.facts_made import PLAN, code, facts

CAPPED = PLAN._replace(data_limit=1000)
SLOWED = CAPPED._replace(throttles=True)
FAST_AND_FREE, FREE, COUNTED = Hour("5M/50M", False), Hour(None, False), Hour("5M/50M", True)


def granted(judged: Facts) -> tuple[str | None, int | None]:
    """(rate, allowance)"""
    verdict = decide(judged)
    assert isinstance(verdict, Grant)
    return verdict.rate, verdict.allowance


def test_the_hours_speed_takes_the_place_of_the_plans() -> None:
    assert granted(facts(hour=COUNTED)) == ("5M/50M", None)
    assert granted(facts(hour=FREE)) == (PLAN.rate, None)


def test_what_does_not_count_has_no_end() -> None:
    assert granted(facts(plan=CAPPED, used=400, hour=COUNTED)) == ("5M/50M", 600)
    assert granted(facts(plan=CAPPED, used=400, hour=FAST_AND_FREE)) == ("5M/50M", None)


def test_a_used_up_allowance_refuses_and_slows_down_only_where_octets_count() -> None:
    assert code(facts(plan=CAPPED, used=1000, hour=COUNTED)) == "quota_exceeded"
    assert granted(facts(plan=CAPPED, used=1000, hour=FAST_AND_FREE)) == ("5M/50M", None)
    assert granted(facts(plan=SLOWED, used=1000, hour=COUNTED)) == (PLAN.throttled_rate, None)
    assert granted(facts(plan=SLOWED, used=1000, hour=FREE)) == (PLAN.rate, None)
