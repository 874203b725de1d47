"""The same packet, sent again, gets the same answer: for some seconds, and from bounded memory."""

import pytest

from radius_module.login import duplicates
from radius_module.login.duplicates import KEPT_SECONDS, Duplicates
from radius_module.rlm import NO_ANSWER

NOW = 1_800_000_000.0


def test_the_same_line_gets_the_same_answer_and_no_other_line_does() -> None:
    memory = Duplicates()
    memory.remember("one", b"an accept", NOW)
    assert memory.find("one", NOW + 0.3) == b"an accept"
    assert memory.find("two", NOW + 0.3) is None


@pytest.mark.parametrize(("later", "known"), [(KEPT_SECONDS - 0.01, True), (KEPT_SECONDS, False), (-1.0, False)])
def test_it_is_known_for_some_seconds_whatever_else_happens(later: float, known: bool) -> None:
    memory = Duplicates()
    memory.remember("one", b"an accept", NOW)
    assert (memory.find("one", NOW + later) is not None) is known


def test_while_a_refusal_waits_there_is_no_answer_and_then_it_is_known_for_as_long_as_others() -> None:
    memory = Duplicates()
    memory.remember("guess", 7, NOW, NOW + 3)
    assert memory.find("guess", NOW + 2.9) is NO_ANSWER
    assert memory.find("guess", NOW + 3) == 7
    assert memory.find("guess", NOW + 3 + KEPT_SECONDS - 0.01) == 7
    assert memory.find("guess", NOW + 3 + KEPT_SECONDS) is None


def test_each_login_forgets_a_few_answers_whose_time_has_passed() -> None:
    memory = Duplicates()
    for number in range(1000):
        memory.remember(f"old {number}", b"", NOW)
    for number in range(600):
        memory.remember(f"new {number}", b"", NOW + KEPT_SECONDS + 9)
    assert len(memory) == 600
    assert all(memory.find(f"new {number}", NOW + KEPT_SECONDS + 9) == b"" for number in range(600))


def test_a_storm_does_not_fill_the_memory(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(duplicates, "MOST", 100)
    memory = Duplicates()
    for number in range(1000):
        memory.remember(f"{number}", b"", NOW)
    assert len(memory) == 100
    assert memory.find("999", NOW) == b"" and memory.find("0", NOW) is None


def test_a_waiting_refusal_outlives_the_time_of_the_others() -> None:
    """With a delay longer than the memory of others it must not be decided anew before it has left."""
    memory = Duplicates()
    memory.remember("guess", 7, NOW, NOW + 10)
    for number in range(10):
        memory.remember(f"{number}", b"", NOW + KEPT_SECONDS + 1)
    assert memory.find("guess", NOW + KEPT_SECONDS + 1) is NO_ANSWER
