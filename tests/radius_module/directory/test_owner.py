"""Whose a session is, in memory: by the rule of the books, whatever its customer is called since."""

from __future__ import annotations

from typing import Any

import pytest

from models.accounting.records import START, STOP, TAKEN_OVER, AccountingRecord
from radius_module.directory.contents import Directory
from radius_module.directory.owner import apply_record
from radius_module.online.table import NOBODY, OnlineTable
from radius_module.rules.facts import Customer
from tests.support.facts_made import CUSTOMER, ISP, PLAN
from tests.support.reports_made import NOON, our_class, report

PERIOD = NOON - 86_400.0
ANN = CUSTOMER._replace(id=71, username="ann", created_at=PERIOD, period_starts=(PERIOD,))
BOB = CUSTOMER._replace(id=72, username="bob", created_at=PERIOD, period_starts=(PERIOD,))


class Node:
    """A directory and the table of who is online."""

    def __init__(self, *customers: Customer) -> None:
        self.directory, self.online = Directory(), OnlineTable()
        self.directory.contents.isps[ISP.id] = ISP
        self.directory.contents.plans[PLAN.id] = PLAN
        self.put(*customers)

    def put(self, *customers: Customer) -> None:
        for customer in customers:
            self.directory.contents.put_customer(customer)

    def hear(self, *records: AccountingRecord) -> list[tuple[str, str]]:
        return [(end.unique_id, end.cause) for one in records for end in apply_record(self.directory, self.online, one)]

    def used(self, customer_id: int) -> int:
        return self.online.usage_and_slots(customer_id, PERIOD, NOON)[0]

    def slots(self, customer_id: int, now: float = NOON + 1) -> int:
        return len(self.online.usage_and_slots(customer_id, PERIOD, now)[1])


def packet(status: str = "Interim-Update", username: str = "ann", **fields: Any) -> AccountingRecord:
    return report(status, isp_id=ISP.id, username=username.encode(), **fields)


def test_a_newcomer_of_the_name_inherits_neither_octets_nor_slot() -> None:
    node, klass = Node(ANN), our_class(NOON, 1, ANN.id)
    node.hear(packet(START, klass=klass))
    node.put(ANN._replace(username="ann2"), BOB._replace(username="ann", created_at=NOON + 1))
    node.hear(packet(octets_in=7, received=NOON + 300, session_time=300, klass=klass))
    assert (node.used(ANN.id), node.used(BOB.id)) == (7, 0)
    assert (node.slots(ANN.id), node.slots(BOB.id)) == (1, 0)


@pytest.mark.parametrize("klass", [b"", b"another's", our_class(NOON, 3)])
def test_without_a_customer_in_the_class_too(klass: bytes) -> None:
    node = Node(ANN)
    node.hear(packet(START, klass=klass))
    node.put(ANN._replace(username="ann2"), BOB._replace(username="ann"))
    node.hear(packet(octets_in=7, received=NOON + 300, session_time=300, klass=klass))
    assert (node.used(ANN.id), node.used(BOB.id)) == (7, 0)


def test_a_rename_between_accept_and_start_leaves_the_session_with_whom_it_was_granted_to() -> None:
    node, klass = Node(ANN._replace(username="ann2"), BOB._replace(username="ann")), our_class(NOON, 1, ANN.id)
    node.hear(packet(START, klass=klass), packet(octets_in=3, session_time=3, received=NOON + 3, klass=klass))
    assert (node.used(ANN.id), node.used(BOB.id)) == (3, 0)


def test_a_session_that_began_before_its_customer_existed_is_not_theirs() -> None:
    node = Node()
    node.hear(packet(START))
    node.put(ANN._replace(created_at=NOON + 10))
    node.hear(packet(octets_in=9, received=NOON + 300, session_time=300))
    assert (node.used(ANN.id), node.slots(ANN.id)) == (0, 0)
    node.hear(packet(START, session_id=b"80f00002", received=NOON + 20), packet(
        octets_in=4, session_id=b"80f00002", received=NOON + 40, session_time=20))  # fmt: skip
    assert (node.used(ANN.id), node.slots(ANN.id)) == (4, 1)


def test_a_customer_of_another_tenant_is_nobody_here() -> None:
    node = Node(ANN._replace(isp_id=ISP.id + 1), BOB)
    node.hear(packet(octets_in=5, klass=our_class(NOON, 1, ANN.id), username="bob"))
    assert (node.used(ANN.id), node.used(BOB.id)) == (0, 0)


