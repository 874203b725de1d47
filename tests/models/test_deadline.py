"""No call waits for the database for longer than its connection may."""

from __future__ import annotations

import time
from collections.abc import Iterator

import pytest
from sqlalchemy import Engine, exc, text

from models.db import make_engine
from models.deadline import DeadlineConnection, patience
from service.database import urls
from service.host import layout
from service.testing import Installation
from tests.support.tcp_relay import TcpRelay


@pytest.fixture
def relay(installation: Installation) -> Iterator[TcpRelay]:
    with TcpRelay(layout.socket_directory(installation.settings) / ".s.PGSQL.5432") as way:
        yield way


@pytest.fixture
def engine(installation: Installation, relay: TcpRelay) -> Iterator[Engine]:
    """Through the relay, one second of patience."""
    credentials = installation.urls.owner.partition("://")[2].partition("@")[0]
    url = f"postgresql://{credentials}@127.0.0.1:{relay.port}/{urls.PRIVATE_DATABASE}"
    created = make_engine(url, "tests", answers_within=1.0, pool_size=1, max_overflow=0)
    yield created
    created.dispose()


def test_a_silent_server_ends_a_statement(engine: Engine, relay: TcpRelay) -> None:
    with engine.connect() as connection:
        connection.execute(text("select 1"))
        relay.freeze()
        begun = time.monotonic()
        with pytest.raises(exc.OperationalError) as error:
            connection.execute(text("select 1"))
        assert 1 <= time.monotonic() - begun < 3
        assert error.value.connection_invalidated
        connection.rollback()
        assert connection.scalar(text("select 2")) == 2, "the next one comes by another connection"


def test_a_silent_server_ends_a_commit(engine: Engine, relay: TcpRelay) -> None:
    with engine.connect() as connection:
        connection.execute(text("select 1"))
        relay.freeze()
        begun = time.monotonic()
        with pytest.raises(exc.OperationalError):
            connection.commit()
        assert time.monotonic() - begun < 3


def test_a_silent_server_ends_rows_that_are_fetched_as_they_come(engine: Engine, relay: TcpRelay) -> None:
    with engine.connect() as connection:
        rows = connection.execution_options(yield_per=10).execute(text("select generate_series(1, 10000)"))
        assert next(rows)[0] == 1
        relay.freeze()
        begun = time.monotonic()
        with pytest.raises(exc.OperationalError):
            list(rows)
        assert time.monotonic() - begun < 3


def test_a_pooled_connection_that_went_silent_is_replaced(engine: Engine, relay: TcpRelay) -> None:
    with engine.connect() as connection:
        connection.execute(text("select 1"))
    relay.freeze()
    begun = time.monotonic()
    with engine.connect() as connection:
        assert connection.scalar(text("select 2")) == 2
    assert time.monotonic() - begun < 3


def test_a_server_that_lets_nobody_in_is_waited_for_five_seconds(engine: Engine, relay: TcpRelay) -> None:
    relay.freeze(also_new=True)
    begun = time.monotonic()
    with pytest.raises(exc.OperationalError):
        engine.connect()
    assert time.monotonic() - begun < 8


def test_patience_is_for_one_block(engine: Engine) -> None:
    with engine.connect() as connection:
        with patience(connection, 10):
            assert connection.scalar(text("select 1 from pg_sleep(1.6)")) == 1
        begun = time.monotonic()
        with pytest.raises(exc.OperationalError):
            connection.execute(text("select pg_sleep(5)"))
        assert time.monotonic() - begun < 3


def test_rows_from_the_server_are_all_there(engine: Engine) -> None:
    with engine.connect() as connection:
        streamed = connection.execution_options(yield_per=7)
        assert list(streamed.scalars(text("select generate_series(1, 100)"))) == list(range(1, 101))
        raw = connection.connection.dbapi_connection
        assert isinstance(raw, DeadlineConnection)
        with raw.cursor("named") as cursor:
            cursor.execute("select generate_series(1, 3)")
            assert (cursor.fetchone(), cursor.fetchall(), cursor.fetchone()) == ((1,), [(2,), (3,)], None)
