"""What a database holds, as a number of rows and a sum a table: the same before a backup and after its restoration."""

from typing import NamedTuple

from psycopg2 import sql
from psycopg2.extensions import connection as Connection

#: Values as text must look alike, whatever the server and the role are set to.
OPTIONS = "-c timezone=UTC -c datestyle=ISO -c intervalstyle=iso_8601 -c bytea_output=hex -c extra_float_digits=1"

_TABLES = """
select relname from pg_class where relnamespace = 'public'::regnamespace and relkind in ('r', 'p')
and not relispartition order by relname
"""
# md5 is the same in every release of PostgreSQL, where its own hash functions need not be. It guards against mistakes,
# not against people: altered files are the encryption's business.
_ROWS = "select count(*), coalesce(sum(('x' || left(md5(t::text), 15))::bit(60)::bigint), 0)::text from {} t"


class Fingerprint(NamedTuple):
    """Of one table; `total` is independent of the rows' order."""

    rows: int
    total: str


def of(db: Connection) -> dict[str, Fingerprint]:
    """Of each table, as the connection's transaction sees it."""
    with db.cursor() as cursor:
        cursor.execute(_TABLES)
        tables = [name for (name,) in cursor.fetchall()]
        prints = {}
        for table in tables:
            cursor.execute(sql.SQL(_ROWS).format(sql.Identifier("public", table)))
            rows, total = cursor.fetchone() or (0, "0")
            prints[table] = Fingerprint(rows, total)
    return prints


def differences(before: dict[str, Fingerprint], after: dict[str, Fingerprint]) -> list[str]:
    """A line for each table that is not the same."""
    return [f"{table}: {_text(before.get(table))} in the backup, {_text(after.get(table))} restored"
            for table in sorted(before.keys() | after.keys()) if before.get(table) != after.get(table)]  # fmt: skip


def _text(of_table: Fingerprint | None) -> str:
    return "absent" if of_table is None else f"{of_table.rows} rows (sum {of_table.total})"
