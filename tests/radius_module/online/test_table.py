"""The living facts: places, octets used, sessions that are over. No database, no socket."""

from __future__ import annotations

from models.accounting.records import ROUTER_REBOOT, STALE, START, STOP, TAKEN_OVER, AccountingRecord
from models.accounting.session_id import unique_id
from radius_module.online.session import StoredSession
from radius_module.online.table import SLOT_SECONDS, STALE_SECONDS, OnlineTable
from tests.support.reports_made import NOON, our_class, report

CUSTOMER, PERIOD = 7, NOON - 86_400.0
MAC, OTHER = "02:00:00:00:00:01", "02:00:00:00:00:02"


def uid_of(one: AccountingRecord) -> str:
    return unique_id(one.isp_id, one.device_id, one.session_id)


def used(live: OnlineTable, period: float = PERIOD, now: float = NOON) -> int:
    return live.standing(CUSTOMER, period, now)[0]


def macs(live: OnlineTable, now: float) -> list[str]:
    return sorted(place.mac for place in live.standing(CUSTOMER, PERIOD, now)[1])


def hear(live: OnlineTable, *reports: AccountingRecord, period: float = PERIOD) -> list[tuple[str, str]]:
    """(session, cause) of the ends."""
    return [(end.unique_id, end.cause) for one in reports for end in live.hear(one, CUSTOMER, period)]


def test_a_report_counts_at_once_and_repeated_or_late_ones_do_not() -> None:
    live = OnlineTable()
    live.refresh(CUSTOMER, PERIOD, 100, [])
    hear(live, report(octets_in=10, octets_out=5), report(octets_in=10, octets_out=5), report(octets_in=3))
    assert used(live) == 115


def test_booking_moves_octets_and_the_sum_stays() -> None:
    live, one = OnlineTable(), report(octets_in=10)
    hear(live, one, report(octets_in=30))
    live.booked([(CUSTOMER, PERIOD, 10)], [(CUSTOMER, uid_of(one), 10, False)], NOON)
    assert used(live) == 30
    live.booked([(CUSTOMER, PERIOD, 30)], [(CUSTOMER, uid_of(one), 30, True)], NOON)
    assert used(live) == 30


def test_what_the_writer_told_while_the_database_was_being_read_is_not_undone() -> None:
    live, one = OnlineTable(), report(octets_in=30)
    hear(live, one)
    live.reading_since = NOON - 1
    live.booked([(CUSTOMER, PERIOD, 30)], [(CUSTOMER, uid_of(one), 30, False)], NOON)
    live.refresh(CUSTOMER, PERIOD, 0, [])
    assert used(live) == 30
    live.reading_since = NOON + 1
    live.refresh(CUSTOMER, PERIOD, 12, [])
    assert used(live) == 12, "a counter set back by hand is in force"


def test_a_session_that_ended_and_was_booked_unheard_is_settled() -> None:
    live, one = OnlineTable(), report(STOP, octets_in=30)
    live.refresh(CUSTOMER, PERIOD, 30, [])
    hear(live, one)
    assert live.owed() == [(CUSTOMER, uid_of(one))]
    live.booked((), [(CUSTOMER, uid_of(one), 30, True)], NOON)
    assert used(live) == 30
    assert live.owed() == []


def test_a_new_period_begins_at_nothing_and_takes_its_share_of_what_grows_across() -> None:
    live = OnlineTable()
    live.refresh(CUSTOMER, PERIOD, 1000, [])
    hear(live, report(octets_in=100, received=NOON - 100))
    renewed = NOON
    assert used(live, renewed) == 0
    hear(live, report(octets_in=300, received=NOON + 100), period=renewed)
    assert used(live, renewed) == 100
    hear(live, report(octets_in=400, received=NOON + 200), period=renewed)
    assert used(live, renewed) == 200


def test_a_place_is_taken_at_accept_kept_by_start_and_freed_by_stop() -> None:
    live = OnlineTable()
    live.take_slot(CUSTOMER, MAC, NOON)
    assert macs(live, NOON + SLOT_SECONDS - 1) == [MAC]
    hear(live, report(START, received=NOON + 1))
    assert macs(live, NOON + SLOT_SECONDS + 1) == [MAC]
    hear(live, report(STOP, received=NOON + 70))
    assert macs(live, NOON + 71) == []


def test_a_place_without_start_is_free_after_a_minute() -> None:
    live = OnlineTable()
    live.take_slot(CUSTOMER, MAC, NOON)
    assert macs(live, NOON + SLOT_SECONDS) == []


