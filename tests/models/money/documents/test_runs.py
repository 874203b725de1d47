"""Runs: everybody's waiting charges, in chunks; one that dies goes on, and nothing is issued twice."""

from __future__ import annotations

import threading
from collections.abc import Callable
from datetime import UTC, date, datetime

import pytest
from sqlalchemy import Engine, text
from sqlalchemy.orm import Session

from models import InvoiceRun
from models.money import charges
from models.money.charges import Line
from models.money.documents import runs
from models.refusals import Invalid, Refused
from radius_module.enforce.duties import invoice_runs
from tests.support.documents_world import DocumentsWorld

MARCH = date(2026, 3, 10)


def charge_all(world: DocumentsWorld, count: int) -> list[int]:
    """So many customers, each with a charge; the ids of all of them."""
    customers = [world.customer, *(world.new_customer(f"payer {number}") for number in range(1, count))]
    for customer in customers:
        charges.charge(world.session, world.billing, customer.id, Line("fee", "A fee", 1000))
    return [customer.id for customer in customers]


def carry_out(world: DocumentsWorld, run: InvoiceRun, size: int) -> int:
    chunks = 0
    while runs.issue_chunk(world.session, world.isp.id, run.id, world.now, size):
        chunks += 1
    return chunks


def test_a_run_issues_what_it_said_by_plan_and_in_chunks(world: DocumentsWorld) -> None:
    charge_all(world, 5)
    world.subscribe(world.plan(3000))
    said = runs.figures(world.session, world.isp, MARCH)
    assert (said.customers, said.total) == (5, 5 * 1190 + 3570)
    assert sorted((share.charges, share.total) for share in said.by_plan) == [(1, 3570), (5, 5950)]
    run = runs.plan(world.session, world.isp, MARCH, world.now)
    assert carry_out(world, run, 2) == 0  # it has not begun
    runs.start(world.session, run)
    assert carry_out(world, run, 2) == 3
    assert (run.state, run.issued, run.total) == ("done", 5, said.total)
    assert runs.figures(world.session, world.isp, MARCH).customers == 0
    assert carry_out(world, run, 2) == 0
    assert world.verify() == []


def test_a_run_takes_what_was_charged_until_its_day_and_credits_what_was_taken_back(world: DocumentsWorld) -> None:
    charge = world.charge(1000)
    world.issue()
    charges.reverse(world.session, world.isp, charge, "mistake", world.now)
    world.now = datetime(2026, 3, 11, 12, tzinfo=UTC)
    world.charge(500)
    run = runs.plan(world.session, world.isp, MARCH, world.now)
    runs.start(world.session, run)
    carry_out(world, run, 10)
    assert (run.issued, run.total) == (1, -1190)
    assert runs.figures(world.session, world.isp, date(2026, 3, 11)).total == 595


def test_a_run_is_refused_where_documents_would_lack_something_or_lie_in_the_future(world: DocumentsWorld) -> None:
    with pytest.raises(Invalid, match="future"):
        runs.plan(world.session, world.isp, date(2026, 3, 11), world.now)
    first, second = (runs.plan(world.session, world.isp, MARCH, world.now) for _ in range(2))
    runs.start(world.session, first)
    with pytest.raises(Refused, match="under way"):
        runs.start(world.session, second)
    world.change_settings(seller={"name": "Net"})
    with pytest.raises(Refused, match=r"seller\.address"):
        runs.plan(world.session, world.isp, MARCH, world.now)


@pytest.mark.parametrize(
    ("now", "due"),
    [(datetime(2026, 3, 31, 20, 59, tzinfo=UTC), date(2026, 2, 28)),
     (datetime(2026, 3, 31, 21, tzinfo=UTC), date(2026, 3, 31))],
)  # fmt: skip
def test_a_month_is_due_once_it_is_over_where_the_tenant_is(session: Session, now: datetime, due: date) -> None:
    world = DocumentsWorld(session, timezone="Africa/Nairobi")
    assert (world.isp.id, due) in runs.due(session, now)
    run = runs.begin_due(session, world.isp.id, due, now)
    assert run is not None and (run.state, run.until, run.automatic) == ("issuing", due, True)
    assert world.isp.id not in [isp_id for isp_id, _ in runs.due(session, now)]
    assert runs.begin_due(session, world.isp.id, due, now) is None


class Killed(Exception):
    """In place of a process that dies."""


def test_a_killed_run_goes_on_and_two_workers_at_once_issue_nothing_twice(
    owner: Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    with Session(owner) as session, session.begin():
        world = DocumentsWorld(session)
        customers = charge_all(world, 12)
        run = runs.plan(session, world.isp, MARCH, world.now)
        runs.start(session, run)
        isp_id, run_id = world.isp.id, run.id
    chunk: Callable[..., bool] = runs.issue_chunk
    monkeypatch.setattr(invoice_runs.runs, "issue_chunk", lambda *which: chunk(*which, size=3))
    seen = 0

    def dies(*which: object) -> bool:
        nonlocal seen
        seen += 1
        more = chunk(*which, size=3)
        if seen == 2:
            raise Killed  # after the second chunk's work, before its commit
        return more

    with monkeypatch.context() as patch:
        patch.setattr(invoice_runs.runs, "issue_chunk", dies)
        with pytest.raises(Killed):
            invoice_runs.go_on(owner, threading.Event())
    workers = [threading.Thread(target=invoice_runs.go_on, args=(owner, threading.Event())) for _ in range(2)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()
    with owner.connect() as connection:
        query = text("select customer_id, number, run_id from documents where isp_id = :isp order by number")
        issued = connection.execute(query, {"isp": isp_id}).all()
        state = connection.execute(text("select state, issued from invoice_runs where id = :id"), {"id": run_id}).one()
    assert [tuple(row) for row in issued] == [(id, place, run_id) for place, id in enumerate(customers, 1)]
    assert tuple(state) == ("done", 12)
