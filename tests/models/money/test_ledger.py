"""The ledger: balanced by construction, never changed, each key once."""

from __future__ import annotations

import pytest
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError

from models.money import ledger
from models.money.books import daily_proof
from models.money.ledger import Cause, Movement
from models.refusals import Refused
from tests.support.money_world import MoneyWorld


def cause(world: MoneyWorld) -> Cause:
    return Cause("payment", world.pay(1).id, world.now.date())


def test_a_transfer_moves_kept_balances_and_sums_to_zero(world: MoneyWorld) -> None:
    world.charge(1999)
    world.pay(2500)
    assert world.credit == 501
    assert (world.balance("revenue"), world.balance("clearing:bank")) == (1999, -2500)
    assert world.verify() == []


def test_the_same_key_is_the_same_transfer_and_another_movement_under_it_is_refused(world: MoneyWorld) -> None:
    till = ledger.account(world.session, world.isp.id, "clearing", "bank")
    holder = ledger.account(world.session, world.isp.id, "customer", str(world.customer.id))
    about = cause(world)
    first = ledger.post(world.session, world.isp.id, about, [Movement("k", till, holder, 5)])
    again = ledger.post(world.session, world.isp.id, about, [Movement("k", till, holder, 5)])
    assert [row.id for row in first] == [row.id for row in again]
    assert world.credit == 6
    for other in (Movement("k", till, holder, 6), Movement("k", holder, till, 5)):
        with pytest.raises(Refused, match="another transfer"):
            ledger.post(world.session, world.isp.id, about, [other])


@pytest.mark.parametrize(
    "movement",
    [
        "values (:isp, :a, :a, 5, 'x', 1, 'k1', current_date, 'me')",
        "values (:isp, :a, :b, 0, 'x', 1, 'k1', current_date, 'me')",
        "values (:isp, :a, :b, -5, 'x', 1, 'k1', current_date, 'me')",
        "values (:isp, :a, 1000000, 5, 'x', 1, 'k1', current_date, 'me')",
    ],
)
def test_an_unbalanced_transfer_cannot_be_written(world: MoneyWorld, movement: str) -> None:
    a = ledger.account(world.session, world.isp.id, "clearing", "bank")
    b = ledger.account(world.session, world.isp.id, "revenue")
    order = text(
        "insert into transfers (isp_id, from_account, to_account, amount, cause, cause_id, key, effective_on, actor) "
        + movement
    )
    with pytest.raises(DBAPIError):
        world.session.execute(order, {"isp": world.isp.id, "a": a, "b": b})


def test_no_transfer_joins_two_tenants(world: MoneyWorld) -> None:
    other = MoneyWorld(world.session)
    theirs = ledger.account(world.session, other.isp.id, "clearing", "bank")
    ours = ledger.account(world.session, world.isp.id, "revenue")
    with pytest.raises(DBAPIError, match="fk_transfers"):
        ledger.post(world.session, world.isp.id, cause(world), [Movement("k", theirs, ours, 5)])


def test_a_reversal_reverses_once_and_in_full(world: MoneyWorld) -> None:
    payment = world.pay(700)
    transfers = ledger.transfers_of(world.session, world.isp.id, "payment", payment.id)
    about = Cause("payment", payment.id, world.now.date())
    first = ledger.reverse(world.session, world.isp.id, about, transfers)
    second = ledger.reverse(world.session, world.isp.id, about, transfers)
    assert [row.id for row in first] == [row.id for row in second]
    assert world.credit == 0
    part = """
        insert into transfers (isp_id, from_account, to_account, amount, cause, cause_id, key, effective_on, actor,
                               reverses)
        select isp_id, to_account, from_account, amount - 1, cause, cause_id, 'part', effective_on, actor, id
          from transfers where id = :id"""
    fresh = ledger.transfers_of(world.session, world.isp.id, "payment", world.pay(5).id)[0]
    with pytest.raises(DBAPIError, match="the whole transfer"):
        world.session.execute(text(part), {"id": fresh.id})


@pytest.mark.parametrize("table", ["transfers", "charges", "refunds", "ledger_checkpoints"])
@pytest.mark.parametrize(
    "order", ["update {table} set isp_id = isp_id", "delete from {table}", "truncate {table} cascade"]
)
def test_what_was_written_stays_even_for_the_owner(world: MoneyWorld, table: str, order: str) -> None:
    with pytest.raises(DBAPIError, match="append-only"):
        world.session.execute(text(order.format(table=table)))


def test_an_account_opens_empty_whoever_says_otherwise(world: MoneyWorld) -> None:
    kept = world.session.execute(
        text("insert into ledger_accounts (isp_id, kind, code, customer_id, credit, seq) "
             "values (:isp, 'customer', 'customer:7', 7, 100000, 3) returning credit, seq"),
        {"isp": world.isp.id},
    ).one()  # fmt: skip
    assert tuple(kept) == (0, 0)


def test_an_account_cannot_fall_below_its_floor(world: MoneyWorld) -> None:
    till = ledger.account(world.session, world.isp.id, "clearing", "bank")
    float_of = ledger.account(world.session, world.isp.id, "agent", "3", floor=-100)
    about = cause(world)
    ledger.post(world.session, world.isp.id, about, [Movement("a", float_of, till, 100)])
    with pytest.raises(DBAPIError, match="credit_not_below_floor"):
        ledger.post(world.session, world.isp.id, about, [Movement("b", float_of, till, 1)])


def test_a_checkpoint_shortens_the_sum_and_changes_it_not(world: MoneyWorld) -> None:
    def checkpoint() -> int:
        connection = world.session.connection()
        return daily_proof.checkpoint(connection, daily_proof.horizon(connection))

    world.charge(300)
    before = world.balance("revenue")
    assert checkpoint() >= 1
    world.charge(450)
    assert (before, world.balance("revenue")) == (300, 750)
    assert checkpoint() >= 1
    assert checkpoint() == 0, "nothing has moved since"
    assert world.balance("revenue") == 750
    assert world.verify() == []
