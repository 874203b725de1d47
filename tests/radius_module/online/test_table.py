"""The living facts: places, octets used, sessions that are over. No database, no socket."""

from __future__ import annotations

from models.accounting.records import ROUTER_REBOOT, STALE, START, STOP, TAKEN_OVER, AccountingRecord
from models.accounting.session import plain_id
from models.accounting.session_id import NO_CLASS
from radius_module.online.session import StoredSession
from radius_module.online.table import SLOT_SECONDS, STALE_SECONDS, OnlineTable
from tests.support.online_made import apply
from tests.support.reports_made import NOON, our_class, report

CUSTOMER, PERIOD = 7, NOON - 86_400.0
MAC, OTHER = "02:00:00:00:00:01", "02:00:00:00:00:02"


def uid_of(one: AccountingRecord) -> str:
    return plain_id(one, NO_CLASS)


def used(online: OnlineTable, period: float = PERIOD, now: float = NOON) -> int:
    return online.usage_and_slots(CUSTOMER, period, now)[0]


def macs(online: OnlineTable, now: float) -> list[str]:
    return sorted(place.mac for place in online.usage_and_slots(CUSTOMER, PERIOD, now)[1])


def hear(online: OnlineTable, *reports: AccountingRecord, period: float = PERIOD) -> list[tuple[str, str]]:
    """(session, cause) of the ends."""
    return [(end.unique_id, end.cause) for one in reports for end in apply(online, one, CUSTOMER, period)]


def test_a_report_counts_at_once_and_repeated_or_late_ones_do_not() -> None:
    online = OnlineTable()
    online.refresh(CUSTOMER, PERIOD, 100, [])
    hear(online, report(octets_in=10, octets_out=5), report(octets_in=10, octets_out=5), report(octets_in=3))
    assert used(online) == 115


def test_booking_moves_octets_and_the_sum_stays() -> None:
    online, one = OnlineTable(), report(octets_in=10)
    hear(online, one, report(octets_in=30))
    online.apply_booking([(CUSTOMER, PERIOD, 10, 0)], [(CUSTOMER, uid_of(one), 10, False, False, (), 0)], NOON)
    assert used(online) == 30
    online.apply_booking([(CUSTOMER, PERIOD, 30, 0)], [(CUSTOMER, uid_of(one), 30, True, False, (), 0)], NOON)
    assert used(online) == 30


def test_what_the_writer_told_while_the_database_was_being_read_is_not_undone() -> None:
    online, one = OnlineTable(), report(octets_in=30)
    hear(online, one)
    online.reading_since = NOON - 1
    online.apply_booking([(CUSTOMER, PERIOD, 30, 0)], [(CUSTOMER, uid_of(one), 30, False, False, (), 0)], NOON)
    online.refresh(CUSTOMER, PERIOD, 0, [])
    assert used(online) == 30
    online.reading_since = NOON + 1
    online.refresh(CUSTOMER, PERIOD, 12, [])
    assert used(online) == 12, "a counter set back by hand is in force"


def test_a_session_that_ended_and_was_booked_unheard_is_settled() -> None:
    online, one = OnlineTable(), report(STOP, octets_in=30)
    online.refresh(CUSTOMER, PERIOD, 30, [])
    hear(online, one)
    assert online.unbooked() == [(CUSTOMER, uid_of(one))]
    online.apply_booking((), [(CUSTOMER, uid_of(one), 30, True, False, (), 0)], NOON)
    assert used(online) == 30
    assert online.unbooked() == []


def test_a_new_period_begins_at_nothing_and_takes_its_share_of_what_grows_across() -> None:
    online = OnlineTable()
    online.refresh(CUSTOMER, PERIOD, 1000, [])
    hear(online, report(octets_in=100, received=NOON - 100))
    renewed = NOON
    assert used(online, renewed) == 0
    hear(online, report(octets_in=300, received=NOON + 100), period=renewed)
    assert used(online, renewed) == 100
    hear(online, report(octets_in=400, received=NOON + 200), period=renewed)
    assert used(online, renewed) == 200


def test_a_place_is_taken_at_accept_kept_by_start_and_freed_by_stop() -> None:
    online = OnlineTable()
    online.take_slot(CUSTOMER, MAC, NOON)
    assert macs(online, NOON + SLOT_SECONDS - 1) == [MAC]
    hear(online, report(START, received=NOON + 1))
    assert macs(online, NOON + SLOT_SECONDS + 1) == [MAC]
    hear(online, report(STOP, received=NOON + 70))
    assert macs(online, NOON + 71) == []


def test_a_place_without_start_is_free_after_a_minute() -> None:
    online = OnlineTable()
    online.take_slot(CUSTOMER, MAC, NOON)
    assert macs(online, NOON + SLOT_SECONDS) == []


def test_the_same_device_takes_its_session_over_and_another_does_not() -> None:
    online, first = OnlineTable(), report(START)
    hear(online, first)
    assert hear(online, report(START, session_id=b"80f00002", mac=OTHER, received=NOON + 5)) == []
    ends = hear(online, report(START, session_id=b"80f00003", received=NOON + 9))
    assert ends == [(uid_of(first), TAKEN_OVER)]
    assert macs(online, NOON + 10) == [MAC, OTHER]


