"""The books, on a real PostgreSQL: each rule of accounting by itself."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime
from typing import Any

import pytest
from sqlalchemy import Engine, text

from models.accounting import booking
from models.accounting.records import ROUTER_REBOOT, STALE, START, STOP, Booked, InferredStop
from models.accounting.session_id import SessionClass, make_class, unique_id
from tests.support.database import Tenant, make_tenant, moment
from tests.support.reports_made import NOON, our_class, report, result

GIGA = 1 << 32


def book(engine: Engine, *records: Booked) -> booking.Booking:
    with engine.begin() as connection:
        return booking.book(connection, records)


def rows(engine: Engine, statement: str) -> Sequence[Any]:
    with engine.connect() as connection:
        return connection.execute(text(statement)).all()


def session(engine: Engine) -> Any:
    (found,) = rows(engine, "select * from radacct")
    return found


def used(engine: Engine) -> list[tuple[int, int]]:
    return [tuple(row) for row in rows(engine, "select bytes_in, bytes_out from usage order by period_start")]


def days(engine: Engine) -> dict[date, tuple[int, int]]:
    return {row[0]: (row[1], row[2]) for row in rows(engine, "select day, bytes_in, bytes_out from usage_daily")}


def stale(at: float, of: dict[str, Any]) -> InferredStop:
    """The end of the session that `report` makes."""
    return InferredStop(of["isp_id"], unique_id(of["isp_id"], of["device_id"], b"80f00001"), at, STALE)


@pytest.fixture
def of(tenant: Tenant) -> dict[str, Any]:
    """Whose reports: goes into `report`."""
    return {"isp_id": tenant.isp_id, "device_id": tenant.device_id, "username": b"JOHN"}


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


def test_a_start_after_the_stop_opens_nothing(books: Engine, of: dict[str, Any]) -> None:
    book(books, report(STOP, session_time=60, octets_in=3, **of))
    book(books, report(START, received=NOON + 2, **of))
    assert session(books).acctstoptime == moment(NOON)
    assert session(books).acctstarttime == moment(NOON - 60)


def test_the_earliest_stop_of_the_router_stands(books: Engine, of: dict[str, Any]) -> None:
    book(books, report(STOP, received=NOON + 1, session_time=60, octets_in=3, cause="Lost-Carrier", **of))
    book(books, report(STOP, received=NOON + 2, session_time=60, octets_in=3, cause="Lost-Carrier", **of))
    assert session(books).acctstoptime == moment(NOON + 1)


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


def test_growth_is_spread_evenly_and_cut_at_the_tenants_midnight(books: Engine) -> None:
    zone = make_tenant(books, "kiritimati", address="10.1.4.1", zone="Pacific/Kiritimati")  # midnight is 10:00 UTC
    whose = {"isp_id": zone.isp_id, "device_id": zone.device_id}
    midnight = moment(NOON).replace(hour=10).timestamp()
    book(books, report(START, received=midnight - 300, **whose))
    book(books, report(received=midnight + 600, session_time=900, octets_in=10, octets_out=9 * GIGA, **whose))
    assert days(books) == {date(2026, 3, 10): (3, 3 * GIGA), date(2026, 3, 11): (7, 6 * GIGA)}
    assert used(books) == [(10, 9 * GIGA)]


def test_growth_is_cut_where_a_period_begins(books: Engine) -> None:
    renewed = make_tenant(books, "renewed", address="10.1.5.1", periods=(NOON - 86_400 * 30, NOON + 100))
    whose = {"isp_id": renewed.isp_id, "device_id": renewed.device_id}
    book(books, report(START, received=NOON, **whose))
    book(books, report(received=NOON + 400, session_time=400, octets_in=7, **whose))
    assert used(books) == [(1, 0), (6, 0)]
    assert days(books) == {date(2026, 3, 10): (7, 0)}


def test_before_the_first_period_growth_belongs_to_the_time_since_he_came(books: Engine) -> None:
    early = make_tenant(books, "early", address="10.1.6.1", periods=(NOON + 100,))
    whose = {"isp_id": early.isp_id, "device_id": early.device_id}
    book(books, report(START, received=NOON, **whose))
    book(books, report(received=NOON + 400, session_time=400, octets_in=8, **whose))
    found = {row[0]: row[1] for row in rows(books, "select period_start, bytes_in from usage")}
    came = rows(books, "select id, created_at from customers")
    assert found == {dict(map(tuple, came))[early.customer_id]: 2, moment(NOON + 100): 6}


def test_the_first_packets_growth_is_booked_at_its_receipt_less_its_delay(books: Engine, of: dict[str, Any]) -> None:
    midnight = moment(NOON).replace(hour=0).timestamp()
    book(books, report(received=midnight + 5, delay=10, session_time=3600, octets_in=4, **of))
    assert days(books) == {date(2026, 3, 9): (4, 0)}


def test_a_delay_that_cannot_be_is_not_believed(books: Engine, of: dict[str, Any]) -> None:
    book(books, report(delay=1_700_000_000, octets_in=4, session_time=0, **of))
    assert days(books) == {date(2026, 3, 10): (4, 0)}


def test_a_router_whose_clock_says_1970_is_booked_on_the_right_day(books: Engine, of: dict[str, Any]) -> None:
    book(books, report(octets_in=4, session_time=5, **of)._replace(router_time=86_400))
    assert days(books) == {date(2026, 3, 10): (4, 0)}
    assert session(books).router_time == moment(86_400)


def test_stale_is_closed_where_it_was_last_heard_and_a_late_interim_opens_it(books: Engine, of: dict[str, Any]) -> None:
    book(books, report(session_time=300, octets_in=4, **of))
    book(books, stale(NOON + 1, of))
    assert (session(books).acctstoptime, session(books).acctterminatecause) == (moment(NOON + 1), STALE)
    book(books, report(received=NOON + 2000, session_time=2300, octets_in=9, **of))
    assert (session(books).acctstoptime, session(books).acctterminatecause) == (None, None)
    assert used(books) == [(9, 0)]


def test_a_close_that_comes_after_later_news_closes_nothing(books: Engine, of: dict[str, Any]) -> None:
    book(books, report(received=NOON + 900, session_time=900, octets_in=4, **of))
    book(books, stale(NOON + 600, of))
    assert session(books).acctstoptime is None


def test_the_routers_stop_overrides_our_close(books: Engine, of: dict[str, Any]) -> None:
    book(books, report(session_time=300, octets_in=4, **of))
    book(books, stale(NOON + 1, of))
    book(books, report(STOP, received=NOON + 50, session_time=350, octets_in=5, cause="Session-Timeout", **of))
    assert (session(books).acctstoptime, session(books).acctterminatecause) == (moment(NOON + 50), "Session-Timeout")


def test_accounting_on_closes_what_the_device_left_and_nothing_else(books: Engine, of: dict[str, Any]) -> None:
    book(books, report(session_time=300, octets_in=4, **of))
    book(books, report("Accounting-On", received=NOON + 60, **(of | {"device_id": of["device_id"] + 1000})))
    assert session(books).acctstoptime is None
    book(books, report("Accounting-On", received=NOON + 60, session_id=b"", **of),
         report(START, received=NOON + 61, session_id=b"81000001", **of))  # fmt: skip
    found = rows(books, "select acctsessionid, acctterminatecause from radacct order by 1")
    assert found == [("80f00001", ROUTER_REBOOT), ("81000001", None)]


def test_crossing_the_allowance_writes_one_order(books: Engine, of: dict[str, Any]) -> None:
    for step in range(1, 6):
        book(books, report(received=NOON + step, session_time=step, octets_out=3 * 10**9 * step, **of))
    orders = rows(books, "select customer_id, kind, reason, payload->>'used_bytes' from outbox")
    assert [tuple(order[1:]) for order in orders] == [("disconnect", "quota_exceeded", str(12 * 10**9))]


def test_reaching_the_allowance_exactly_is_crossing_it(books: Engine, of: dict[str, Any]) -> None:
    book(books, report(received=NOON + 1, session_time=1, octets_out=10**10 - 1, **of))
    assert rows(books, "select from outbox") == []
    book(books, report(received=NOON + 2, session_time=2, octets_out=10**10, **of))
    assert len(rows(books, "select from outbox")) == 1


def test_a_top_up_of_the_period_moves_the_crossing_and_a_throttled_plan_asks_for_a_slower_rate(books: Engine) -> None:
    slow = make_tenant(books, "slow", address="10.1.7.1", over_limit="throttle")
    with books.begin() as connection:
        connection.execute(
            text(
                "insert into topups (isp_id, customer_id, period_start, data_bytes) "
                "select isp_id, customer_id, period_start, 5 from subscriptions where customer_id = :id"
            ),
            {"id": slow.customer_id},
        )
    whose = {"isp_id": slow.isp_id, "device_id": slow.device_id}
    book(books, report(received=NOON + 1, session_time=1, octets_in=10**10 + 4, **whose))
    assert rows(books, "select from outbox") == []
    book(books, report(received=NOON + 2, session_time=2, octets_in=10**10 + 5, **whose))
    assert rows(books, "select kind from outbox") == [("coa",)]


def test_a_period_that_is_over_orders_nothing(books: Engine) -> None:
    past = make_tenant(books, "past", address="10.1.8.1", periods=(NOON - 86_400, NOON + 1))
    book(books, report(isp_id=past.isp_id, device_id=past.device_id, octets_in=10**11))
    assert rows(books, "select from outbox") == []


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
    one = result()._replace(isp_id=tenant.isp_id, username=b'"caf\xc3\xa9", \\x', klass=make_class(NOON))
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


def test_identities_do_not_meet() -> None:
    made = {unique_id(isp, device, sid, SessionClass(time, nonce), earlier)
            for isp in (1, 11) for device in (1, 11) for earlier in (0, 1)
            for sid, time, nonce in ((b"ab", None, b""), (b"", int(NOON), b"ab"), (b"b", int(NOON), b"a"))}  # fmt: skip
    assert len(made) == 24


def test_times_of_the_books_are_exact_to_the_microsecond(books: Engine, of: dict[str, Any]) -> None:
    book(books, report(START, received=NOON + 0.123456, **of))
    assert session(books).acctstarttime == datetime.fromisoformat("2026-03-10T12:00:00.123456+00:00")