def test_the_same_device_takes_its_session_over_and_another_does_not() -> None:
    live, first = OnlineTable(), report(START)
    hear(live, first)
    assert hear(live, report(START, session_id=b"80f00002", mac=OTHER, received=NOON + 5)) == []
    ends = hear(live, report(START, session_id=b"80f00003", received=NOON + 9))
    assert ends == [(uid_of(first), TAKEN_OVER)]
    assert macs(live, NOON + 10) == [MAC, OTHER]


def test_a_late_start_of_an_older_session_takes_nothing_over() -> None:
    live, older = OnlineTable(), report(START, session_id=b"80f00001", klass=our_class(NOON, 1))
    hear(live, report(START, session_id=b"80f00002", klass=our_class(NOON + 60, 2), received=NOON + 61))
    assert hear(live, older._replace(received=NOON + 62, delay=62)) == []


def test_three_missed_reports_are_stale_once_and_a_late_one_brings_the_session_back() -> None:
    live, one = OnlineTable(), report(octets_in=5)
    hear(live, one)
    assert live.sweep(NOON + STALE_SECONDS, 0) == []
    (end,) = live.sweep(NOON + STALE_SECONDS + 1, 0)
    assert (end.unique_id, end.cause, end.at) == (uid_of(one), STALE, NOON)
    assert live.sweep(NOON + STALE_SECONDS + 2, 0) == []
    assert macs(live, NOON + STALE_SECONDS + 2) == []
    hear(live, report(octets_in=9, received=NOON + 2000))
    assert macs(live, NOON + 2001) == [MAC]
    assert used(live) == 9


def test_silence_while_nobody_listened_is_not_staleness() -> None:
    live = OnlineTable()
    hear(live, report())
    assert live.sweep(NOON + 5000, since=NOON + 4900) == []


def test_a_stale_end_that_the_books_did_not_take_is_said_again() -> None:
    live, one = OnlineTable(), report(octets_in=5)
    hear(live, one)
    assert len(live.sweep(NOON + STALE_SECONDS + 1, 0)) == 1
    for _ in range(2):
        (again,) = live.booked((), [(CUSTOMER, uid_of(one), 5, False)], NOON + 2000)
        assert (again.at, again.cause) == (NOON, STALE)
    assert live.booked((), [(CUSTOMER, uid_of(one), 5, False)], NOON + 2000) == [], "the books must be right"
    assert live.booked((), [(CUSTOMER, uid_of(one), 5, True)], NOON + 2000) == []


def test_the_next_boot_counter_ends_what_the_restart_left() -> None:
    live = OnlineTable()
    old = [report(session_id=sid, mac=mac) for sid, mac in ((b"80e00001", MAC), (b"80e00002", OTHER))]
    hear(live, *old, report(session_id=b"81e00001", mac="hotspot"))
    ends = hear(live, report(START, session_id=b"80f00001", mac="third", received=NOON + 50))
    assert sorted(ends) == sorted((uid_of(one), ROUTER_REBOOT) for one in old)
    assert macs(live, NOON + 51) == ["hotspot", "third"]


def test_two_routers_behind_one_address_do_not_end_each_others_sessions() -> None:
    live = OnlineTable()
    hear(live, report(session_id=b"80e00001", mac="a"))
    assert hear(live, report(START, session_id=b"80500001", mac="b")) == []
    assert hear(live, report(START, session_id=b"80e00002", mac="c")) == []


def test_accounting_on_frees_all_places_of_the_device() -> None:
    live = OnlineTable()
    hear(live, report(), report(session_id=b"x", mac=OTHER, device_id=2))
    live.reboot(report("Accounting-On", received=NOON + 9))
    assert macs(live, NOON + 10) == [OTHER]


def test_sessions_of_the_database_are_online_until_it_has_them_no_more() -> None:
    live = OnlineTable()
    live.refresh(CUSTOMER, PERIOD, 50, [StoredSession("u", CUSTOMER, MAC, NOON - 50, NOON, 50)])
    assert macs(live, NOON + 1) == [MAC]
    live.refresh(CUSTOMER, PERIOD, 50, [])
    assert macs(live, NOON + 1) == []


def test_what_is_over_and_booked_is_forgotten() -> None:
    live, one = OnlineTable(), report(STOP, octets_in=5)
    hear(live, one)
    live.sweep(NOON + 1000, 0)
    assert used(live) == 5
    live.booked([(CUSTOMER, PERIOD, 5)], [(CUSTOMER, uid_of(one), 5, True)], NOON)
    live.sweep(NOON + 1000, 0)
    assert used(live) == 5
    assert live.owed() == []
    assert live._accounts[CUSTOMER].sessions == {}
