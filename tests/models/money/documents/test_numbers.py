"""Numbers of a series are 1 to n, whoever issues at once, whatever is undone, and whenever the server dies."""

from __future__ import annotations

import os
import random
import signal
import threading
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from datetime import UTC, date, datetime
from pathlib import Path

import pytest
from sqlalchemy import Engine, text
from sqlalchemy.exc import DBAPIError, IntegrityError
from sqlalchemy.orm import Session

from models import BillingSettings, Isp
from models.money import billing_settings, charges
from models.money.charges import Billing, Line
from models.money.documents import invoices, numbers
from models.money.documents.numbers import check_pattern, series_of
from models.refusals import Invalid
from service.s6 import leftovers
from tests.support.database import connections, migrated
from tests.support.documents_world import DocumentsWorld
from tests.support.money_world import broken

#: Of a hundred issues so many are undone.
_UNDONE = 30


class Undone(Exception):
    """What a test undoes on purpose."""


def tenant(engine: Engine, customers: int) -> tuple[int, list[int]]:
    with Session(engine) as session, session.begin():
        world = DocumentsWorld(session)
        ids = [world.customer.id, *(world.new_customer(f"payer {number}").id for number in range(1, customers))]
        return world.isp.id, ids


def issue_one(engine: Engine, isp_id: int, customer_id: int, *, undo: bool) -> None:
    """A charge and its invoice in one transaction."""
    with Session(engine) as session, session.begin():
        isp, settings = session.get_one(Isp, isp_id), session.get_one(BillingSettings, isp_id)
        now = datetime.now(UTC)
        billing = Billing(isp, billing_settings.tax_of(settings), now)
        charges.charge(session, billing, customer_id, Line("fee", "A fee", 1000))
        invoices.issue_waiting(session, isp, settings, [customer_id], now)
        if undo:
            raise Undone


def issue_many(engine: Engine, isp_id: int, customers: list[int], count: int, clients: int) -> int:
    """How many were committed for sure."""
    chance = random.Random(count)  # noqa: S311  # a draw that comes again
    acts = [(chance.choice(customers), chance.randrange(100) < _UNDONE) for _ in range(count)]

    def act(customer_id: int, undo: bool) -> bool:
        for _ in range(200):
            try:
                issue_one(engine, isp_id, customer_id, undo=undo)
            except Undone:
                return False
            except IntegrityError:
                raise
            except DBAPIError:
                time.sleep(0.1)  # the server has died: it comes back
                continue
            return True
        raise AssertionError("PostgreSQL does not come back")

    with ThreadPoolExecutor(clients) as pool:
        return sum(pool.map(lambda each: act(*each), acts))


def given(engine: Engine, isp_id: int) -> list[int]:
    with engine.connect() as connection:
        query = text("select number from documents where isp_id = :isp order by issued_at, number")
        return list(connection.execute(query, {"isp": isp_id}).scalars())


def test_issues_at_once_of_which_some_are_undone_leave_no_gap(owner: Engine) -> None:
    isp_id, customers = tenant(owner, 3)
    committed = issue_many(owner, isp_id, customers, 40, 4)
    assert 20 < committed < 40
    assert given(owner, isp_id) == list(range(1, committed + 1))
    with owner.connect() as connection:
        assert broken(connection) == []


@pytest.mark.long
def test_a_thousand_issues_while_the_server_is_killed_leave_no_gap(tmp_path: Path) -> None:
    with migrated(tmp_path / "state") as running, connections(running.urls.owner) as engine:
        isp_id, customers = tenant(engine, 50)
        stopping = threading.Event()

        def kill_the_server() -> int:
            kills = 0
            while not stopping.wait(4):
                for pid in leftovers.of("postgres", running.settings):
                    with suppress(ProcessLookupError):
                        os.kill(pid, signal.SIGKILL)
                kills += 1
            return kills

        with ThreadPoolExecutor(1) as pool:
            killer = pool.submit(kill_the_server)
            committed = issue_many(engine, isp_id, customers, 1000, 8)
            stopping.set()
            assert killer.result() > 0
        numbered = given(engine, isp_id)
        assert len(numbered) >= committed > 600
        assert numbered == list(range(1, len(numbered) + 1))
        with engine.connect() as connection:
            assert broken(connection) == []


def by_max(session: Session, isp_id: int, series: numbers.Series, _count: int) -> int:
    query = text("select coalesce(max(number), 0) + 1 from documents where isp_id = :isp and series = :series")
    return int(session.execute(query, {"isp": isp_id, "series": series.name}).scalar_one())


def test_a_number_by_max_is_seen(session: Session, monkeypatch: pytest.MonkeyPatch) -> None:
    world = DocumentsWorld(session)
    monkeypatch.setattr(numbers, "take", by_max)
    world.charge(1000)
    world.issue()
    assert world.verify() == ["document_numbers"]


def test_a_number_that_is_not_given_back_when_it_is_undone_is_seen(
    owner: Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As a sequence would give it: outside of the transaction."""
    take: Callable[[Session, int, numbers.Series, int], int] = numbers.take

    def outside(_session: Session, isp_id: int, series: numbers.Series, count: int) -> int:
        with Session(owner) as own, own.begin():
            return take(own, isp_id, series, count)

    monkeypatch.setattr(numbers, "take", outside)
    isp_id, customers = tenant(owner, 1)
    with pytest.raises(Undone):
        issue_one(owner, isp_id, customers[0], undo=True)
    with owner.connect() as connection:
        assert broken(connection) == ["document_numbers"]
    monkeypatch.undo()
    # The books of this PostgreSQL are whole again, for the tests that follow.
    with owner.begin() as connection:
        connection.execute(text("alter table number_series disable trigger user"))
        connection.execute(text("delete from number_series where isp_id = :isp"), {"isp": isp_id})
        connection.execute(text("alter table number_series enable trigger user"))


@pytest.mark.parametrize(
    ("pattern", "printed", "resets"),
    [("INV-{year}-{number:05}", "INV-2026-00042", "year"), ("{number}", "42", "never"),
     ("{year}{month}/{number:03}-A", "202603/042-A", "month"), ("R{number:01}", "R42", "never")],
)  # fmt: skip
def test_a_pattern_prints_a_number(pattern: str, printed: str, resets: str) -> None:
    check_pattern(pattern, "series")
    series = series_of(pattern, date(2026, 3, 10))
    assert (series.printed(42), series.resets) == (printed, resets)


@pytest.mark.parametrize("pattern", ["", "INV", "{number}{number}", "{month}/{number}", "#{number}", "{day}{number}"])
def test_a_pattern_that_would_give_a_number_twice_is_refused(pattern: str) -> None:
    with pytest.raises(Invalid):
        check_pattern(pattern, "series")


def test_a_wider_number_goes_on_where_the_narrower_one_was() -> None:
    on = date(2026, 3, 10)
    assert series_of("INV-{year}-{number:05}", on).name == series_of("INV-{year}-{number:06}", on).name
