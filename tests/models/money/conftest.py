"""A tenant that bills, in each test's own transaction; what some tests commit stays in a PostgreSQL of their own."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from sqlalchemy import Engine
from sqlalchemy.orm import Session

from service.testing import Installation
from tests.support.books import installation
from tests.support.database import connections
from tests.support.money_world import MoneyWorld

__all__ = ["installation"]


@pytest.fixture(scope="session")
def owner(installation: Installation) -> Iterator[Engine]:  # the fixture imported above
    """Connections as the schema's owner has them."""
    with connections(installation.urls.owner) as engine:
        yield engine


@pytest.fixture
def world(session: Session) -> MoneyWorld:
    return MoneyWorld(session)
