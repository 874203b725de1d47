"""Rule `expired`."""

import math

import pytest

from tests.support.facts_made import CUSTOMER, NOW, code, facts, of_customer, rule

RULE = rule("expired")


@pytest.mark.parametrize("seconds", [0.000001, 1.0, 300 * 86_400.0, math.inf])
def test_below_the_limit_he_passes(seconds: float) -> None:
    assert code(of_customer(expires_at=NOW + seconds)) == "accept"


def test_at_the_very_second_of_expiry_he_is_refused() -> None:
    assert code(of_customer(expires_at=NOW)) == "expired"


@pytest.mark.parametrize("seconds", [0.000001, 1.0, 300 * 86_400.0])
def test_above_the_limit_he_is_refused(seconds: float) -> None:
    assert code(of_customer(expires_at=NOW - seconds)) == "expired"


def test_status_expired_is_refused_whatever_the_date_says() -> None:
    assert code(of_customer(status="expired", expires_at=NOW + 86_400)) == "expired"


def test_the_expiry_of_a_spent_quota_is_told_as_expiry() -> None:
    spent = facts()
    assert spent.plan is not None
    spent = spent._replace(
        plan=spent.plan._replace(data_limit=1), used=1, customer=CUSTOMER._replace(expires_at=NOW - 1)
    )
    assert code(spent) == "expired"


def test_support_sees_the_seconds_left() -> None:
    assert RULE.shows(of_customer(expires_at=NOW + 90.7)) == {"expires_at": NOW + 90.7, "seconds_left": 90}
    assert RULE.shows(of_customer(expires_at=NOW - 5)) == {"expires_at": NOW - 5, "seconds_left": 0}
    assert RULE.shows(facts(customer=None)) == {"expires_at": None, "seconds_left": None}


def test_support_sees_an_expiry_that_never_comes() -> None:
    assert RULE.shows(of_customer(expires_at=math.inf)) == {"expires_at": None, "seconds_left": None}
