"""A PostgreSQL of its own for the tests of history: what is kept depends on every tenant of it."""

from __future__ import annotations

import time
from collections.abc import Iterator

import pytest
from sqlalchemy import Engine, text

from radius_module.writer.history.history_clock import Clocks
from radius_module.writer.history.retention import Removed, Retention
from service.testing import Installation
from tests.support.database import Tenant, connections, empty_books, make_tenant, migrated


@pytest.fixture(scope="package")
def installation(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Installation]:
    with migrated(tmp_path_factory.mktemp("history") / "state") as running:
        yield running


@pytest.fixture(scope="package")
def engine(installation: Installation) -> Iterator[Engine]:
    """Connections as the writer has them."""
    with connections(installation.urls.engine) as engine:
        yield engine


@pytest.fixture(scope="package")
def owner(installation: Installation) -> Iterator[Engine]:
    """Connections of the schema's owner, who may write what happened long ago."""
    with connections(installation.urls.owner) as engine:
        yield engine


@pytest.fixture(scope="package")
def tenant(engine: Engine) -> Tenant:
    return make_tenant(engine, "first", address="10.1.1.1")


@pytest.fixture
def books(engine: Engine) -> Engine:
    """The database with empty books."""
    empty_books(engine)
    return engine


def run(engine: Engine, statement: str, **values: object) -> list[tuple[object, ...]]:
    with engine.begin() as connection:
        result = connection.execute(text(statement), values)
        return [tuple(row) for row in result] if result.returns_rows else []


def partitions(engine: Engine) -> set[str]:
    rows = run(engine, "select c.relname::text from pg_inherits i join pg_class c on c.oid = i.inhrelid")
    return {str(row[0]) for row in rows}


class Job:
    """A writer's retention whose steady clock is moved by hand. `ahead`: the error of the wall clock."""

    def __init__(self, engine: Engine) -> None:
        self.engine, self.passed, self.ahead = engine, 0.0, 0.0
        self.retention = self.restarted()

    def restarted(self) -> Retention:
        self.retention = Retention(self.engine, Clocks(lambda: time.time() + self.ahead, lambda: self.passed))
        return self.retention

    def after(self, seconds: float) -> Removed:
        """A run after so many seconds. The database's clock cannot be moved, so the wall clock's start is instead."""
        self.passed += seconds
        self.retention._clocks._wall_at_start -= seconds
        return self.retention.run()


@pytest.fixture
def job(books: Engine) -> Iterator[Job]:
    reset = ("update history_clock set verified_at = null, confirmed_at = null, running_seconds = 0, month = null,"
             " month_since = 0, settled_month = null, alarm = null")  # fmt: skip
    run(books, reset)
    yield Job(books)
    run(books, reset)
    run(books, "update isps set retention_months = 24, login_retention_months = null")
    run(books, "select infora_detach_partitions((date_trunc('month', now()) - interval '2 months')::date, 0)")
    run(books, "select infora_drop_detached('9999-01-01', 1000000000)")
