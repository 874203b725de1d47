"""Addresses of the database, as people write them and as drivers read them."""

import psycopg2.extensions
import pytest
from sqlalchemy import exc, text

from models.db import libpq_url, make_engine, normalise_url
from service.testing import Installation


@pytest.mark.parametrize("scheme", ["postgresql", "postgres", "postgresql+psycopg2", "postgresql+psycopg"])
def test_every_way_to_write_postgresql_gets_the_driver_that_we_use(scheme: str) -> None:
    url = normalise_url(f"{scheme}://user:p%40ss@db.example.com:5433/books?sslmode=require")
    assert url.drivername == "postgresql+psycopg2"
    assert (url.username, url.password, url.host, url.port, url.database) == (
        "user", "p@ss", "db.example.com", 5433, "books",
    )  # fmt: skip
    assert url.query == {"sslmode": "require"}


@pytest.mark.parametrize("url", ["mysql://u:hunter2@h/d", "sqlite:///x", "oracle://u:hunter2@h/d"])
def test_another_database_is_refused_without_its_password(url: str) -> None:
    with pytest.raises(ValueError, match="postgresql://") as wrong:
        normalise_url(url)
    assert "hunter2" not in str(wrong.value)


def test_libpq_reads_what_we_write_whatever_is_in_it() -> None:
    url = normalise_url("postgresql://user:p%40%2F%20%2Bs@/books").update_query_dict(
        {"host": "/srv/my state+dir/run", "application_name": "infora directory listen"}
    )
    read = psycopg2.extensions.parse_dsn(libpq_url(url))
    assert read == {
        "user": "user", "password": "p@/ +s", "dbname": "books", "host": "/srv/my state+dir/run",
        "application_name": "infora directory listen",
    }  # fmt: skip


def test_a_cursor_of_a_dead_connection_leaves_no_trace_in_the_log(
    installation: Installation, caplog: pytest.LogCaptureFixture
) -> None:
    engine = make_engine(installation.urls.owner, "tests")
    with engine.connect() as connection, engine.connect() as other:
        pid = connection.scalar(text("select pg_backend_pid()"))
        rows = connection.execution_options(stream_results=True).execute(text("select generate_series(1, 100000)"))
        other.execute(text("select pg_terminate_backend(:pid, 5000)"), {"pid": pid})
        rows.close()
        with pytest.raises(exc.DBAPIError):
            connection.execute(text("select 1"))
    engine.dispose()
    assert caplog.records == []
