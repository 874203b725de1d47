"""Rule `too_many_guesses`."""

import pytest

from radius_module.rules import ORDER
from radius_module.rules.facts import Guesses
from tests.support.facts_made import code, facts, rule

RULE = rule("too_many_guesses")


@pytest.mark.parametrize(
    ("guesses", "authentic", "expected"),
    [
        (Guesses(59, False, False), True, "accept"),
        (Guesses(60, False, False), True, "too_many_guesses"),
        (Guesses(60, False, False), False, "too_many_guesses"),
        (Guesses(60, False, True), True, "accept"),
        (Guesses(60, False, True), False, "bad_password"),
        (Guesses(60, True, False), True, "accept"),
        (Guesses(60, True, False), False, "too_many_guesses"),
    ],
)
def test_beyond_sixty_only_a_known_device_or_whose_turn_it_is(guesses: Guesses, authentic: bool, expected: str) -> None:
    assert code(facts(guesses=guesses, authentic=authentic)) == expected


def test_it_reads_like_a_wrong_password_and_like_an_unknown_name() -> None:
    assert len({each.message for each in ORDER if each.code in (RULE.code, "bad_password", "unknown_customer")}) == 1


def test_support_sees_how_many_there_were() -> None:
    assert RULE.shows(facts()) == {"wrong_in_the_last_hour": 0, "from_known_device": None}
    shown = RULE.shows(facts(guesses=Guesses(12, True, True)))
    assert shown == {"wrong_in_the_last_hour": 12, "from_known_device": True}
