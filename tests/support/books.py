"""Fixtures of everybody who books: a PostgreSQL, connections as the writer has them, a tenant, empty books."""

from collections.abc import Iterator

import pytest
from sqlalchemy import Engine

from models import schema
from models.db import make_engine
from service.testing import Installation, free_ports
from tests.support.database import Tenant, empty_books, make_tenant


@pytest.fixture(scope="session")
def installation(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Installation]:
    """A private cluster with the schema."""
    with Installation(tmp_path_factory.mktemp("books") / "state", *free_ports()) as made:
        made.start_postgres()
        schema.upgrade(made.urls.owner)
        yield made


@pytest.fixture(scope="session")
def engine(installation: Installation) -> Iterator[Engine]:
    """Connections as the writer's role has them."""
    made = make_engine(installation.urls.engine, "tests")
    yield made
    made.dispose()


@pytest.fixture(scope="session")
def tenant(engine: Engine) -> Tenant:
    return make_tenant(engine, "first", address="10.1.1.1")


@pytest.fixture
def books(engine: Engine) -> Engine:
    """The database with empty books."""
    empty_books(engine)
    return engine
