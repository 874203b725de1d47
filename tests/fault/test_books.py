"""The property of the books, 20,000 cases (500 of them in tests/radius_module)."""

from __future__ import annotations

from pathlib import Path

import pytest
from sqlalchemy import Engine

from tests.models.accounting.test_books_property import batch_size, engine, run, tenants
from tests.radius_module.conftest import installation
from tests.support.database import Tenant

__all__ = ["batch_size", "engine", "installation", "tenants"]


@pytest.mark.long
def test_twenty_thousand_cases(engine: Engine, tmp_path: Path, tenants: list[Tenant]) -> None:
    run(engine, tmp_path / "spool", tenants, 20_000)
