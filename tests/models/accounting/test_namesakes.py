"""The books: which packets are one session, and in which month it lies."""

from __future__ import annotations

from datetime import date
from typing import Any

from sqlalchemy import Engine

from models.accounting.records import START, STOP
from models.accounting.session_id import SessionClass, namesake_id, unique_id
from tests.support.booked import book, rows, session, used
from tests.support.database import moment
from tests.support.reports_made import NOON, our_class, report


def test_class_keeps_sessions_of_the_same_id_apart(books: Engine, of: dict[str, Any]) -> None:
    for boot in range(40):
        klass, at = our_class(NOON + boot, boot), NOON + boot
        book(books, report(START, received=at, klass=klass, **of),
             report(STOP, received=at + 0.5, klass=klass, session_time=1, octets_in=7, **of))  # fmt: skip
    assert len(rows(books, "select from radacct where acctstoptime is not null")) == 40
    assert used(books) == [(280, 0)]


def test_without_class_a_namesake_that_begins_later_is_another_session(books: Engine, of: dict[str, Any]) -> None:
    for boot in range(5):
        at = NOON + 3600 * boot
        book(books, report(START, received=at, **of))
        book(books, report(received=at + 300, session_time=300, octets_in=5, **of))
        book(books, report(STOP, received=at + 600, session_time=600, octets_in=10, **of))
    assert len(rows(books, "select from radacct")) == 5
    assert used(books) == [(50, 0)]
    book(books, report(STOP, received=at + 603, session_time=600, octets_in=10, **of))
    assert used(books) == [(50, 0)]


def test_namesakes_in_one_batch_are_told_apart_too(books: Engine, of: dict[str, Any]) -> None:
    packets = [
        packet
        for boot in range(5)
        for packet in (
            report(START, received=NOON + 3600 * boot, **of),
            report(STOP, received=NOON + 3600 * boot + 600, session_time=600, octets_in=10, **of),
        )
    ]
    book(books, *reversed(packets))
    book(books, *packets)
    assert used(books) == [(50, 0)]


def test_the_month_is_that_of_the_login_whatever_the_packet(books: Engine, of: dict[str, Any]) -> None:
    login = moment(NOON).replace(day=1, hour=0).timestamp() - 60
    klass = our_class(login, 1)
    book(books, report(START, received=login + 1, klass=klass, **of))
    book(books, report(received=NOON, session_time=int(NOON - login), octets_in=5, klass=klass, **of))
    assert session(books).session_month == date(2026, 2, 1)


def test_sessions_of_two_months_in_one_batch_stay_in_theirs(books: Engine, of: dict[str, Any]) -> None:
    new_month = moment(NOON).replace(day=1, hour=0).timestamp()
    logins = [new_month + seconds for seconds in (60, -120, 30, -60)]
    classes = [our_class(login, number) for number, login in enumerate(logins)]
    for status, octets in ((START, 0), (STOP, 5)):
        book(books, *[
            report(status, received=max(login, new_month) + octets, session_id=b"%d" % number, octets_in=octets,
                   klass=klass, **of)
            for number, (login, klass) in enumerate(zip(logins, classes, strict=True))
        ])  # fmt: skip
    found = rows(books, "select acctsessionid, session_month, acctinputoctets, acctstoptime is not null from radacct "
                        "order by 1")  # fmt: skip
    february, march = (date(2026, 2, 1), 5, True), (date(2026, 3, 1), 5, True)
    assert [tuple(row) for row in found] == [("0", *march), ("1", *february), ("2", *march), ("3", *february)]
    assert used(books) == [(20, 0)]


def test_without_class_the_month_stays_that_of_the_first_sight(books: Engine, of: dict[str, Any]) -> None:
    first = moment(NOON).replace(day=1, hour=0).timestamp() - 60
    book(books, report(START, received=first, **of))
    book(books, report(received=NOON, session_time=int(NOON - first), octets_in=5, **of))
    assert session(books).session_month == date(2026, 2, 1)


def test_identities_do_not_meet() -> None:
    ids = {namesake_id(unique_id(isp, device, sid, SessionClass(time, nonce)), earlier)
            for isp in (1, 11) for device in (1, 11) for earlier in (0, 1)
            for sid, time, nonce in ((b"ab", None, b""), (b"", int(NOON), b"ab"), (b"b", int(NOON), b"a"))}  # fmt: skip
    assert len(ids) == 24
