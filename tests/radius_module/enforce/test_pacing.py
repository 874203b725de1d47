"""20 a second, 20 unanswered, and a silent device is asked gently."""

from __future__ import annotations

from radius_module.enforce.wire.pacing import RATE, WINDOW, Pace


def departures(pace: Pace, seconds: float, *, answers: bool) -> list[float]:
    """When requests leave if there is no end of them."""
    now, left = 100.0, []
    while now < 100.0 + seconds:
        if pace.wait(now) <= 0 and pace.room():
            pace.sent(now)
            left.append(now)
            if answers:
                pace.ended(answered=True)
        now += 0.001
    return left


def test_no_second_holds_more_than_the_rate() -> None:
    left = departures(Pace(), 10, answers=True)
    assert max(sum(1 for moment in left if start <= moment < start + 1) for start in left) <= RATE + 1
    assert len(left) >= RATE * 10 - 5


def test_the_first_leaves_at_once_also_after_a_rest() -> None:
    pace = Pace()
    assert pace.wait(5.0) == 0
    pace.sent(5.0)
    assert 0 < pace.wait(5.0) <= 1 / RATE
    assert pace.wait(60.0) == 0
    pace.sent(60.0)
    assert pace.wait(60.0) > 0, "a rest is not saved up for a burst"


def test_no_more_than_the_window_waits_for_answers() -> None:
    assert len(departures(Pace(), 10, answers=False)) == WINDOW


def test_a_silent_device_gets_two_at_a_time_until_it_answers() -> None:
    pace = Pace()
    for _ in range(8):
        pace.sent(0.0)
        pace.ended(answered=False)
    assert pace.is_silent and pace.room() == 2
    pace.sent(0.0)
    pace.ended(answered=True)
    assert not pace.is_silent and pace.room() == WINDOW
