"""The property of the books, 20,000 cases (500 of them in tests/models/accounting)."""

from __future__ import annotations

import multiprocessing
import os
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path

import pytest

from models import schema
from service.testing import Installation, free_ports
from tests.models.accounting.test_books_property import engine_of, run, tenants_in

CASES = int(os.environ.get("BOOKS_CASES", "20000"))
#: A process waits for its database half of the time.
SHARES = max(2, min(8, os.cpu_count() or 2))


def share(directory: Path, examples: int) -> None:
    """So many cases on a database of their own. Raises AssertionError with the case that breaks the property."""
    with Installation(directory / "state", *free_ports()) as installation:
        installation.start_postgres()
        schema.upgrade(installation.urls.owner)
        engine = engine_of(installation)
        run(engine, directory / "spool", tenants_in(engine), examples)
        engine.dispose()


@pytest.mark.long
def test_twenty_thousand_cases(tmp_path: Path) -> None:
    """In as many processes as the machine has processors, each with other cases."""
    directories = [tmp_path / str(number) for number in range(SHARES)]
    for directory in directories:
        directory.mkdir()
    with ProcessPoolExecutor(SHARES, multiprocessing.get_context("spawn")) as processes:
        list(processes.map(share, directories, [-(-CASES // SHARES)] * SHARES))
