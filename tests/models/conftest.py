"""One PostgreSQL with the schema for the models' tests; each test works in a transaction that is rolled back."""

from __future__ import annotations

import tempfile
from base64 import b64encode
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest
from sqlalchemy import Engine
from sqlalchemy.orm import Session

from models import Isp
from models.secrets.keyring import Keyring
from service.testing import Installation
from tests.support.database import connections, migrated

#: 2026-03-10 12:00 UTC.
NOON = datetime(2026, 3, 10, 12, tzinfo=UTC)


@pytest.fixture(scope="session")
def installation() -> Iterator[Installation]:
    """A private cluster with the schema."""
    with (
        tempfile.TemporaryDirectory(prefix="unit-", dir="/tmp", ignore_cleanup_errors=True) as directory,
        migrated(Path(directory) / "state") as running,
    ):
        yield running


@pytest.fixture(scope="session")
def owner(installation: Installation) -> Iterator[Engine]:
    """Connections as the schema's owner has them."""
    with connections(installation.urls.owner) as engine:
        yield engine


@pytest.fixture
def session(owner: Engine) -> Iterator[Session]:
    """A session whose work is undone after the test."""
    with owner.connect() as connection:
        transaction = connection.begin()
        with Session(connection, join_transaction_mode="create_savepoint") as work:
            yield work
        transaction.rollback()


@pytest.fixture
def keyring() -> Keyring:
    return Keyring.parse("k1:" + b64encode(bytes(range(32))).decode())


@pytest.fixture
def isp(session: Session) -> Isp:
    tenant = Isp(name="Tenant")
    session.add(tenant)
    session.flush()
    return tenant
