"""The bench's own check: what makes a run of logins something else must not pass for one."""

from dataclasses import replace

import pytest

from tests.bench import check, requests
from tests.bench.check import Tally
from tests.bench.result import Result
from tests.radius_client import Code, decode

RUN = Result(sent=100, latencies=[0.001] * 100, wrong=0)


@pytest.mark.parametrize("recorded", [100, None])
def test_a_login_a_packet_and_a_record_each_is_right(recorded: int | None) -> None:
    assert check.faults(RUN, Tally(100, recorded)) == []


@pytest.mark.parametrize(
    ("result", "tally", "words"),
    [
        (replace(RUN, repeated=1), Tally(100, 100), "repetitions"),
        (replace(RUN, latencies=[0.001] * 99), Tally(100, 99), "99 answered"),
        (replace(RUN, wrong=1), Tally(100, 99), "no Accept"),
        (replace(RUN, bad_replies=["false"]), Tally(100, 100), "not valid"),
        (replace(RUN, unexpected=1), Tally(100, 100), "belong to no packet"),
        (RUN, Tally(99, 100), "99 logins decided"),
        (RUN, Tally(101, 100), "101 logins decided"),
        (RUN, Tally(100, 99), "99 recorded"),
        (RUN, Tally(100, 101), "101 recorded"),
    ],
)
def test_whatever_is_missing_or_too_much_is_said(result: Result, tally: Tally, words: str) -> None:
    [sentence] = check.faults(result, tally)
    assert words in sentence


class Books:
    """A side whose records arrive one look later each."""

    def __init__(self, *tallies: Tally) -> None:
        self.tallies = list(tallies)

    def tally(self) -> Tally:
        return self.tallies.pop(0) if len(self.tallies) > 1 else self.tallies[0]


def test_records_that_are_still_on_their_way_are_waited_for(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tests.bench.check._LOOK_EVERY", 0.001)
    books = Books(Tally(50, 50), Tally(90, 80), Tally(150, 149), Tally(150, 150))
    assert check.added(books, Tally(50, 50), RUN) == Tally(100, 100)


def test_a_record_that_never_comes_makes_the_check_fail(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tests.bench.check._LOOK_EVERY", 0.001)
    tally = check.added(Books(Tally(150, 149)), Tally(50, 50), RUN, still=0.05)
    assert check.faults(RUN, tally) == ["100 logins were accepted and 99 recorded."]


def test_a_run_begins_once_the_books_stand_still(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tests.bench.check._LOOK_EVERY", 0.001)
    assert check.settled(Books(Tally(1, 1), Tally(2, 2), Tally(3, 3))) == Tally(3, 3)


def test_no_two_logins_are_the_same_packet_authenticator_or_session() -> None:
    octets = requests.logins(range(10), 600) + requests.logins(range(10), 600)
    packets = [decode(packet) for packet in octets]
    assert len({packet[4:20] for packet in octets}) == len(octets)
    assert len({packet.values(44)[0] for packet in packets}) == len(octets)
    assert {packet.code for packet in packets} == {Code.ACCESS_REQUEST}
    assert [packet.octets[1] for packet in packets[:600]] == [at % 256 for at in range(600)]
    assert [packet.values(1)[0] for packet in packets[:10]] == [packet.values(1)[0] for packet in packets[10:20]]
    assert len({packet.values(1)[0] for packet in packets}) == 10


def test_mschap_logins_carry_challenges_of_their_own() -> None:
    packets = [decode(packet) for packet in requests.logins(range(2), 20, requests.mschap2)]
    assert len({tuple(packet.vendor_values(311, 11)) for packet in packets}) == 20
    assert len({tuple(packet.vendor_values(311, 25)) for packet in packets}) == 20
