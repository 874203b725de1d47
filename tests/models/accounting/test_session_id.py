"""Class and the identifier of a session: ours is known wherever it comes back, anything else is no Class of ours."""

import pytest

from models.accounting.session_id import NO_CLASS, SessionClass, make_class, namesake_id, read_class, unique_id

NOON = 1_773_144_000.0
DAY = 86_400.0
OURS = make_class(NOON, 7, 600)
#: As earlier versions made it: sessions may still run with it.
OLD = b"\x01" + int(NOON).to_bytes(4, "big") + b"8 octets"


def test_a_class_says_when_for_whom_and_how_often() -> None:
    first, second = make_class(NOON, 7, 600), make_class(NOON, 7)
    assert read_class(first, NOON + 5)[0] == NOON
    assert read_class(first, NOON)[2:] == (7, 600)
    assert read_class(second, NOON)[2:] == (7, 300)
    assert read_class(first, NOON).nonce != read_class(second, NOON).nonce
    assert len(read_class(first, NOON).nonce) == 8


def test_ids_of_customers_are_read_whole() -> None:
    assert read_class(make_class(NOON, (1 << 63) - 1, 65_535), NOON)[2:] == ((1 << 63) - 1, 65_535)


def test_a_class_of_the_version_before_says_when_and_not_for_whom() -> None:
    assert read_class(OLD, NOON) == SessionClass(int(NOON), b"8 octets", None)


@pytest.mark.parametrize(
    "octets",
    [b"", b"x", bytes(13), bytes(23), b"\x03" + OURS[1:], OURS + b"\0", OURS[:-1], OLD + b"\0", b"\x02" + OLD[1:],
     b"\x01" + OURS[1:]],
)  # fmt: skip
def test_what_another_server_said_is_no_class(octets: bytes) -> None:
    assert read_class(octets, NOON) == NO_CLASS


@pytest.mark.parametrize("octets", [OURS, OLD])
@pytest.mark.parametrize(("later", "ours"), [(-DAY - 1, False), (-DAY, True), (731 * DAY, True), (733 * DAY, False)])
def test_a_time_that_cannot_be_is_no_class_whatever_was_said_of_it_before(
    later: float, ours: bool, octets: bytes
) -> None:
    assert read_class(octets, NOON) != NO_CLASS
    assert (read_class(octets, NOON + later) != NO_CLASS) is ours


def test_each_part_makes_another_session() -> None:
    parts = (1, 2, b"80f00001", SessionClass(int(NOON), b"nonce"))
    others = [
        (9, *parts[1:]), (1, 9, *parts[2:]), (1, 2, b"80f00002", parts[3]), (*parts[:3], SessionClass(1, b"nonce")),
        (*parts[:3], SessionClass(int(NOON), b"other")), (*parts[:3], NO_CLASS), (*parts[:3], NO_CLASS, b"john"),
        (*parts[:3], SessionClass(int(NOON), b"nonce", 7)), (*parts[:3], SessionClass(int(NOON), b"nonce", 8)),
    ]  # fmt: skip
    ids = [unique_id(*parts), *(unique_id(*other) for other in others)]
    ids += [namesake_id(ids[0], 1), namesake_id(ids[0], 2)]
    assert len(set(ids)) == 12
    assert {len(uid) for uid in ids} == {32}
    # Where the nonce, or the name, ends is part of it.
    assert unique_id(1, 2, b"b", SessionClass(1, b"a")) != unique_id(1, 2, b"", SessionClass(1, b"ab"))
    assert unique_id(1, 2, b"b", name=b"a") != unique_id(1, 2, b"", name=b"ab")


def test_another_device_of_the_tenant_and_another_interval_are_the_same_session() -> None:
    ours = SessionClass(int(NOON), b"nonce", 7, 300)
    assert unique_id(1, 2, b"80f00001", ours) == unique_id(1, 9, b"80f00001", ours._replace(interval=60))
    assert unique_id(1, 2, b"80f00001", ours) != unique_id(3, 2, b"80f00001", ours)


def test_sessions_lie_in_the_order_of_their_logins() -> None:
    logins = [SessionClass(int(NOON) + seconds, bytes([seconds]), 7) for seconds in range(100)]
    ids = [unique_id(1, 2, b"80f00001", login) for login in logins]
    assert ids == sorted(ids)
