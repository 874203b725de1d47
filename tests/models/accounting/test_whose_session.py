"""The books: a session is whose Class says, or theirs who had the name when it began."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from sqlalchemy import Engine, text

from models.accounting.records import START, STOP
from tests.support.booked import book, rows, session
from tests.support.database import Tenant, make_tenant, moment
from tests.support.reports_made import NOON, our_class, report

MAC, OTHER_MAC = "02:00:00:00:00:0A", "02:00:00:00:00:0B"


def run(engine: Engine, statement: str, **values: Any) -> Any:
    with engine.begin() as connection:
        result = connection.execute(text(statement), values)
        return result.scalar() if result.returns_rows else None


@pytest.fixture
def shop(books: Engine, request: pytest.FixtureRequest) -> Iterator[Tenant]:
    """A tenant of this test alone: its customers are renamed and deleted."""
    number = sum(map(ord, request.node.name)) % 200
    made = make_tenant(books, request.node.name[:100], address=f"10.77.{number}.1", username="ann")
    yield made
    run(books, "update mikrotik_devices set ip_address = '10.78.0.0/32'::cidr + id where id = :id", id=made.device_id)


def sell(engine: Engine, shop: Tenant, username: str, created: float = NOON - 36_000) -> int:
    """Another customer; its id."""
    made: int = run(
        engine,
        "insert into customers (isp_id, username, expires_at, created_at) values (:isp, :name, :end, :at) returning id",
        isp=shop.isp_id, name=username, end=moment(NOON + 86_400), at=moment(created),
    )  # fmt: skip
    return made


def rename(engine: Engine, customer: int, username: str) -> None:
    run(engine, "update customers set username = :name where id = :id", name=username, id=customer)


def usage(engine: Engine) -> dict[int, int]:
    return {row[0]: row[1] for row in rows(engine, "select customer_id, bytes_in from usage")}


@pytest.fixture
def of(shop: Tenant) -> dict[str, Any]:
    return {"isp_id": shop.isp_id, "device_id": shop.device_id, "username": b"ann"}


def granted(shop: Tenant, nonce: int = 1) -> bytes:
    return our_class(NOON, nonce, shop.customer_id)


def test_a_renamed_customer_keeps_the_session_and_the_newcomer_of_the_name_inherits_nothing(
    books: Engine, shop: Tenant, of: dict[str, Any]
) -> None:
    of["klass"] = granted(shop)
    book(books, report(START, **of))
    rename(books, shop.customer_id, "ann2")
    newcomer = sell(books, shop, "ann")
    book(books, report(received=NOON + 300, session_time=300, octets_in=7, **of))
    assert usage(books) == {shop.customer_id: 7}
    assert newcomer not in usage(books)


def test_a_rename_between_accept_and_start_leaves_the_session_with_whom_it_was_granted_to(
    books: Engine, shop: Tenant, of: dict[str, Any]
) -> None:
    rename(books, shop.customer_id, "ann2")
    sell(books, shop, "ann")
    book(books, report(START, klass=granted(shop), **of),
         report(received=NOON + 5, session_time=5, octets_in=3, klass=granted(shop), **of))  # fmt: skip
    assert session(books).customer_id == shop.customer_id
    assert usage(books) == {shop.customer_id: 3}


def test_two_customers_who_swap_their_mac_names_keep_their_sessions(
    books: Engine, shop: Tenant, of: dict[str, Any]
) -> None:
    rename(books, shop.customer_id, MAC)
    other = sell(books, shop, OTHER_MAC)
    mine, theirs = granted(shop), our_class(NOON, 2, other)
    calls = [of | {"username": MAC.encode(), "klass": mine}, of | {"username": OTHER_MAC.encode(), "klass": theirs,
                                                                   "session_id": b"80f00002"}]  # fmt: skip
    book(books, *[report(START, **call) for call in calls])
    for customer, name in ((shop.customer_id, "swap"), (other, MAC), (shop.customer_id, OTHER_MAC)):
        rename(books, customer, name)
    book(
        books,
        *[report(received=NOON + 60, session_time=60, octets_in=10 + at, **call) for at, call in enumerate(calls)],
    )
    assert usage(books) == {shop.customer_id: 10, other: 11}


def test_after_a_deletion_the_next_owner_of_the_name_gets_nothing_of_the_session(
    books: Engine, shop: Tenant, of: dict[str, Any]
) -> None:
    begun = report(START, klass=granted(shop), **of), report(START, **(of | {"session_id": b"80f00002"}))
    book(books, *begun)
    run(books, "delete from customers where id = :id", id=shop.customer_id)
    sell(books, shop, "ann", created=NOON + 60)
    book(books, *[one._replace(status=STOP, received=NOON + 600, session_time=600, octets_in=9) for one in begun])
    assert usage(books) == {}
    assert [row[0] for row in rows(books, "select customer_id from radacct")] == [shop.customer_id] * 2


@pytest.mark.parametrize("klass", [b"", b"another server's", our_class(NOON, 5)])
def test_a_session_that_began_before_its_customer_existed_is_not_theirs(
    books: Engine, shop: Tenant, of: dict[str, Any], klass: bytes
) -> None:
    book(books, report(START, **(of | {"username": b"new", "klass": klass})))
    newcomer = sell(books, shop, "new", created=NOON + 60)
    book(
        books, report(received=NOON + 300, session_time=300, octets_in=7, **(of | {"username": b"new", "klass": klass}))
    )
    # Also where the first packet that arrives is later than the customer.
    book(books, report(received=NOON + 300, session_time=7200, octets_in=7,
                       **(of | {"username": b"new", "klass": klass, "session_id": b"80f00009"})))  # fmt: skip
    assert usage(books) == {}
    assert newcomer not in {row[0] for row in rows(books, "select customer_id from radacct")}


def test_a_session_that_begins_with_its_customer_is_theirs(books: Engine, shop: Tenant, of: dict[str, Any]) -> None:
    newcomer = sell(books, shop, "new", created=NOON)
    book(books, report(START, **(of | {"username": b"new"})),
         report(received=NOON + 9, session_time=9, octets_in=2, **(of | {"username": b"new"})))  # fmt: skip
    assert usage(books) == {newcomer: 2}


def test_under_another_user_name_the_class_decides(books: Engine, shop: Tenant, of: dict[str, Any]) -> None:
    sell(books, shop, "bob")
    book(books, report(octets_in=4, session_time=4, klass=granted(shop), **(of | {"username": b"bob"})))
    assert usage(books) == {shop.customer_id: 4}


def test_a_customer_of_another_tenant_is_nobody_here(books: Engine, shop: Tenant, tenant: Tenant) -> None:
    forged = our_class(NOON, 1, tenant.customer_id)
    book(books, report(octets_in=4, session_time=4, klass=forged, isp_id=shop.isp_id, device_id=shop.device_id,
                       username=b"ann"))  # fmt: skip
    assert usage(books) == {}
    assert session(books).customer_id is None


def test_without_our_class_two_users_of_one_id_have_a_session_each(
    books: Engine, shop: Tenant, of: dict[str, Any]
) -> None:
    bob = sell(books, shop, "bob")
    for name, octets in ((b"ann", 5), (b"bob", 6)):
        book(books, report(session_time=9, octets_in=octets, **(of | {"username": name})))
    assert usage(books) == {shop.customer_id: 5, bob: 6}
    assert len(rows(books, "select from radacct")) == 2


@pytest.mark.parametrize("name", [b"ann", b"ANN", b"Ann"])
def test_the_same_user_in_other_letters_is_the_same_session(
    books: Engine, shop: Tenant, of: dict[str, Any], name: bytes
) -> None:
    book(
        books, report(START, **of), report(received=NOON + 9, session_time=9, octets_in=5, **(of | {"username": name}))
    )
    assert usage(books) == {shop.customer_id: 5}
    assert len(rows(books, "select from radacct")) == 1


def test_rows_inserted_by_hand_find_their_customer_by_the_same_rule(books: Engine, shop: Tenant) -> None:
    statement = ("insert into radacct (isp_id, acctsessionid, username, acctstarttime, class) "
                 "values (:isp, 'x', :name, :at, :klass) returning customer_id")  # fmt: skip
    values = {"isp": shop.isp_id, "name": "ann", "at": moment(NOON), "klass": None}
    newcomer = sell(books, shop, "new", created=NOON)
    assert run(books, statement, **values) == shop.customer_id
    assert run(books, statement, **(values | {"name": "new"})) == newcomer
    assert run(books, statement, **(values | {"name": "new", "at": moment(NOON - 1)})) is None
    by_class = our_class(NOON, 1, shop.customer_id).hex()
    assert run(books, statement, **(values | {"name": "new", "klass": by_class})) == shop.customer_id
    forged = our_class(NOON, 1, 1 << 40).hex()
    assert run(books, statement, **(values | {"klass": forged})) is None
