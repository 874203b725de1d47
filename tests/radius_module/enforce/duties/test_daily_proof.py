"""The books are proved daily by the worker, as its own role; checkpoints go before, what is broken is written down."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Iterator

import pytest
from sqlalchemy import Engine, text
from sqlalchemy.orm import Session

from models.db import make_engine
from models.money import ledger
from radius_module.enforce.duties.daily_proof import keep_proving, prove_if_due
from service.testing import Installation
from tests.support.money_world import MoneyWorld

_AGE = "update book_verifications set verified_at = verified_at - interval '{}'"


@pytest.fixture
def owner(installation: Installation) -> Iterator[Engine]:
    """Sees and changes every row; no proof of another test is left."""
    owner = make_engine(installation.urls.owner, "tests")
    with owner.begin() as connection:
        connection.execute(text("delete from book_verifications"))
    yield owner
    owner.dispose()


def execute(owner: Engine, statement: str) -> None:
    with owner.begin() as connection:
        connection.execute(text(statement))


def proofs(owner: Engine) -> list[int]:
    """How many rules each proof found broken."""
    with owner.connect() as connection:
        return list(connection.scalars(text("select jsonb_array_length(findings) from book_verifications order by id")))


def test_once_a_day_and_after_a_clock_that_was_ahead(engine: Engine, owner: Engine) -> None:
    assert [prove_if_due(engine), prove_if_due(engine)] == [[], None]
    execute(owner, _AGE.format("24 hours 1 minute"))
    assert [prove_if_due(engine), prove_if_due(engine)] == [[], None]
    execute(owner, _AGE.format("-1 month"))
    assert prove_if_due(engine) == []
    assert proofs(owner) == [0, 0, 0]


def test_what_is_broken_is_written_down_logged_and_looked_at_again_within_the_hour(
    engine: Engine, owner: Engine, caplog: pytest.LogCaptureFixture
) -> None:
    with Session(owner) as session, session.begin():
        world = MoneyWorld(session)
        world.pay(500)
        code = f"customer:{world.customer.id}"
    break_it = "update ledger_accounts set credit = credit + {} where code = '{}'"
    execute(owner, break_it.format(1, code))
    try:
        with caplog.at_level(logging.ERROR, "radius_module.enforce"):
            findings = prove_if_due(engine)
    finally:
        execute(owner, break_it.format(-1, code))
    assert [finding.check for finding in findings or ()] == ["kept_balance", "customer_balance"]
    assert code in caplog.text and "credit 501" in caplog.text
    assert prove_if_due(engine) is None
    execute(owner, _AGE.format("61 minutes"))
    assert (prove_if_due(engine), proofs(owner)) == ([], [2, 0])


def test_the_proof_is_preceded_by_checkpoints(engine: Engine, owner: Engine) -> None:
    with Session(owner) as session, session.begin():
        world = MoneyWorld(session)
        world.charge(700)
        isp_id = world.isp.id
    assert prove_if_due(engine) == []
    written = "select c.balance from ledger_checkpoints c join ledger_accounts a using (isp_id)" \
              " where a.id = c.account_id and a.code = 'revenue' and isp_id = :isp"  # fmt: skip
    with Session(owner) as session:
        assert session.scalars(text(written), {"isp": isp_id}).all() == [700]
        assert ledger.balances(session, isp_id, ["revenue"]) == {"revenue": 700}


def test_a_transfer_that_is_being_written_delays_no_proof_and_is_in_no_checkpoint(
    engine: Engine, owner: Engine
) -> None:
    with Session(owner) as session:
        world = MoneyWorld(session)
        session.commit()
        isp_id, _ = world.isp.id, world.charge(300)
        before = time.monotonic()
        assert prove_if_due(engine) == []
        assert 0.9 < time.monotonic() - before < 10
        session.commit()
    with owner.connect() as connection:
        count = "select count(*) from ledger_checkpoints where isp_id = :isp"
        assert connection.scalar(text(count), {"isp": isp_id}) == 0


def test_two_workers_take_turns(engine: Engine, owner: Engine) -> None:
    with owner.connect() as other:
        other.execute(text("select pg_advisory_lock(hashtextextended('infora daily proof', 0))"))
        assert prove_if_due(engine) is None
    owner.dispose()
    assert prove_if_due(engine) == []


def test_the_worker_proves_as_soon_as_it_runs(installation: Installation, owner: Engine) -> None:
    stopping = threading.Event()
    thread = threading.Thread(target=keep_proving, args=(installation.urls.engine, stopping))
    thread.start()
    try:
        deadline = time.monotonic() + 20
        while not proofs(owner) and time.monotonic() < deadline:
            time.sleep(0.05)
        assert proofs(owner) == [0]
    finally:
        stopping.set()
        thread.join(10)
    assert not thread.is_alive()
