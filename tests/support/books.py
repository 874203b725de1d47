"""Fixtures of everybody who books: a PostgreSQL, connections as the writer has them, a tenant, empty books."""

from collections.abc import Iterator

import pytest
from sqlalchemy import Engine

from service.testing import Installation
from tests.support.database import Tenant, connections, empty_books, make_tenant, migrated


@pytest.fixture(scope="session")
def installation(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Installation]:
    """A private cluster with the schema."""
    with migrated(tmp_path_factory.mktemp("books") / "state") as running:
        yield running


@pytest.fixture(scope="session")
def engine(installation: Installation) -> Iterator[Engine]:
    """Connections as the writer's role has them."""
    with connections(installation.urls.engine) as engine:
        yield engine


@pytest.fixture(scope="session")
def tenant(engine: Engine) -> Tenant:
    return make_tenant(engine, "first", address="10.1.1.1")


@pytest.fixture
def books(engine: Engine) -> Engine:
    """The database with empty books."""
    empty_books(engine)
    return engine