def test_a_deleted_customers_session_stays_theirs_until_it_ends() -> None:
    node, klass = Node(ANN), our_class(NOON, 1, ANN.id)
    node.hear(packet(START, klass=klass))
    node.directory.contents.drop_customer(ANN.id)
    node.online.forget(ANN.id)
    node.put(BOB._replace(username="ann", created_at=NOON + 5))
    node.hear(packet(octets_in=9, received=NOON + 60, session_time=60, klass=klass))
    assert node.used(BOB.id) == 0
    (end,) = node.online.sweep(NOON + 60 + 931, 0)
    assert (end.isp_id, end.at) == (ISP.id, NOON + 60)


def test_sessions_of_nobody_end_like_anybodys() -> None:
    node = Node(ANN)
    node.hear(packet(START, username="T-02:00:00:00:00:99"), packet(START, username="ann", session_id=b"80f00002"))
    ends = node.online.sweep(NOON + 931, 0)
    assert {(end.isp_id, end.cause) for end in ends} == {(ISP.id, "Stale-Session")}
    assert len(ends) == 2
    assert NOBODY not in node.directory.contents.customers


def test_nobodys_sessions_of_one_id_are_not_taken_for_one_another() -> None:
    """As in the books: only a customer's session goes on under another Class."""
    node = Node()
    for nonce, octets in ((1, 5), (2, 6)):
        node.hear(packet(octets_in=octets, session_time=octets, klass=our_class(NOON, nonce, 999)))
    assert len(node.online._customers[NOBODY].sessions) == 2


def test_another_user_name_with_our_class_is_the_granted_customer() -> None:
    node = Node(ANN, BOB)
    node.hear(packet(octets_in=5, klass=our_class(NOON, 1, ANN.id), username="bob"))
    assert (node.used(ANN.id), node.used(BOB.id)) == (5, 0)


def test_two_users_of_one_id_have_a_session_each() -> None:
    node = Node(ANN, BOB)
    node.hear(
        packet(octets_in=5, mac="02:00:00:00:00:0A"), packet(octets_in=6, username="bob", mac="02:00:00:00:00:0B")
    )
    assert (node.used(ANN.id), node.used(BOB.id)) == (5, 6)
    assert (node.slots(ANN.id), node.slots(BOB.id)) == (1, 1)


def test_no_more_open_sessions_than_a_customer_may_have_are_counted() -> None:
    node = Node(ANN)
    for number in range(30):
        node.hear(
            packet(octets_in=1, session_id=b"%d" % number, mac=f"m{number}", klass=our_class(NOON, number, ANN.id))
        )
    assert (node.used(ANN.id), node.slots(ANN.id)) == (22, 22)
    node.hear(packet(STOP, octets_in=2, session_id=b"0", mac="m0", klass=our_class(NOON, 0, ANN.id), received=NOON + 1))
    node.hear(packet(octets_in=9, session_id=b"29", mac="m29", klass=our_class(NOON, 29, ANN.id), received=NOON + 2))
    node.hear(packet(octets_in=1, session_id=b"new", mac="new", klass=our_class(NOON, 99, ANN.id), received=NOON + 2))
    assert (node.used(ANN.id), node.slots(ANN.id, NOON + 3)) == (24, 22)


def test_a_customers_own_device_takes_over_only_their_own_session() -> None:
    node = Node(ANN, BOB)
    node.hear(packet(START, klass=our_class(NOON, 1, ANN.id)))
    assert node.hear(packet(START, username="bob", session_id=b"80f00002", klass=our_class(NOON, 2, BOB.id))) == []
    ends = node.hear(packet(START, session_id=b"80f00003", klass=our_class(NOON + 1, 3, ANN.id), received=NOON + 2))
    assert [cause for _uid, cause in ends] == [TAKEN_OVER]


def test_what_the_books_have_of_a_customer_who_is_gone_is_theirs_in_memory_too() -> None:
    """A restart had ended the session, its customer was deleted, and it goes on: memory asks the books whose it is."""
    node, klass = Node(ANN), our_class(NOON, 1, ANN.id)
    node.hear(packet(START, klass=klass), packet("Accounting-On", received=NOON + 1, session_id=b""))
    node.directory.contents.drop_customer(ANN.id)
    node.online.forget(ANN.id)
    node.hear(packet(octets_in=3, session_time=120, received=NOON + 120, klass=klass))
    (uid,) = node.online._customers[NOBODY].sessions
    node.online.apply_booking([], [(ANN.id, uid, 3, False, False, (), 0)], NOON + 121)
    assert not node.online._customers[NOBODY].sessions
    assert [session.session_id for session in node.online._customers[ANN.id].sessions.values()] == [b"80f00001"]
