"""Rule `too_many_sessions`."""

from tests.support.facts_made import MAC, OTHER_MAC, THIRD_MAC, code, facts, of_plan, place, rule

RULE = rule("too_many_sessions")


def test_below_the_limit_he_passes() -> None:
    assert code(of_plan(simultaneous_use=1, slots=())) == "accept"
    assert code(of_plan(simultaneous_use=2, slots=(place(),))) == "accept"


def test_at_the_limit_he_is_refused() -> None:
    assert code(of_plan(simultaneous_use=1, slots=(place(),))) == "too_many_sessions"
    assert code(of_plan(simultaneous_use=2, slots=(place(), place(THIRD_MAC)))) == "too_many_sessions"


def test_above_the_limit_he_is_refused() -> None:
    assert code(of_plan(simultaneous_use=1, slots=(place(), place(THIRD_MAC)))) == "too_many_sessions"


def test_a_place_taken_at_accept_counts_before_its_start() -> None:
    assert code(of_plan(simultaneous_use=1, slots=(place(session=""),))) == "too_many_sessions"


def test_the_same_device_takes_its_own_place_over() -> None:
    assert code(of_plan(simultaneous_use=1, slots=(place(MAC),))) == "accept"
    assert code(of_plan(simultaneous_use=2, slots=(place(MAC), place(OTHER_MAC)))) == "accept"
    assert code(of_plan(simultaneous_use=1, slots=(place(MAC), place(OTHER_MAC)))) == "too_many_sessions"


def test_a_login_that_takes_over_no_slot_is_another_each_time() -> None:
    assert code(of_plan(simultaneous_use=1, slots=(place("10.0.0.7"),))._replace(own_slot="")) == "too_many_sessions"
    assert code(of_plan(simultaneous_use=1, slots=(place(""),))._replace(own_slot="")) == "too_many_sessions"


def test_a_login_without_a_station_takes_over_the_one_slot_of_its_device() -> None:
    asked = of_plan(simultaneous_use=1, slots=(place("@70"),))
    assert code(asked._replace(mac="", own_slot="@70")) == "accept"
    assert code(asked._replace(mac="", own_slot="@71")) == "too_many_sessions"


def test_without_a_plan_there_is_one_place() -> None:
    assert code(facts(plan=None, slots=())) == "accept"
    assert code(facts(plan=None, slots=(place(),))) == "too_many_sessions"


def test_a_plan_that_replaces_lets_the_newcomer_in() -> None:
    assert code(of_plan(simultaneous_use=1, replaces_oldest=True, slots=(place(),))) == "accept"


def test_support_sees_how_many_others_are_in() -> None:
    asked = of_plan(simultaneous_use=3, slots=(place(MAC), place(OTHER_MAC)))
    assert RULE.shows(asked) == {"online": 1, "allowed": 3}
    assert RULE.shows(facts(plan=None)) == {"online": 0, "allowed": 1}
