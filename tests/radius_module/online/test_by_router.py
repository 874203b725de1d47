"""Open sessions by router: the same as a look at everybody's sessions, after any history."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from models.accounting.records import INTERIM, ROUTER_REBOOT, START, STOP, AccountingRecord
from radius_module.online.session import STALE_SECONDS, OnlineSession, StoredSession
from radius_module.online.table import NOBODY, OnlineTable
from tests.support.online_made import apply
from tests.support.reports_made import NOON, our_class, report

PERIOD = NOON - 86_400.0
_customers = st.integers(1, 3)
_routers = st.sampled_from(["", "core", "edge"])
_devices = st.integers(1, 2)
#: RouterOS' of two services and several boots, and others.
_session_ids = st.sampled_from([b"80100001", b"80200001", b"80200002", b"81100001", b"81200001", b"other"])
_times = st.integers(0, 40).map(lambda step: NOON + 60.0 * step)

records = st.builds(
    report, st.sampled_from([START, INTERIM, STOP]), device_id=_devices, session_id=_session_ids, received=_times,
    klass=st.sampled_from([b"", our_class(NOON - 9, 1, 1), our_class(NOON - 8, 2, 2)]), router=_routers,
    octets_in=st.integers(0, 5), session_time=st.integers(0, 100), mac=st.sampled_from(["", "02:00:00:00:00:01"]),
)  # fmt: skip
steps = st.lists(
    st.one_of(
        st.tuples(st.just("record"), _customers, records),
        st.tuples(st.just("restart"), records),
        st.tuples(st.just("book"), _customers, st.integers(0, 20), st.booleans(), st.booleans()),
        st.tuples(st.just("alias"), _customers, st.integers(0, 20), st.integers(0, 20)),
        st.tuples(st.just("refresh"), _customers, st.sets(st.integers(0, 20), max_size=3), _devices, _routers),
        st.tuples(st.just("sweep"), st.sampled_from([NOON, NOON + 3 * STALE_SECONDS])),
        st.tuples(st.just("forget"), _customers),
        st.tuples(st.just("restore")),
    ),
    max_size=30,
)


class History:
    """A table, and the identifiers that it has seen."""

    def __init__(self) -> None:
        self.online = OnlineTable()
        self.uids = [f"{number:032x}" for number in range(3)]

    def uid(self, number: int) -> str:
        return self.uids[number % len(self.uids)]

    def record(self, customer: int, record: AccountingRecord) -> None:
        apply(self.online, record, customer, PERIOD, most_open=3)
        self.uids += [uid for uid, _ in sessions(self.online) if uid not in self.uids]

    def restart(self, record: AccountingRecord) -> None:
        at = record.received
        left = {session for _, session in sessions(self.online)
                if not session.closed and session.updated <= at and session.is_on(record)}  # fmt: skip
        ended_before = {session for _, session in sessions(self.online) if session.closed}
        self.online.device_restarted(record)
        ended = {session for _, session in sessions(self.online) if session.closed} - ended_before
        assert ended == left
        assert all(session.cause == ROUTER_REBOOT for session in ended)

    def book(self, customer: int, number: int, over: bool, evidence: bool) -> None:
        self.online.apply_booking((), [(customer, self.uid(number), 3, over, evidence, (), 0)], NOON)

    def alias(self, customer: int, number: int, other: int) -> None:
        if self.uid(number) != self.uid(other):
            booked = (customer, self.uid(number), 3, False, False, (self.uid(other),), 0)
            self.online.apply_booking((), [booked], NOON)

    def refresh(self, customer: int, numbers: set[int], device: int, router: str) -> None:
        rows = [StoredSession(self.uid(number), customer, "", NOON, NOON + 60 * number, 9, 0, 1, device, "80100001",
                              "10.1.1.1", router) for number in numbers]  # fmt: skip
        self.online.refresh(customer, PERIOD, 5, rows)

    def sweep(self, now: float) -> None:
        self.online.sweep(now, NOON)

    def forget(self, customer: int) -> None:
        self.online.forget(customer)

    def restore(self) -> None:
        rows = [row for piece in self.online.snapshot_rows(2) for row in piece]
        self.online = OnlineTable()
        self.online.restore(rows)


def sessions(online: OnlineTable) -> Iterator[tuple[str, OnlineSession]]:
    """Everybody's."""
    for customer in online._customers.values():
        yield from customer.sessions.items()


def indexed(online: OnlineTable) -> set[tuple[str, OnlineSession]]:
    return {
        (uid, session)
        for services in online._by_router._of_routers.values()
        for of_service in services.values()
        for session, uid in of_service.items()
    }


@given(steps)
@settings(max_examples=300, deadline=None)
def test_it_holds_the_open_sessions_and_no_others(steps: list[tuple[Any, ...]]) -> None:
    history = History()
    for step in steps:
        getattr(history, step[0])(*step[1:])
        still_open = {(uid, session) for uid, session in sessions(history.online) if not session.closed}
        assert indexed(history.online) == still_open
        for device in (1, 2):
            for router in ("", "core", "edge"):
                asked = report(device_id=device, router=router)
                for service in (None, b"80", b"81"):
                    there = {session for _, session in still_open if session.is_on(asked)
                             and (service is None or (session.boot or (b"",))[0] == service)}  # fmt: skip
                    assert {session for session, _ in history.online._by_router.on_router_of(asked, service)} == there


def test_nothing_is_kept_of_sessions_that_are_over() -> None:
    online = OnlineTable()
    for number in range(5):
        record = report(START, session_id=b"%08x" % number, router=f"router {number}")
        apply(online, record, NOBODY, PERIOD)
        apply(online, record._replace(status=STOP), NOBODY, PERIOD)
    assert online._by_router._of_routers == {}


def test_a_restart_of_a_router_with_many_sessions_ends_them_all() -> None:
    online = OnlineTable()
    for number in range(350):
        apply(online, report(START, session_id=b"801%05x" % number), number + 1, PERIOD)
    ends = apply(online, report(START, session_id=b"80200000", received=NOON + 60), 1000, PERIOD)
    assert len(ends) == 350
    assert {end.cause for end in ends} == {ROUTER_REBOOT}
    assert [session.session_id for _, session in sessions(online) if not session.closed] == [b"80200000"]
