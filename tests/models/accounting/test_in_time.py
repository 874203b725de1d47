"""Did a session begin in its customer's time? At, below and above each limit."""

from __future__ import annotations

import pytest

from models.accounting.records import START
from models.accounting.session import DOUBTFUL_AGE, is_in_time_of
from models.accounting.session_id import read_class
from tests.support.reports_made import NOON, our_class, report

CAME = NOON


@pytest.mark.parametrize(
    ("claimed", "theirs"),
    [(0, True), (600, True), (600 + DOUBTFUL_AGE, True), (601 + DOUBTFUL_AGE, False), (86_400, False)],
)
def test_a_first_record_without_a_class_is_believed_within_an_hour(claimed: float, theirs: bool) -> None:
    record = report(received=CAME + 600, session_time=int(claimed))
    assert is_in_time_of(CAME, record, read_class(b"", record.received)) is theirs


@pytest.mark.parametrize(
    ("received", "delay", "theirs"), [(0, 0, True), (-1, 0, False), (30, 30, True), (30, 31, False)]
)
def test_what_is_said_before_the_customer_came_is_never_theirs(received: float, delay: int, theirs: bool) -> None:
    record = report(START, received=CAME + received, delay=delay)
    assert is_in_time_of(CAME, record, read_class(b"", record.received)) is theirs


@pytest.mark.parametrize(("login", "theirs"), [(0, True), (60, True), (-2, False), (-3600, False)])
def test_a_login_of_ours_is_believed_to_the_second(login: int, theirs: bool) -> None:
    """However short the session says that it is."""
    record = report(received=CAME + 600, session_time=1)
    assert is_in_time_of(CAME, record, read_class(our_class(CAME + login, 7), record.received)) is theirs
