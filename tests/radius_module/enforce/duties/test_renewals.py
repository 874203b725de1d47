"""Renewals that nobody asks for: in the worker, from committed rows, as the worker's own role."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import Engine, text
from sqlalchemy.orm import Session

from models import Customer
from radius_module.enforce.duties.renewals import keep_renewing, rounds_of
from service.testing import Installation
from tests.support.money_world import MoneyWorld, broken

Payer = Callable[..., int]


@pytest.fixture
def payer(engine: Engine) -> Iterator[Payer]:
    """Makes a customer with auto_renew, so much credit and a plan of 10.00 that ends then; their id."""

    def payer(credit: int, ends: datetime) -> int:
        with Session(engine) as session, session.begin():
            world = MoneyWorld(session)
            world.now = ends - timedelta(days=30)
            world.subscribe(world.plan(1000))
            world.pay(1000 + credit)
            world.customer.auto_renew = True
            return world.customer.id

    yield payer
    with engine.begin() as connection:
        connection.execute(text("update customers set auto_renew = false"))


def expiry(engine: Engine, customer_id: int) -> datetime:
    with Session(engine) as session:
        customer = session.query(Customer).filter_by(id=customer_id).one()
        return customer.expires_at


def key_of(engine: Engine, customer_id: int) -> tuple[int, int]:
    with engine.connect() as connection:
        query = text("select isp_id from customers where id = :id")
        return connection.scalar(query, {"id": customer_id}) or 0, customer_id


def test_whoever_has_the_credit_is_renewed_once_and_nobody_else(engine: Engine, payer: Payer) -> None:
    ended = datetime.now(UTC).replace(microsecond=0) - timedelta(minutes=1)
    rich, poor = payer(1000, ended), payer(999, ended)
    assert [result[:3] for result in rounds_of(engine).run()] == [(*key_of(engine, rich), True)]
    assert list(rounds_of(engine).run()) == []
    assert expiry(engine, rich) == ended + timedelta(days=30)
    assert expiry(engine, poor) == ended
    with engine.connect() as connection:
        assert broken(connection) == []
        actors = "select actor from audit_log where resource_id = :id order by id desc limit 1"
        assert connection.scalar(text(actors), {"id": rich}) == "renewal"


def test_a_customer_whom_somebody_else_is_changing_keeps_nobody_waiting(engine: Engine, payer: Payer) -> None:
    ended = datetime.now(UTC).replace(microsecond=0) - timedelta(minutes=2)
    held, free = payer(1000, ended), payer(1000, ended + timedelta(minutes=1))
    with engine.connect() as other:
        other.execute(text("select from customers where id = :id for update"), {"id": held})
        assert [result.customer_id for result in rounds_of(engine).run() if result.renewed] == [free]
    assert [result.customer_id for result in rounds_of(engine).run()] == [held]


def test_it_is_done_at_the_second_at_which_the_period_ends(
    engine: Engine, installation: Installation, payer: Payer
) -> None:
    ends = datetime.now(UTC) + timedelta(seconds=1)
    customer_id, stopping = payer(1000, ends), threading.Event()
    thread = threading.Thread(target=keep_renewing, args=(installation.urls.engine, stopping))
    thread.start()
    try:
        deadline = time.monotonic() + 20
        while expiry(engine, customer_id) == ends and time.monotonic() < deadline:
            time.sleep(0.05)
        assert datetime.now(UTC) >= ends
        assert expiry(engine, customer_id) == ends + timedelta(days=30)
    finally:
        stopping.set()
        thread.join(10)
    assert not thread.is_alive()
