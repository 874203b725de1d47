"""Rule `bad_password`."""

from tests.support.facts_made import CUSTOMER, NOW, code, facts, rule

RULE = rule("bad_password")


def test_the_right_password_passes() -> None:
    assert code(facts(authentic=True)) == "accept"


def test_the_wrong_password_is_refused() -> None:
    assert code(facts(authentic=False)) == "bad_password"


def test_only_he_who_knows_the_password_learns_how_the_customer_stands() -> None:
    for customer in (
        CUSTOMER._replace(status="suspended"),
        CUSTOMER._replace(expires_at=NOW - 1),
        CUSTOMER._replace(mac="02:00:00:00:00:99"),
    ):
        assert code(facts(customer=customer, authentic=False)) == "bad_password"


def test_support_sees_whether_it_was_right() -> None:
    assert RULE.shows(facts(authentic=False)) == {"assumed_right": False}
