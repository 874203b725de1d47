"""Rule `time_used_up`, and how long a session may last that has some of it left."""

import pytest

from radius_module.rules import decide
from radius_module.rules.facts import Grant
from tests.support.facts_made import CUSTOMER, NOW, code, facts, rule
from tests.support.facts_made import PLAN as UNLIMITED

RULE = rule("time_used_up")
PLAN = UNLIMITED._replace(time_limit=3600)


def timeout(**changes: object) -> int:
    granted = decide(facts(**changes))
    assert isinstance(granted, Grant)
    return granted.session_timeout


@pytest.mark.parametrize(("seconds", "answer"), [(3599, "accept"), (3600, "time_used_up"), (9999, "time_used_up")])
def test_at_the_limit_the_customer_is_refused_and_a_second_below_is_not(seconds: int, answer: str) -> None:
    assert code(facts(plan=PLAN, seconds=seconds)) == answer


def test_without_a_limit_nothing_is_too_long() -> None:
    assert code(facts(plan=UNLIMITED, seconds=10**9)) == code(facts(plan=None, seconds=10**9)) == "accept"


def test_the_session_lasts_for_what_is_left_and_no_longer_than_anything_else() -> None:
    assert timeout(plan=PLAN, seconds=600) == 3000
    assert timeout(plan=PLAN._replace(session_timeout=60), seconds=600) == 60
    assert timeout(plan=PLAN, customer=CUSTOMER._replace(expires_at=NOW + 100), seconds=600) == 100


def test_support_sees_what_is_left() -> None:
    assert RULE.shows(facts(plan=PLAN, seconds=600)) == {
        "used_seconds": 600, "allowed_seconds": 3600, "seconds_left": 3000
    }  # fmt: skip
    assert RULE.shows(facts()) == {"used_seconds": None, "allowed_seconds": None, "seconds_left": None}
