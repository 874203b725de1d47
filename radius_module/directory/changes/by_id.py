"""All that the directory knows of a few customers, in one statement that is built once and planned once a connection.

A customer who changes is read beside logins. Six statements, each built and compiled anew, took milliseconds of the
interpreter that logins need; this takes what psycopg2 needs to send one line and to read one.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from functools import cache
from typing import Any, NamedTuple

from sqlalchemy import BigInteger, Connection, Dialect, Select, bindparam, func, literal_column, select
from sqlalchemy.dialects.postgresql import ARRAY

from radius_module.directory import queries

Rows = Iterable[Sequence[Any]]
_NAME = "infora_customers_by_id"
#: Rows of a stream that are fetched at once.
_BATCH = 5000


class CustomerRows(NamedTuple):
    """What the queries of radius_module.directory.queries answer, in their order of columns."""

    customers: Rows
    customer_rows: Rows
    periods_ahead: Rows
    topups: Rows
    sessions: Rows
    aliases: Rows


def read(connection: Connection, ids: Sequence[int], tenants: Sequence[int], *, often: bool = False) -> CustomerRows:
    """Of these customers of these tenants, in one consistent view. A time beyond all times is the text `Infinity`.

    `often`: the connection is asked again and again, and keeps the statement's plan.
    """
    raw: Any = connection.connection.dbapi_connection
    statement, values = _statement(connection.dialect)
    with raw.cursor() as cursor:
        if not often:
            text = statement.replace("$1", "%(ids)s").replace("$2", "%(tenants)s")
            cursor.execute(text, values | {"ids": list(ids), "tenants": list(tenants)})
        else:
            if not connection.info.get(_NAME):
                cursor.execute(f"prepare {_NAME} (bigint[], bigint[]) as {statement}", values)
                connection.info[_NAME] = True
            cursor.execute(f"execute {_NAME} (%s::bigint[], %s::bigint[])", (list(ids), list(tenants)))
        return CustomerRows(*cursor.fetchone())


def read_all(connection: Connection) -> CustomerRows:
    """Of everybody, each a stream that begins when it is read: one after the other."""

    raw: Any = connection.connection.dbapi_connection

    def stream(name: str) -> Rows:
        compiled = getattr(queries, name)().compile(
            dialect=connection.dialect, compile_kwargs={"render_postcompile": True}
        )
        # psycopg2's own rows: SQLAlchemy would wrap each of a million in another.
        with raw.cursor(f"infora_{name}") as cursor:
            cursor.itersize = _BATCH
            cursor.execute(str(compiled), compiled.params)
            yield from cursor

    return CustomerRows(*map(stream, CustomerRows._fields))


@cache
def _statement(dialect: Dialect) -> tuple[str, dict[str, Any]]:
    """The text for psycopg2, with $1 for the ids and $2 for their tenants, and the values in it."""
    ids = bindparam("ids", (), type_=ARRAY(BigInteger))
    compiled = select(*(_as_json(getattr(queries, name)(ids)) for name in CustomerRows._fields)).compile(
        dialect=dialect, compile_kwargs={"render_postcompile": True}
    )
    values = {name: value for name, value in compiled.params.items() if name not in ("ids", "tenants")}
    return str(compiled).replace("%(ids)s", "$1").replace("%(tenants)s", "$2"), values


def _as_json(query: Select[Any]) -> Any:  # noqa: ANN401  # a scalar subquery of JSON
    """Its rows as one array of arrays, which PostgreSQL and Python write and read in C."""
    rows = query.subquery()
    array = func.coalesce(func.json_agg(func.json_build_array(*rows.c)), literal_column("'[]'::json"))
    return select(array).select_from(rows).scalar_subquery()
