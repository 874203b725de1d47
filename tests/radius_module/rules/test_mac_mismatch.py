"""Rule `mac_mismatch`."""

from tests.support.facts_made import MAC, OTHER_MAC, code, facts, of_customer, rule

RULE = rule("mac_mismatch")


def test_a_customer_without_a_registered_device_passes_from_any() -> None:
    assert code(facts(mac=OTHER_MAC)) == "accept"
    assert code(facts(mac="")) == "accept"


def test_the_registered_device_passes() -> None:
    assert code(of_customer(mac=MAC)) == "accept"


def test_another_device_is_refused() -> None:
    assert code(of_customer(mac=OTHER_MAC)) == "mac_mismatch"


def test_a_device_that_does_not_say_which_it_is_is_refused() -> None:
    assert code(of_customer(mac=MAC)._replace(mac="")) == "mac_mismatch"


def test_support_sees_both() -> None:
    assert RULE.shows(of_customer(mac=OTHER_MAC)) == {"expected": OTHER_MAC, "seen": MAC}
    assert RULE.shows(facts(mac="")) == {"expected": None, "seen": None}
