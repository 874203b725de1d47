"""Counters near 2⁶⁴ from one tenant's routers: everybody else's records are booked as quickly as ever."""

from __future__ import annotations

import itertools
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import Engine, text

from models.accounting.records import AccountingRecord
from radius_module.ipc.feed import WriterFeed
from radius_module.spool import codec, files, segment
from radius_module.writer.spool_reader import SpoolReader
from radius_module.writer.writer import Writer
from tests.support.database import Tenant, make_tenant
from tests.support.reports_made import NOON, report

_GIANT, _OTHERS = 1500, 3000
_numbers = itertools.count(1)


@pytest.fixture
def writer(books: Engine, tmp_path: Path) -> Iterator[Writer]:
    files.make_ready(tmp_path / "spool")
    created = Writer(books, [SpoolReader(tmp_path / "spool", "node")], WriterFeed(tmp_path / "none"), "node")
    yield created
    created._lost()


def records(tenant: Tenant, count: int, octets: list[int]) -> list[AccountingRecord]:
    """Of as many new sessions, each of which reports once."""
    return [
        report(isp_id=tenant.isp_id, device_id=tenant.device_id, username=tenant.username.encode(), received=NOON,
               session_id=b"%08x" % next(_numbers), session_time=300, octets_in=octets[number % len(octets)])
        for number in range(count)
    ]  # fmt: skip


def seconds_to_book(writer: Writer, batch: list[AccountingRecord]) -> float:
    octets = b"".join(
        segment.frame(codec.dump([codec.plain(record) for record in batch[at : at + 500]]), len(batch[at : at + 500]))
        for at in range(0, len(batch), 500)
    )
    path = writer._drains[0].directory / f"{next(_numbers):016d}-0{segment.SUFFIX}"
    path.write_bytes(b"".join([segment.HEADER, octets, bytes(64)]))
    begun = time.perf_counter()
    while writer.step(writer._drains[0]):
        pass
    return time.perf_counter() - begun


def test_the_others_are_booked_at_four_fifths_of_the_usual_rate_at_least(
    books: Engine, writer: Writer, tenant: Tenant
) -> None:
    other = make_tenant(books, "who has ordinary counters", address="10.78.0.1")
    ordinary, giant = [10_000, 20_000], [2**61, 2**62 + 1, 2**63, 2**64 - 1]
    usual, beside = [], []
    for _ in range(4):
        for times, octets in ((usual, ordinary), (beside, giant)):
            times.append(seconds_to_book(writer, records(other, _OTHERS, ordinary) + records(tenant, _GIANT, octets)))
    assert min(usual) / min(beside) >= 0.8, (usual, beside)
    with books.connect() as connection:
        count = text("select count(*) from radacct where isp_id = :isp")
        assert connection.scalar(count, {"isp": other.isp_id}) == 8 * _OTHERS
        assert connection.scalar(count, {"isp": tenant.isp_id}) == 8 * _GIANT
        octets_of_giants = text("select max(acctinputoctets) from radacct where isp_id = :isp")
        assert connection.scalar(octets_of_giants, {"isp": tenant.isp_id}) == max(ordinary)
        assert connection.scalar(text("select count(*) from quarantine")) == 0
