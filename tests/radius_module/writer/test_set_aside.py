"""A tenant whose rows are locked waits, and nobody waits with it; poison is found within a few attempts."""

from __future__ import annotations

import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import Connection, Engine, text

from models.accounting import booking
from models.accounting.records import START, AccountingRecord
from radius_module.ipc.feed import WriterFeed
from radius_module.spool import codec, files, segment
from radius_module.writer import isolation, quarantine
from radius_module.writer.spool_reader import SpoolReader
from radius_module.writer.writer import Writer
from tests.support.database import Tenant, make_tenant
from tests.support.reports_made import NOON, report


@pytest.fixture(scope="module")
def others(engine: Engine) -> list[Tenant]:
    return [make_tenant(engine, f"neighbour {number}", address=f"10.77.{number}.1") for number in range(3)]


@pytest.fixture
def writer(books: Engine, tmp_path: Path) -> Iterator[Writer]:
    with books.begin() as connection:
        connection.execute(text("delete from set_aside"))
    files.make_ready(tmp_path / "spool")
    created = Writer(books, [SpoolReader(tmp_path / "spool", "node")], WriterFeed(tmp_path / "none"), "node")
    yield created
    created._lost()


def stored(writer: Writer, number: int, records: list[AccountingRecord]) -> None:
    """A segment, as the accounting process leaves it."""
    octets = segment.frame(codec.dump([codec.plain(record) for record in records]), len(records))
    path = writer._drains[0].directory / f"{number:016d}-0{segment.SUFFIX}"
    path.write_bytes(b"".join([segment.HEADER, octets, bytes(64)]))


def of(tenant: Tenant, seconds: int, octets: int) -> AccountingRecord:
    return report(isp_id=tenant.isp_id, device_id=tenant.device_id, username=tenant.username.encode(),
                  received=NOON + seconds, session_time=seconds, octets_in=octets)  # fmt: skip


def used(engine: Engine, tenant: Tenant) -> int:
    with engine.connect() as connection:
        return int(connection.scalar(text("select coalesce(sum(bytes_in), 0) from usage where isp_id = :isp"),
                                     {"isp": tenant.isp_id}) or 0)  # fmt: skip


def lock(connection: Connection, tenant: Tenant) -> None:
    """What somebody does in psql and forgets."""
    connection.execute(text("select from usage where isp_id = :isp for update"), {"isp": tenant.isp_id})


def test_others_are_booked_within_two_seconds_and_the_locked_ones_when_the_lock_is_gone(
    books: Engine, writer: Writer, tenant: Tenant, others: list[Tenant]
) -> None:
    everybody = [tenant, *others]
    stored(writer, 1, [of(one, 100, 10) for one in everybody])
    writer.step(writer._drains[0])
    assert [used(books, one) for one in everybody] == [10] * 4
    with books.connect() as holder:
        lock(holder, tenant)
        stored(writer, 2, [of(one, 200, 20) for one in everybody])
        begun = time.monotonic()
        writer.step(writer._drains[0])
        assert time.monotonic() - begun < 2
        assert [used(books, one) for one in everybody] == [10, 20, 20, 20]
        stored(writer, 3, [of(one, 300, 30) for one in everybody])
        begun = time.monotonic()
        writer.step(writer._drains[0])
        assert time.monotonic() - begun < 0.5, "a tenant that is known to wait is not waited for"
        time.sleep(1.1)
        writer.retry_waiting()
        assert [used(books, one) for one in everybody] == [10, 30, 30, 30]
        assert writer.waiting.longest() is not None
        holder.rollback()
    deadline = time.monotonic() + 10
    while tenant.isp_id in writer.waiting:
        assert time.monotonic() < deadline
        writer.retry_waiting()
        time.sleep(0.1)
    assert used(books, tenant) == 30
    with books.connect() as connection:
        assert connection.scalar(text("select count(*) from set_aside")) == 0


def test_what_waits_is_found_again_by_the_next_writer(
    books: Engine, writer: Writer, tenant: Tenant, tmp_path: Path
) -> None:
    stored(writer, 1, [of(tenant, 100, 10)])
    writer.step(writer._drains[0])
    with books.connect() as holder:
        lock(holder, tenant)
        stored(writer, 2, [of(tenant, 200, 25)])
        writer.step(writer._drains[0])
        holder.rollback()
    writer._lost()
    again = Writer(books, writer._drains, WriterFeed(tmp_path / "none"), "node")
    again.retry_waiting()
    again._lost()
    assert used(books, tenant) == 25


def test_a_flood_of_poison_is_given_up_after_a_few_attempts(
    books: Engine, writer: Writer, tenant: Tenant, others: list[Tenant], monkeypatch: pytest.MonkeyPatch
) -> None:
    attempts, real = 0, booking.book

    def book(connection: Connection, records: list[AccountingRecord]) -> booking.Booking:
        nonlocal attempts
        attempts += 1
        if any(record.username == b"poison" for record in records):
            raise ValueError("poison")
        return real(connection, records)

    monkeypatch.setattr(booking, "book", book)
    flood = [of(tenant, 1, 1)._replace(username=b"poison", session_id=b"%08d" % number, status=START)
             for number in range(1500)]  # fmt: skip
    stored(writer, 1, [*flood, of(others[0], 100, 10)])
    writer.step(writer._drains[0])
    assert attempts <= isolation._ATTEMPTS + 4 or attempts < 150
    assert used(books, others[0]) == 10
    with books.connect() as connection:
        assert connection.scalar(text("select count(*) from quarantine")) == 1500


def test_a_tenants_quarantine_has_an_end(books: Engine, tenant: Tenant, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(quarantine, "MOST", 3)
    with books.begin() as connection:
        for _ in range(5):
            quarantine.hold(connection, "node", of(tenant, 1, 1), "why")
        assert connection.scalar(text("select count(*) from quarantine")) == 3