def test_a_session_is_taken_over_also_where_the_books_tell_of_the_new_one_before_its_start_is_heard() -> None:
    """Over HTTP a record is booked first; the database's news and the record then come in either order."""
    online, first, second = OnlineTable(), report(START), report(START, session_id=b"80f00003", received=NOON + 9)
    hear(online, first)
    rows = [
        StoredSession(uid_of(one), CUSTOMER, MAC, one.received, one.received, 0, session_id=one.session_id.decode())
        for one in (first, second)
    ]
    online.refresh(CUSTOMER, PERIOD, 0, rows)
    assert hear(online, second) == [(uid_of(first), TAKEN_OVER)]
    assert hear(online, second) == [], "a Start that is sent again ends nothing more"
    assert hear(online, first) == []


def test_a_late_start_of_an_older_session_takes_nothing_over() -> None:
    online, older = OnlineTable(), report(START, session_id=b"80f00001", klass=our_class(NOON, 1))
    hear(online, report(START, session_id=b"80f00002", klass=our_class(NOON + 60, 2), received=NOON + 61))
    assert hear(online, older._replace(received=NOON + 62, delay=62)) == []


def test_three_missed_reports_are_stale_once_and_a_late_one_brings_the_session_back() -> None:
    online, one = OnlineTable(), report(octets_in=5)
    hear(online, one)
    assert online.sweep(NOON + STALE_SECONDS - 0.001, 0) == []
    (end,) = online.sweep(NOON + STALE_SECONDS + 1, 0)
    assert (end.unique_id, end.cause, end.at) == (uid_of(one), STALE, NOON)
    assert online.sweep(NOON + STALE_SECONDS + 2, 0) == []
    assert macs(online, NOON + STALE_SECONDS + 2) == []
    hear(online, report(octets_in=9, received=NOON + 2000))
    assert macs(online, NOON + 2001) == [MAC]
    assert used(online) == 9


def test_silence_while_nobody_listened_is_not_staleness() -> None:
    online = OnlineTable()
    hear(online, report())
    assert online.sweep(NOON + 5000, since=NOON + 4900) == []


def test_a_stale_end_that_the_books_did_not_take_is_said_again() -> None:
    online, one = OnlineTable(), report(octets_in=5)
    hear(online, one)
    assert len(online.sweep(NOON + STALE_SECONDS + 1, 0)) == 1
    for _ in range(2):
        (again,) = online.apply_booking((), [(CUSTOMER, uid_of(one), 5, False, False, (), 0)], NOON + 2000)
        assert (again.at, again.cause) == (NOON, STALE)
    assert online.apply_booking((), [(CUSTOMER, uid_of(one), 5, False, False, (), 0)], NOON + 2000) == [], (
        "the books must be right"
    )
    assert online.apply_booking((), [(CUSTOMER, uid_of(one), 5, True, False, (), 0)], NOON + 2000) == []


def test_the_next_boot_counter_ends_what_the_restart_left() -> None:
    online = OnlineTable()
    old = [report(session_id=sid, mac=mac) for sid, mac in ((b"80e00001", MAC), (b"80e00002", OTHER))]
    hear(online, *old, report(session_id=b"81e00001", mac="hotspot"))
    ends = hear(online, report(START, session_id=b"80f00001", mac="third", received=NOON + 50))
    assert sorted(ends) == sorted((uid_of(one), ROUTER_REBOOT) for one in old)
    assert macs(online, NOON + 51) == ["hotspot", "third"]


def test_two_routers_behind_one_address_do_not_end_each_others_sessions() -> None:
    online = OnlineTable()
    hear(online, report(session_id=b"80e00001", mac="a"))
    assert hear(online, report(START, session_id=b"80500001", mac="b")) == []
    assert hear(online, report(START, session_id=b"80e00002", mac="c")) == []


def test_accounting_on_frees_all_places_of_the_device() -> None:
    online = OnlineTable()
    hear(online, report(), report(session_id=b"x", mac=OTHER, device_id=2))
    online.device_restarted(report("Accounting-On", received=NOON + 9))
    assert macs(online, NOON + 10) == [OTHER]


def test_sessions_of_the_database_are_online_until_it_has_them_no_more() -> None:
    online = OnlineTable()
    online.refresh(CUSTOMER, PERIOD, 50, [StoredSession("u", CUSTOMER, MAC, NOON - 50, NOON, 50)])
    assert macs(online, NOON + 1) == [MAC]
    online.refresh(CUSTOMER, PERIOD, 50, [])
    assert macs(online, NOON + 1) == []


def test_what_is_over_and_booked_is_forgotten() -> None:
    online, one = OnlineTable(), report(STOP, octets_in=5)
    hear(online, one)
    online.sweep(NOON + 1000, 0)
    assert used(online) == 5
    online.apply_booking([(CUSTOMER, PERIOD, 5, 0)], [(CUSTOMER, uid_of(one), 5, True, False, (), 0)], NOON)
    online.sweep(NOON + 1000, 0)
    assert used(online) == 5
    assert online.unbooked() == []
    assert online._customers[CUSTOMER].sessions == {}
