"""What is done alike to the tables of both sides."""

import time

import psycopg2
from psycopg2 import sql


def settle(url: str) -> None:
    """Statistics and visibility as after a quiet night: plans must know that there are open sessions, or none."""
    db = psycopg2.connect(url)
    db.autocommit = True
    try:
        with db.cursor() as cursor:
            cursor.execute("SELECT relname FROM pg_class WHERE relkind = 'r' AND relnamespace = 'public'::regnamespace")
            names = sql.SQL(", ").join(sql.Identifier(name) for (name,) in cursor.fetchall())
            cursor.execute(sql.SQL("VACUUM ANALYZE {}").format(names))
    finally:
        db.close()


def booked(url: str, run: str, count: int, condition: str, seconds: float) -> bool:
    """Whether at least `count` sessions of the run fulfil the condition in `radacct` within `seconds`."""
    query = f"SELECT count(*) FROM radacct WHERE acctsessionid LIKE %s AND {condition}"  # noqa: S608 - our own words
    deadline = time.monotonic() + seconds
    db = psycopg2.connect(url)
    db.autocommit = True
    try:
        with db.cursor() as cursor:
            while True:
                cursor.execute(query, (f"{run}%",))
                row = cursor.fetchone()
                if row and row[0] >= count:
                    return True
                if time.monotonic() > deadline:
                    return False
                time.sleep(0.2)
    finally:
        db.close()
