"""Class and the identifier of a session: ours is known wherever it comes back, anything else is no Class of ours."""

import pytest

from models.accounting.session_id import NO_CLASS, SessionClass, make_class, read_class, unique_id

NOON = 1_773_144_000.0
DAY = 86_400.0


def test_a_class_says_when_and_for_whom() -> None:
    first, second = make_class(NOON), make_class(NOON)
    assert read_class(first, NOON + 5).login_time == NOON
    assert read_class(first, NOON).nonce != read_class(second, NOON).nonce
    assert len(read_class(first, NOON).nonce) == 8


@pytest.mark.parametrize("octets", [b"", b"x", bytes(13), b"\x02" + make_class(NOON)[1:], make_class(NOON) + b"\0"])
def test_what_another_server_said_is_no_class(octets: bytes) -> None:
    assert read_class(octets, NOON) == NO_CLASS


@pytest.mark.parametrize(("later", "ours"), [(-DAY - 1, False), (-DAY, True), (731 * DAY, True), (733 * DAY, False)])
def test_a_time_that_cannot_be_is_no_class_whatever_was_said_of_it_before(later: float, ours: bool) -> None:
    octets = make_class(NOON)
    assert read_class(octets, NOON) != NO_CLASS
    assert (read_class(octets, NOON + later) != NO_CLASS) is ours


def test_each_part_makes_another_session() -> None:
    parts = (1, 2, b"80f00001", SessionClass(int(NOON), b"nonce"))
    others = [
        (9, *parts[1:]), (1, 9, *parts[2:]), (1, 2, b"80f00002", parts[3]), (*parts[:3], SessionClass(1, b"nonce")),
        (*parts[:3], SessionClass(int(NOON), b"other")), (*parts[:3], NO_CLASS),
    ]  # fmt: skip
    made = [unique_id(*parts), *(unique_id(*other) for other in others), unique_id(*parts, earlier=1)]
    assert len(set(made)) == 8
    assert {len(one) for one in made} == {32}
    # Where the nonce ends is part of it.
    assert unique_id(1, 2, b"b", SessionClass(1, b"a")) != unique_id(1, 2, b"", SessionClass(1, b"ab"))


def test_sessions_lie_in_the_order_of_their_logins() -> None:
    logins = [SessionClass(int(NOON) + seconds, bytes([seconds])) for seconds in range(100)]
    made = [unique_id(1, 2, b"80f00001", login) for login in logins]
    assert made == sorted(made)
