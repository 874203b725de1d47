"""Money and network change together or not at all: the connection is killed before every statement of an act."""

from __future__ import annotations

import os
import signal
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import Engine, event, text
from sqlalchemy.exc import DBAPIError, OperationalError
from sqlalchemy.orm import Session

from models import Customer, Isp, ServicePlan
from models.money import payments
from models.money.payments import Received
from models.money.purchases import auto_renewal, plan_change
from models.money.purchases.renewal import renew
from models.money.purchases.sale import Pay
from service.database import cluster
from service.testing import Installation
from tests.support.money_world import MoneyWorld, broken

TABLES = ("subscriptions", "charges", "charged_periods", "transfers", "payments", "outbox", "audit_log")
Ids = tuple[int, int, int]


def pay(session: Session, ids: Ids, now: datetime) -> None:
    isp = session.get_one(Isp, ids[0])
    payments.receive(session, isp, Received(500, "cash", now, ids[1]), now)


def buy(session: Session, ids: Ids, now: datetime) -> None:
    isp, customer = session.get_one(Isp, ids[0]), session.get_one(Customer, ids[:2])
    renew(session, isp, customer, now, 2, Pay("cash"))


def change(session: Session, ids: Ids, now: datetime) -> None:
    isp, customer = session.get_one(Isp, ids[0]), session.get_one(Customer, ids[:2])
    plan_change.change_now(session, isp, customer, session.get_one(ServicePlan, (ids[0], ids[2])), now)


def renew_by_itself(session: Session, ids: Ids, now: datetime) -> None:
    assert auto_renewal.renew_one(session, ids[0], ids[1], now + timedelta(days=30)).charges


ACTS: dict[str, Callable[[Session, Ids, datetime], None]] = {
    "pay": pay, "renew": buy, "change plan": change, "renew by itself": renew_by_itself,
}  # fmt: skip


@pytest.fixture
def lasting(owner: Engine) -> Iterator[Ids]:
    """(tenant, customer, another plan) that other connections see."""
    with Session(owner) as session:
        world = MoneyWorld(session)
        world.now = world.customer.expires_at = datetime.now(UTC)
        world.subscribe(world.plan(1000))
        world.pay(100_000)
        world.customer.auto_renew = True
        ids = world.isp.id, world.customer.id, world.plan(2500, bandwidth_limit=20).id
        session.commit()
    yield ids
    with owner.connect() as connection:
        assert broken(connection) == []


def state(owner: Engine, isp_id: int) -> list[Any]:
    with owner.connect() as connection:
        counts = [
            connection.scalar(text(f"select count(*) from {table} where isp_id = :isp"), {"isp": isp_id})  # noqa: S608
            for table in TABLES
        ]
        customers = connection.execute(text("select * from customers where isp_id = :isp"), {"isp": isp_id}).all()
        accounts = connection.execute(text("select code, credit, seq from ledger_accounts where isp_id = :isp"
                                           " order by code"), {"isp": isp_id}).all()  # fmt: skip
    return [*counts, customers, accounts]


def killed_before(owner: Engine, number: int, act: Callable[[Session], None]) -> bool:
    """Run the act, its connection killed before that statement; False once the act has fewer statements."""
    with owner.connect() as connection, Session(connection) as session:
        pid = connection.scalar(text("select pg_backend_pid()"))
        connection.rollback()
        seen = iter(range(1, 10_000))

        def kill(*_arguments: Any) -> None:
            if next(seen) == number:
                with owner.connect() as other:
                    other.execute(text("select pg_terminate_backend(:pid, 5000)"), {"pid": pid})

        event.listen(connection, "before_cursor_execute", kill)
        try:
            act(session)
            kill()  # the commit is a statement, too
            session.commit()
        except DBAPIError:
            connection.invalidate()
            return True
    return False


@pytest.mark.parametrize("act", ACTS)
def test_a_connection_killed_at_any_statement_leaves_nothing_half(owner: Engine, lasting: Ids, act: str) -> None:
    now, before = datetime.now(UTC), state(owner, lasting[0])
    number = 1
    while killed_before(owner, number, lambda session: ACTS[act](session, lasting, now)):
        assert state(owner, lasting[0]) == before, f"killed before statement {number}"
        number += 1
    assert number > 8, "there was something to interrupt"
    after = state(owner, lasting[0])
    assert after != before
    assert after[TABLES.index("transfers")] > before[TABLES.index("transfers")]
    if act != "pay":
        assert after[TABLES.index("outbox")] > before[TABLES.index("outbox")]


def kill_postgresql(installation: Installation, owner: Engine) -> None:
    """kill -9 of the server; returns when it answers again."""
    file = cluster.data_directory(installation.settings) / "postmaster.pid"
    before = file.read_text().splitlines()[0]
    os.kill(int(before), signal.SIGKILL)
    deadline = time.monotonic() + 30
    while time.monotonic() < deadline:
        try:
            with owner.connect() as connection:
                connection.execute(text("select 1"))
            if file.read_text().splitlines()[0] != before:
                return
        except (OperationalError, OSError, IndexError):
            time.sleep(0.05)
    raise AssertionError("PostgreSQL does not come back")


def test_a_killed_postgresql_leaves_nothing_half_and_keeps_what_was_committed(
    owner: Engine, installation: Installation, lasting: Ids
) -> None:
    """Between the last statement and the commit; at every statement in tests/fault/test_money.py."""
    now, before = datetime.now(UTC), state(owner, lasting[0])
    with Session(owner) as session:
        buy(session, lasting, now)
        session.flush()
        kill_postgresql(installation, owner)
        with pytest.raises(DBAPIError):
            session.commit()
        session.invalidate()
    assert state(owner, lasting[0]) == before
    with Session(owner) as session:
        buy(session, lasting, now)
        session.commit()
    after = state(owner, lasting[0])
    kill_postgresql(installation, owner)
    assert state(owner, lasting[0]) == after != before
