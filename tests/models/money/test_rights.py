"""Who may do what to the books, tried as each role that serves; and what happens to two at once."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime

import pytest
from sqlalchemy import Engine, text
from sqlalchemy.exc import DBAPIError, IntegrityError
from sqlalchemy.orm import Session

from models.db import make_engine
from models.money import ledger
from models.money.ledger import Cause, Movement
from models.money.purchases import auto_renewal
from models.refusals import Refused
from service.testing import Installation
from tests.support.money_world import MoneyWorld, broken

TODAY = datetime(2026, 3, 10, tzinfo=UTC).date()
FORBIDDEN = [
    *(f"{order} {table}" for table in ("transfers", "charges", "refunds", "ledger_checkpoints", "payments", "drawers",
                                       "ledger_accounts") for order in ("delete from", "truncate")),
    "update transfers set amount = 1", "update charges set net = 1", "update refunds set amount = 1",
    "update payments set amount = 1", "update ledger_accounts set credit = 1",
    "update charged_periods set charge_id = 1", "insert into ledger_checkpoints values (1, 1, 1, 1)",
    "update drawers set operator = 'x'",
]  # fmt: skip


@pytest.fixture(params=["engine", "api"])
def serving(request: pytest.FixtureRequest, installation: Installation) -> Iterator[Engine]:
    """Connections as a role that serves has them."""
    engine = make_engine(getattr(installation.urls, request.param), "tests")
    yield engine
    engine.dispose()


@pytest.mark.parametrize("order", FORBIDDEN)
def test_no_role_that_serves_changes_or_deletes_what_was_written(serving: Engine, order: str) -> None:
    with serving.connect() as connection, pytest.raises(DBAPIError, match="permission denied"):
        connection.execute(text(order))


@pytest.fixture
def lasting(owner: Engine) -> Iterator[tuple[int, int]]:
    """(tenant, customer) that other connections see; the books stay, as they do."""
    with Session(owner) as session:
        world = MoneyWorld(session)
        world.subscribe(world.plan(1000))
        world.customer.auto_renew = True
        world.pay(100_000)
        isp_id, customer_id = world.isp.id, world.customer.id
        session.commit()
    yield isp_id, customer_id
    with owner.connect() as connection:
        assert broken(connection) == []


def at_once(owner: Engine, number: int, act: Callable[[Session], object]) -> list[object]:
    """The act, by so many at the same moment, each in a transaction of its own; what each returned or was refused."""
    barrier = threading.Barrier(number)

    def once(_number: int) -> object:
        with Session(owner) as session:
            barrier.wait(30)
            try:
                result = act(session)
                session.commit()
            except (IntegrityError, Refused) as refused:
                return refused
            return result

    with ThreadPoolExecutor(number) as pool:
        return list(pool.map(once, range(number)))


def test_the_same_key_at_once_is_one_transfer(owner: Engine, lasting: tuple[int, int]) -> None:
    isp_id, customer_id = lasting

    def post(session: Session) -> int:
        till = ledger.account(session, isp_id, "clearing", "bank")
        holder = ledger.account(session, isp_id, "customer", str(customer_id))
        payment = session.scalar(text("select min(id) from payments where isp_id = :isp"), {"isp": isp_id})
        return ledger.post(
            session, isp_id, Cause("payment", payment or 0, TODAY), [Movement("twice", till, holder, 7)]
        )[0].id

    ids = at_once(owner, 8, post)
    assert len(set(ids)) == 1
    with Session(owner) as session:
        assert ledger.credit_of(session, isp_id, customer_id) == 99_007
        back = session.get_one(ledger.Transfer, (isp_id, ids[0]))
        ledger.reverse(session, isp_id, Cause("payment", back.cause_id, TODAY), [back])
        session.commit()


def test_two_workers_renew_once(owner: Engine, lasting: tuple[int, int]) -> None:
    isp_id, customer_id = lasting
    with Session(owner) as session:
        now = session.scalar(text("select expires_at from customers where id = :id"), {"id": customer_id})
    assert now is not None
    renewed = at_once(owner, 6, lambda session: len(auto_renewal.renew_one(session, isp_id, customer_id, now).charges))
    assert sorted(renewed, key=str) == [0, 0, 0, 0, 0, 1]


def test_no_account_falls_below_its_floor_under_200_purchases_at_once(owner: Engine, lasting: tuple[int, int]) -> None:
    isp_id, _ = lasting
    with Session(owner) as session:
        agent = ledger.account(session, isp_id, "agent", "1", floor=-50)
        till = ledger.account(session, isp_id, "clearing", "agent")
        payment = session.scalar(text("select min(id) from payments where isp_id = :isp"), {"isp": isp_id}) or 0
        session.commit()
    numbers = iter(range(1000))

    def buy(session: Session) -> str:
        move = Movement(f"buy {next(numbers)}", agent, till, 1)
        ledger.post(session, isp_id, Cause("assignment", payment, TODAY), [move])
        return "bought"

    results = [result for _ in range(25) for result in at_once(owner, 8, buy)]
    assert results.count("bought") == 50 and len(results) == 200
    with owner.connect() as connection:
        assert connection.scalar(text("select credit from ledger_accounts where id = :id"), {"id": agent}) == -50
