"""Rule `suspended`."""

from tests.support.facts_made import NOW, code, facts, of_customer, rule

RULE = rule("suspended")


def test_an_active_customer_passes() -> None:
    assert code(of_customer(status="active")) == "accept"


def test_a_suspended_customer_is_refused() -> None:
    assert code(of_customer(status="suspended")) == "suspended"


def test_the_providers_decision_is_told_before_the_expiry() -> None:
    assert code(of_customer(status="suspended", expires_at=NOW - 1)) == "suspended"


def test_support_sees_the_status() -> None:
    assert RULE.shows(of_customer(status="suspended")) == {"status": "suspended"}
    assert RULE.shows(facts(customer=None)) == {"status": None}
