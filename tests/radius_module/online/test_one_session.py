"""One session in memory, though several devices, Classes or routers speak of it; and when it is silent for too long."""

from __future__ import annotations

from typing import Any

import pytest

from models.accounting.records import ROUTER_REBOOT, START, STOP, AccountingRecord
from radius_module.online.session import stale_after
from radius_module.online.table import OnlineTable
from tests.support.online_made import apply
from tests.support.reports_made import NOON, our_class, report

CUSTOMER, PERIOD = 7, NOON - 86_400.0
MAC, OTHER = "02:00:00:00:00:01", "02:00:00:00:00:02"
OURS = our_class(NOON, 1, CUSTOMER)


def hear(online: OnlineTable, *records: AccountingRecord) -> list[tuple[str, str]]:
    return [(end.unique_id, end.cause) for one in records for end in apply(online, one, CUSTOMER, PERIOD)]


def used(online: OnlineTable) -> int:
    return online.usage_and_slots(CUSTOMER, PERIOD, NOON)[0]


def slots(online: OnlineTable, now: float = NOON + 700) -> list[str]:
    return sorted(slot.mac for slot in online.usage_and_slots(CUSTOMER, PERIOD, now)[1])


def test_through_a_second_device_it_is_the_same_session() -> None:
    online = OnlineTable()
    for device in (1, 2):
        hear(online, report(octets_in=4, klass=OURS, device_id=device, address=f"10.1.1.{device}"))
    assert used(online) == 4
    assert len(slots(online)) == 1


def reauthenticated(step: int, octets: int, **fields: Any) -> AccountingRecord:
    klass = our_class(NOON + 600 * step, 9 + step, CUSTOMER)
    return report(received=NOON + 600 * step, session_time=600 * step, octets_in=octets, klass=klass)._replace(**fields)


def test_a_class_that_changes_within_a_living_session_makes_no_other() -> None:
    online = OnlineTable()
    packets = [report(START, klass=OURS), reauthenticated(1, 4), reauthenticated(2, 5), reauthenticated(3, 9)]
    hear(online, *packets, *packets)
    assert used(online) == 9
    assert slots(online, NOON + 1900) == [MAC]
    hear(online, packets[-1]._replace(status=STOP, octets_in=10, received=NOON + 2000))
    assert used(online) == 10
    assert slots(online, NOON + 2001) == []


@pytest.mark.parametrize(
    "change",
    [{"octets_in": 3}, {"session_time": 1}, {"status": START}, {"router": "10.0.0.9"}, {"nas_address": "10.1.1.9"},
     {"session_id": b"80f00009"}, {"device_id": 9}],
    ids=lambda change: next(iter(change)),
)  # fmt: skip
def test_what_cannot_go_on_with_it_is_another_session(change: dict[str, Any]) -> None:
    online = OnlineTable()
    hear(online, reauthenticated(1, 4, router="10.0.0.1"), reauthenticated(2, 5, router="10.0.0.1")._replace(**change))
    assert len(online._customers[CUSTOMER].sessions) == 2


def test_one_routers_restart_ends_nothing_of_the_others_in_its_network() -> None:
    online = OnlineTable()
    for number, (address, router) in enumerate([("10.1.1.1", "a"), ("10.1.1.2", "a"), ("10.1.1.1", "b")]):
        hear(online, report(session_id=b"%d" % number, mac=f"m{number}", address=address, router=router))
    online.device_restarted(report("Accounting-On", received=NOON + 9, address="10.1.1.1", router="b"))
    assert slots(online, NOON + 10) == ["m0", "m1"]


@pytest.mark.parametrize(("delay", "left"), [(0, 0), (9, 0), (45, 1), (120, 1)])
def test_an_accounting_on_with_a_delay_speaks_of_the_past(delay: int, left: int) -> None:
    online = OnlineTable()
    hear(online, report(START))
    online.device_restarted(report("Accounting-On", received=NOON + 30, delay=delay))
    assert len(slots(online, NOON + 31)) == left


@pytest.mark.parametrize(
    ("before", "after"),
    [(b"00012345", b"00022346"), (b"10000001", b"12000001"), (b"00212345", b"00312346"), (b"ab012345", b"ab112345")],
)
def test_eight_digits_of_others_are_no_boot_digits(before: bytes, after: bytes) -> None:
    online = OnlineTable()
    hear(online, report(session_id=before, mac="a"))
    assert hear(online, report(START, session_id=after, mac="b", received=NOON + 9)) == []


def test_a_router_of_which_one_id_is_not_routeros_has_no_boot_digits_at_all() -> None:
    online = OnlineTable()
    hear(online, report(session_id=b"80e00001", mac="a"), report(session_id=b"1f223344", mac="c"))
    assert hear(online, report(START, session_id=b"80f00001", mac="b", received=NOON + 9)) == []


def test_boot_digits_are_each_routers_own() -> None:
    online = OnlineTable()
    hear(online, *[report(session_id=b"80e00001", mac=f"m{number}", address=f"10.1.1.{number}",
                          klass=our_class(NOON, number, CUSTOMER)) for number in (1, 2)])  # fmt: skip
    ends = hear(online, report(START, session_id=b"80f00001", mac="b", received=NOON + 9, address="10.1.1.2"))
    assert [cause for _uid, cause in ends] == [ROUTER_REBOOT]
    assert slots(online, NOON + 10) == ["b", "m1"]


@pytest.mark.parametrize("interval", [60, 300, 600, 3600])
def test_stale_is_three_intervals_of_the_sessions_own(interval: int) -> None:
    online = OnlineTable()
    hear(online, report(klass=our_class(NOON, 1, CUSTOMER, interval)))
    stale = NOON + stale_after(interval)
    assert stale - NOON == 3 * interval + 30
    assert online.sweep(stale - 0.01, 0) == []
    assert len(slots(online, stale - 0.01)) == 1
    assert slots(online, stale) == []
    assert len(online.sweep(stale, 0)) == 1


def test_an_end_is_told_so_often_and_no_more_until_there_is_news() -> None:
    online, one = OnlineTable(), report(octets_in=5, klass=OURS)
    hear(online, one)
    (uid,) = online._customers[CUSTOMER].sessions
    row = (CUSTOMER, uid, 5, False, False, (), 0)
    ends = len(online.sweep(NOON + 1000, 0))
    for step in range(50):
        ends += len(online.apply_booking((), [row], NOON + 1000 + step)) + len(online.sweep(NOON + 1000 + step, 0))
    assert ends == 3
    hear(online, one._replace(received=NOON + 1100, octets_in=6))
    assert len(online.sweep(NOON + 3000, 0)) == 1
