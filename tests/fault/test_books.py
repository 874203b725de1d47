"""The properties of the books, 20,000 cases of each (some hundreds of them in tests/models/accounting).

What arrives through a bad network; and what becomes of customers, devices and Classes while sessions run, where memory
and books are compared after each case.
"""

from __future__ import annotations

import multiprocessing
import os
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path

import pytest
from sqlalchemy import Engine

from tests.models.accounting import test_books_property, test_changing_world
from tests.support.database import migrated

CASES = int(os.environ.get("BOOKS_CASES", "20000"))
#: A process waits for its database half of the time.
SHARES = max(2, min(8, os.cpu_count() or 2))


def arrivals(engine: Engine, directory: Path, examples: int) -> None:
    test_books_property.run(engine, directory / "spool", test_books_property.tenants_in(engine), examples)


def changes(engine: Engine, _directory: Path, examples: int) -> None:
    test_changing_world.run(engine, test_changing_world.tenants_in(engine), examples)


def share(prove: Callable[[Engine, Path, int], None], directory: Path, examples: int) -> None:
    """So many cases on a database of their own. Raises AssertionError with the case that breaks the property."""
    with migrated(directory / "state") as installation:
        engine = test_books_property.engine_of(installation)
        prove(engine, directory, examples)
        engine.dispose()


@pytest.mark.long
@pytest.mark.parametrize("prove", [arrivals, changes])
def test_twenty_thousand_cases(tmp_path: Path, prove: Callable[[Engine, Path, int], None]) -> None:
    """In as many processes as the machine has processors, each with other cases."""
    directories = [tmp_path / str(number) for number in range(SHARES)]
    for directory in directories:
        directory.mkdir()
    with ProcessPoolExecutor(SHARES, multiprocessing.get_context("spawn")) as processes:
        list(processes.map(share, [prove] * SHARES, directories, [-(-CASES // SHARES)] * SHARES))
