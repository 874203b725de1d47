"""The writer: from spool files into the books, once, whatever fails on the way."""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Engine, exc, text

from models.accounting import booking
from models.accounting.records import Booked
from radius_module.ipc.feed import WriterFeed
from radius_module.spool import codec, files, segment
from radius_module.writer import quarantine, writer
from radius_module.writer.spool_reader import SpoolReader
from radius_module.writer.writer import Writer
from tests.support.database import Tenant
from tests.support.reports_made import NOON, report, result
from tests.support.spools import DirectSpool

NODE = "node-of-tests"


class Crash(BaseException):
    """The process dies here."""


@pytest.fixture
def directory(tmp_path: Path) -> Path:
    return tmp_path / "spool" / "acct"


def written(directory: Path, *frames: Sequence[Booked | bytes]) -> None:
    """A closed segment with these frames, then an empty one that is in use."""
    files.make_ready(directory)
    number = len(segment.listed(directory))
    one = segment.SegmentWriter(directory / f"{number:016d}-0{segment.SUFFIX}", 1 << 16)
    for frame in frames:
        payload = frame if isinstance(frame, bytes) else codec.dump([codec.plain(record) for record in frame])  # type: ignore[arg-type]
        one.append(segment.frame(payload, len(frame)))
    one.close()
    segment.SegmentWriter(directory / f"{number + 1:016d}-0{segment.SUFFIX}", 1 << 12).close()


def new_writer(engine: Engine, directory: Path) -> tuple[Writer, SpoolReader]:
    """As a process that has just begun."""
    drain = SpoolReader(directory, NODE)
    return Writer(engine, [drain], WriterFeed(directory / "nobody-listens"), NODE), drain


def drained(engine: Engine, directory: Path) -> int:
    made, drain = new_writer(engine, directory)
    booked = 0
    while done := made.step(drain):
        booked += done
    made.step(drain)
    made._lost()
    return booked


def value_of(engine: Engine, statement: str) -> Any:
    with engine.connect() as connection:
        return connection.scalar(text(statement))


@pytest.fixture
def of(tenant: Tenant) -> dict[str, Any]:
    return {"isp_id": tenant.isp_id, "device_id": tenant.device_id}


def test_the_spool_ends_up_in_the_books_and_its_files_are_removed(
    books: Engine, directory: Path, of: dict[str, Any]
) -> None:
    login = result(isp_id=of["isp_id"])
    written(directory, [report(octets_in=5, session_time=5, **of), login], [login])
    assert drained(books, directory) == 3
    assert value_of(books, "select bytes_in from usage") == 5
    assert value_of(books, "select count(*) from radpostauth") == 2
    assert len(segment.listed(directory)) == 1
    assert value_of(books, "select count(*) from spool_progress") <= 1


def test_a_growing_segment_is_followed(books: Engine, directory: Path, of: dict[str, Any]) -> None:
    spool = DirectSpool(directory)
    made, drain = new_writer(books, directory)
    for octets in range(1, 4):
        assert spool.put(report(octets_in=octets, session_time=octets, **of))
        assert made.step(drain) == 1
        assert value_of(books, "select bytes_in from usage") == octets
    assert files.backlog(directory).records == 0
    assert spool.put(report(octets_in=9, session_time=9, **of))
    assert files.backlog(directory).records == 1
    made._lost()
    spool.close()


def test_marks_of_the_health_check_do_not_wait_for_ever(books: Engine, directory: Path) -> None:
    """Nobody sends anything for a night: what waits is nothing, and nothing is read again and again."""
    spool = DirectSpool(directory)
    made, drain = new_writer(books, directory)
    for _ in range(3):
        assert spool.check()
    assert made.step(drain) == 0
    assert files.backlog(directory).records == 0
    assert files.oldest(directory) is None
    made._lost()
    spool.close()


@pytest.mark.parametrize("place", ["before commit", "after commit", "between files"])
def test_a_crash_anywhere_books_everything_once(
    books: Engine, directory: Path, of: dict[str, Any], monkeypatch: pytest.MonkeyPatch, place: str
) -> None:
    written(directory, [report(octets_in=5, session_time=5, **of), result(isp_id=of["isp_id"])])
    written(directory, [report(octets_in=7, session_time=7, **of), result(isp_id=of["isp_id"])])
    made, drain = new_writer(books, directory)

    def crash(*_: object) -> None:
        raise Crash

    real_rename = Path.rename
    with monkeypatch.context() as patch:
        match place:
            case "before commit":
                patch.setattr(SpoolReader, "advance", crash)
            case "after commit":
                patch.setattr(SpoolReader, "tidy", crash)
            case "between files":
                patch.setattr(Path, "rename", lambda path, to: (real_rename(path, to), crash()))
        with pytest.raises(Crash):
            made.step(drain)
    made._lost()
    drained(books, directory)
    assert value_of(books, "select bytes_in from usage") == 7
    assert value_of(books, "select count(*) from radpostauth") == 2


