"""The books, on a real PostgreSQL: each rule of accounting by itself."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest
from sqlalchemy import Engine

from models.accounting import booking
from models.accounting.records import START, STOP
from models.accounting.session_id import make_class
from tests.support.booked import GIGA, book, days, rows, session, used
from tests.support.database import Tenant, make_tenant, moment
from tests.support.reports_made import NOON, report, result


def test_a_session_from_start_to_stop(books: Engine, tenant: Tenant, of: dict[str, Any]) -> None:
    book(books, report(START, received=NOON, **of))
    book(books, report(received=NOON + 300, session_time=300, octets_in=10, octets_out=5 * GIGA, **of))
    book(books, report(STOP, received=NOON + 400, session_time=400, octets_in=20, octets_out=6 * GIGA,
                       cause="Idle-Timeout", **of))  # fmt: skip
    row = session(books)
    assert row.customer_id == tenant.customer_id
    assert (row.acctinputoctets, row.acctoutputoctets, row.acctsessiontime) == (20, 6 * GIGA, 400)
    assert (row.acctstarttime, row.acctstoptime) == (moment(NOON), moment(NOON + 400))
    assert row.acctterminatecause == "Idle-Timeout"
    assert (row.username, row.acctsessionid, row.callingstationid) == ("JOHN", "80f00001", "02:00:00:00:00:01")
    assert used(books) == [(20, 6 * GIGA)]
    assert days(books) == {date(2026, 3, 10): (20, 6 * GIGA)}


def test_what_is_booked_twice_counts_once(books: Engine, of: dict[str, Any]) -> None:
    packets = [report(START, **of), report(received=NOON + 300, session_time=300, octets_in=10, **of)]
    for _ in range(3):
        book(books, *packets, *packets)
    assert used(books) == [(10, 0)]


def test_a_late_interim_does_not_lower_the_counters(books: Engine, of: dict[str, Any]) -> None:
    book(books, report(received=NOON + 600, session_time=600, octets_in=20, octets_out=7, **of))
    book(books, report(received=NOON + 601, session_time=300, octets_in=10, octets_out=9, **of))
    assert used(books) == [(20, 9)]
    found = session(books)
    assert (found.acctsessiontime, found.acctinputoctets, found.acctoutputoctets) == (600, 20, 9)


def test_an_interim_without_start_makes_the_session_and_knows_its_start(books: Engine, of: dict[str, Any]) -> None:
    book(books, report(received=NOON, session_time=900, octets_in=1, **of))
    assert session(books).acctstarttime == moment(NOON - 900)


def test_a_stop_alone_is_a_whole_session(books: Engine, of: dict[str, Any]) -> None:
    book(books, report(STOP, session_time=60, octets_in=3, **of))
    assert (session(books).acctstarttime, session(books).acctstoptime) == (moment(NOON - 60), moment(NOON))
    assert used(books) == [(3, 0)]


def test_a_user_whom_nobody_knows_is_booked_without_a_customer(books: Engine, of: dict[str, Any]) -> None:
    book(books, report(octets_in=5, session_time=5, **(of | {"username": b"n\xe9mo\0"})))
    assert (session(books).customer_id, session(books).username) == (None, r"n\xe9mo\x00")
    assert used(books) == []


def test_a_mac_as_user_name_is_found_in_any_notation(books: Engine) -> None:
    known = make_tenant(books, "macs", address="10.1.2.1", username="AA-BB-CC-DD-EE-FF")
    book(books, report(isp_id=known.isp_id, device_id=known.device_id, username=b"aabb.ccdd.eeff"))
    assert session(books).customer_id == known.customer_id


def test_two_tenants_with_the_same_names_have_their_own_books(
    books: Engine, tenant: Tenant, of: dict[str, Any]
) -> None:
    other = make_tenant(books, "second", address="10.1.3.1")
    theirs = {"isp_id": other.isp_id, "device_id": other.device_id}
    book(books, report(octets_in=5, session_time=5, **of), report(octets_in=7, session_time=5, **theirs))
    assert rows(books, "select isp_id, customer_id, bytes_in from usage order by 1") == [
        (tenant.isp_id, tenant.customer_id, 5),
        (other.isp_id, other.customer_id, 7),
    ]


def test_another_nodes_booking_between_reading_and_writing_is_a_conflict(
    books: Engine, of: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    book(books, report(session_time=300, octets_in=4, **of))
    real = booking.load

    def meddling(*arguments: object) -> object:
        loaded = real(*arguments)  # type: ignore[arg-type]
        monkeypatch.setattr(booking, "load", real)
        book(books, report(received=NOON + 5, session_time=305, octets_in=5, **of))
        return loaded

    monkeypatch.setattr(booking, "load", meddling)
    with pytest.raises(booking.BookingConflict):
        book(books, report(received=NOON + 6, session_time=306, octets_in=6, **of))
    assert used(books) == [(5, 0)]


def test_login_results_are_stored_without_anything_secret(books: Engine, tenant: Tenant) -> None:
    one = result()._replace(isp_id=tenant.isp_id, username=b'"caf\xc3\xa9", \\x', klass=make_class(NOON, 7))
    with books.begin() as connection:
        booking.book(connection, [one, one._replace(code="bad_password", reply="Access-Reject")])
    found = rows(books, "select username, reply, code, authdate from radpostauth order by code")
    assert found == [
        ('"caf\u00e9", \\x', "Access-Accept", "accept", moment(NOON)),
        ('"caf\u00e9", \\x', "Access-Reject", "bad_password", moment(NOON)),
    ]


def test_the_device_was_heard_of(books: Engine, of: dict[str, Any]) -> None:
    book(books, report(**of))
    book(books, report(received=NOON + 60, session_time=60, **of))
    assert rows(books, "select last_seen_at from device_contacts") == [(moment(NOON + 60),)]
