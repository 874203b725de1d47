"""A wrong clock, of the database and of every part: no row of the books is lost by it."""

from __future__ import annotations

import time
from collections.abc import Iterator
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from sqlalchemy import Engine, text

from models import schema
from models.db import make_engine
from service.testing import Installation, free_ports
from tests.support import wrong_clock
from tests.support.database import make_tenant

_TABLES = ("radacct", "radpostauth")


@pytest.fixture
def installation() -> Iterator[Installation]:
    """One with a database of two years, none of its parts running, where everybody may enter."""
    with TemporaryDirectory() as name, Installation(Path(name) / "s", *free_ports()) as running:
        Path(name).chmod(0o755)
        running.start_postgres()
        schema.upgrade(running.urls.owner)
        owner = make_engine(running.urls.owner, "tests")
        _fill(owner)
        owner.dispose()
        running.stop()
        yield running


def _fill(owner: Engine) -> None:
    tenant = make_tenant(owner, "keeps 24 months", address="10.1.1.1")
    days = "generate_series(now() - interval '23 months', now(), interval '1 day') day"
    with owner.begin() as connection:
        for statement in (
            "select infora_make_partitions((now() - interval '24 months')::date, 25)",
            "insert into radacct (isp_id, acctsessionid, session_month, acctstarttime, acctstoptime, username)"  # noqa: S608
            f" select {tenant.isp_id}, 's', date_trunc('month', day)::date, day, day, 'x' from {days}",
            "insert into radpostauth (isp_id, authdate, username, reply, code)"  # noqa: S608
            f" select {tenant.isp_id}, day, 'x', 'Access-Accept', 'accept' from {days}",
        ):
            connection.execute(text(statement))


def _rows(installation: Installation) -> dict[str, int]:
    owner = make_engine(installation.urls.owner, "tests")
    try:
        with owner.connect() as connection:
            return {table: connection.scalar(text(f"select count(*) from {table}")) or 0 for table in _TABLES}  # noqa: S608
    finally:
        owner.dispose()


def test_three_years_ahead_and_back_no_row_is_lost(installation: Installation, tmp_path: Path) -> None:
    installation.start_postgres()
    before = _rows(installation)
    installation.stop()
    assert min(before.values()) > 600
    logs = tmp_path / "ahead"
    with wrong_clock.all_running(installation, ("postgres", "writer"), "+1095d", logs):
        deadline = time.monotonic() + 15
        while "history:" not in (written := (logs / "writer").read_text()) and time.monotonic() < deadline:
            time.sleep(0.1)
        time.sleep(2)
        assert _rows(installation) == before
        assert "days past the newest record" in written
    installation.start_postgres()
    installation.start("writer")
    time.sleep(2)
    assert _rows(installation) == before
