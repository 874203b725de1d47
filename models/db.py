"""Connections: the one place that makes SQLAlchemy engines."""

from __future__ import annotations

import logging
from typing import Any

import psycopg2
from sqlalchemy import URL, Engine, create_engine, event, exc, make_url

from models.deadline import ANSWERS_WITHIN, CONNECTING, SERVER_OPTIONS, ask_for_life, connection_class

# Of a connection that died, the pool logs a trace for each cursor that it can no longer close. Who used the connection
# gets the error and says it in a line of its own; in FreeRADIUS' log a trace would hide what matters.
logging.getLogger("sqlalchemy.pool").setLevel(logging.CRITICAL)


def normalise_url(url: str) -> URL:
    """`postgresql://…` or `postgres://…` as people write it, with the driver that we use.

    SQLAlchemy 2.1 takes the bare form for psycopg 3. Raises ValueError for anything but PostgreSQL.
    """
    parsed = make_url(url.replace("postgres://", "postgresql://", 1))
    if parsed.get_backend_name() != "postgresql":
        raise ValueError(f"DATABASE_URL must begin with postgresql://, not {parsed.drivername}://")
    return parsed.set(drivername="postgresql+psycopg2")


def libpq_url(url: str | URL) -> str:
    """The same address for libpq (psql, psycopg2.connect), password included."""
    parsed = normalise_url(url) if isinstance(url, str) else url
    address, asked, query = parsed.set(drivername="postgresql").render_as_string(hide_password=False).partition("?")
    # SQLAlchemy writes a space as "+", which libpq takes for a plus sign.
    return address + asked + query.replace("+", "%20")


def first_line(error: BaseException) -> str:
    """The first line of an error, without statement and values; its type where it says nothing."""
    lines = str(getattr(error, "orig", None) or error).splitlines()
    return (lines[0] if lines else "") or type(error).__name__


def make_engine(
    url: str | URL,
    application_name: str,
    *,
    answers_within: float | None = ANSWERS_WITHIN,
    server_options: str = "",
    **options: Any,  # noqa: ANN401  # create_engine's own
) -> Engine:
    """An engine whose connections say who they are, work in UTC, and wait for no answer longer than so many seconds."""
    parsed = normalise_url(url) if isinstance(url, str) else url
    connect_args = CONNECTING | {
        "application_name": application_name,
        "options": f"-c timezone=UTC {SERVER_OPTIONS} {server_options}",
        "connection_factory": connection_class(answers_within),
    }
    is_asked = options.pop("pool_pre_ping", True)
    engine = create_engine(parsed, connect_args=connect_args, **options)
    if is_asked:
        event.listen(engine, "checkout", _see_that_it_lives)
    return engine


def _see_that_it_lives(raw: Any, _record: object, _proxy: object) -> None:  # noqa: ANN401  # psycopg2's connection
    """Whoever takes a connection out of the pool takes one that works. Where one is dead, so may be all."""
    try:
        ask_for_life(raw)
    except psycopg2.Error as error:
        raise exc.InvalidatePoolError from error
