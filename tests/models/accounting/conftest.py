"""Fixtures of the books' tests. What they book is committed, so they have a PostgreSQL of their own."""

from typing import Any

import pytest

from tests.support.books import books, engine, installation, tenant
from tests.support.database import Tenant

__all__ = ["books", "engine", "installation", "of", "tenant"]


@pytest.fixture
def of(tenant: Tenant) -> dict[str, Any]:
    """Whose records: goes into `report`."""
    return {"isp_id": tenant.isp_id, "device_id": tenant.device_id, "username": b"JOHN"}