def test_one_poisoned_record_goes_to_the_quarantine_and_the_others_into_the_books(
    books: Engine, directory: Path, of: dict[str, Any]
) -> None:
    good = [report(octets_in=5, session_time=5, session_id=b"%d" % number, **of) for number in range(20)]
    bad = report(octets_in=5, session_time=1 << 63, session_id=b"bad", **of)
    written(directory, [*good[:7], bad, *good[7:], result(isp_id=of["isp_id"])])
    assert drained(books, directory) == 22
    assert value_of(books, "select bytes_in from usage") == 100
    assert value_of(books, "select count(*) from radpostauth") == 1
    with books.connect() as connection:
        (row,) = quarantine.quarantined(connection)
    assert (row.isp_id, row.node, row.record["session_id"]) == (of["isp_id"], NODE, "bad")
    assert "out of range" in row.reason
    assert row.received_at is not None


def test_what_is_held_can_be_submitted_again(
    books: Engine, directory: Path, of: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    real = booking.book

    def refuse(connection: Any, batch: Sequence[Booked]) -> object:
        if any(getattr(record, "session_id", b"") == b"odd" for record in batch):
            raise ValueError("not today")
        return real(connection, batch)

    monkeypatch.setattr(booking, "book", refuse)
    written(directory, [report(octets_in=5, session_time=5, session_id=b"odd", **of), report(**of)])
    drained(books, directory)
    assert value_of(books, "select bytes_in from usage") is None
    monkeypatch.setattr(booking, "book", real)
    number = value_of(books, "select id from quarantine")
    with books.begin() as connection:
        quarantine.submit(connection, number)
    assert value_of(books, "select bytes_in from usage") == 5
    with books.begin() as connection, pytest.raises(LookupError):
        quarantine.submit(connection, number)


def test_what_does_not_read_as_a_record_is_held_too(books: Engine, directory: Path, of: dict[str, Any]) -> None:
    written(directory, b"\xff\xff", [report(octets_in=5, session_time=5, **of)], codec.dump([("X", 1)]))
    drained(books, directory)
    assert value_of(books, "select bytes_in from usage") == 5
    assert value_of(books, "select count(*) from quarantine where isp_id = 0") == 2


def test_a_database_that_is_away_is_waited_for_and_nothing_is_held(
    books: Engine, directory: Path, of: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    written(directory, [report(octets_in=5, session_time=5, **of), result(isp_id=of["isp_id"])])
    real, calls = booking.book, []

    def fail_twice(connection: Any, batch: Sequence[Booked]) -> object:
        calls.append(len(batch))
        if len(calls) < 3:
            raise exc.OperationalError("insert", {}, Exception("server closed the connection unexpectedly"))
        made.stopping.set()
        return real(connection, batch)

    monkeypatch.setattr(booking, "book", fail_twice)
    made, _drain = new_writer(books, directory)
    made.run()
    assert calls == [2, 2, 2]
    assert value_of(books, "select bytes_in from usage") == 5
    assert value_of(books, "select count(*) from quarantine") == 0


def test_two_nodes_that_book_the_same_sessions_at_once_lose_nothing(
    books: Engine, tmp_path: Path, of: dict[str, Any]
) -> None:
    import threading

    directories = [tmp_path / name / "acct" for name in ("a", "b")]
    for which, directory in enumerate(directories):
        for step in range(1, 30):
            batch = [report(received=NOON + step, session_time=step, octets_in=2 * step + which,
                            session_id=b"%d" % number, **of) for number in range(10)]  # fmt: skip
            written(directory, batch)
    threads = [threading.Thread(target=drained, args=(books, directory)) for directory in directories]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert value_of(books, "select bytes_in from usage") == 10 * (2 * 29 + 1)
    assert value_of(books, "select sum(acctinputoctets) from radacct") == 10 * (2 * 29 + 1)


def test_batches_are_limited(
    books: Engine, directory: Path, of: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(writer, "BATCH", 10)
    written(directory, *[[report(octets_in=number, session_time=number, **of)] for number in range(1, 36)])
    made, drain = new_writer(books, directory)
    assert [made.step(drain) for _ in range(5)] == [10, 10, 10, 5, 0]
    assert value_of(books, "select bytes_in from usage") == 35
    made._lost()


def test_the_origin_of_our_news_is_named(books: Engine, directory: Path, of: dict[str, Any]) -> None:
    import psycopg2

    from models.db import libpq_url

    listener = psycopg2.connect(libpq_url(books.url))
    listener.autocommit = True
    with listener.cursor() as cursor:
        cursor.execute("listen infora")
        written(directory, [report(octets_in=5, session_time=5, **of)])
        drained(books, directory)
        cursor.execute("select 1")
    heard = {notify.payload.split(" ")[3] for notify in listener.notifies}
    listener.close()
    assert heard == {NODE}


def test_the_writer_and_its_share_of_postgresql_give_way(books: Engine, directory: Path) -> None:
    made, _ = new_writer(books, directory)
    backend = made._connected().scalar(text("select pg_backend_pid()"))
    assert os.getpriority(os.PRIO_PROCESS, backend) == writer.NICE
    made._lost()
