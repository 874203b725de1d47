"""Rule `unknown_customer`."""

from tests.support.facts_made import code, facts, of_customer, rule

RULE = rule("unknown_customer")


def test_a_known_customer_passes() -> None:
    assert code(facts()) == "accept"


def test_an_unknown_name_is_refused() -> None:
    assert code(facts(customer=None, plan=None, authentic=False)) == "unknown_customer"


def test_a_customer_without_a_password_is_as_good_as_unknown() -> None:
    assert code(of_customer(credential=None, credential_attribute=None)) == "unknown_customer"


def test_an_unknown_name_is_refused_even_if_some_password_was_proved() -> None:
    assert code(facts(customer=None, plan=None, authentic=True)) == "unknown_customer"


def test_the_sentence_is_that_of_a_wrong_password() -> None:
    assert RULE.message == rule("bad_password").message


def test_support_sees_whether_he_is_known_and_never_the_password() -> None:
    assert RULE.shows(facts()) == {"known": True, "has_password": True}
    assert RULE.shows(of_customer(credential=None)) == {"known": True, "has_password": False}
    assert RULE.shows(facts(customer=None)) == {"known": False, "has_password": False}
