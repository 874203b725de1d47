"""The stock server's database: FreeRADIUS' own schema, the bench's customers, their past sessions."""

import io
from collections.abc import Iterable
from pathlib import Path

import psycopg2
from psycopg2.extensions import connection as Connection

from tests.bench import tables
from tests.bench.population import (
    CAP_BYTES,
    IDLE_TIMEOUT_SECONDS,
    INTERIM_SECONDS,
    OWN_REPLIES,
    POOL,
    RATE_LIMIT,
    SESSION_TIMEOUT_SECONDS,
    WITH_ROWS,
    Subscriber,
)

# schema.sql has no index by which the sum over a customer's sessions could be found: with it alone a login reads all
# sessions of the month. Every ISP that caps data adds this one.
EXTRA_INDEX = "CREATE INDEX radacct_user_start_idx ON radacct (UserName, AcctStartTime)"

_GROUP = "plan_1"
_CHECKS = (("Simultaneous-Use", ":=", "1"), ("Max-Monthly-Octets", ":=", str(CAP_BYTES)))
_REPLIES = (
    ("Mikrotik-Rate-Limit", ":=", RATE_LIMIT),
    ("Session-Timeout", ":=", str(SESSION_TIMEOUT_SECONDS)),
    ("Idle-Timeout", ":=", str(IDLE_TIMEOUT_SECONDS)),
    ("Acct-Interim-Interval", ":=", str(INTERIM_SECONDS)),
    ("Framed-Pool", ":=", POOL),
    ("Class", ":=", "0x" + "00112233445566778899aabbccddeeff00112233"),
)

_PAST = """
INSERT INTO radacct (AcctSessionId, AcctUniqueId, UserName, NASIPAddress, NASPortId, NASPortType, AcctStartTime,
    AcctUpdateTime, AcctStopTime, AcctSessionTime, AcctAuthentic, AcctInputOctets, AcctOutputOctets, CalledStationId,
    CallingStationId, AcctTerminateCause, ServiceType, FramedProtocol, FramedIPAddress)
SELECT 'past' || number, left(md5(%(salt)s), 16) || lpad(to_hex(number), 16, '0'), username,
    '127.0.0.1', 'bridge1', 'Ethernet', begun, begun + interval '1 hour', begun + interval '1 hour', 3600, 'RADIUS',
    10000000 + number %% 30, 50000000 + number %% 30, 'service1', '02:00:00:00:00:00', 'User-Request', 'Framed-User',
    'PPP', '10.0.0.1'
FROM (SELECT number, now() - (%(rows)s - number) * interval '30 days' / %(rows)s AS begun
      FROM generate_series(0, %(rows)s - 1) AS number) AS past
JOIN (SELECT username, row_number() OVER (ORDER BY username) - 1 AS place
      FROM radusergroup) AS who ON place = number %% %(customers)s
"""


def create(url: str, schema: Path, customers: int, past_sessions: int) -> None:
    """Fill an empty database."""
    with psycopg2.connect(url) as db, db.cursor() as cursor:
        cursor.execute(schema.read_text())
        cursor.execute(EXTRA_INDEX)
        _copy(db, "radcheck (username, attribute, op, value)", _checks(customers))
        _copy(db, "radusergroup (username, groupname, priority)",
              (f"{Subscriber(number).username}\t{_GROUP}\t1" for number in range(customers)))  # fmt: skip
        _copy(db, "radreply (username, attribute, op, value)",
              ("\t".join((Subscriber(number).username, *row))
               for number in WITH_ROWS if number < customers for row in OWN_REPLIES))  # fmt: skip
        for table, rows in (("radgroupcheck", _CHECKS), ("radgroupreply", _REPLIES)):
            _copy(db, f"{table} (groupname, attribute, op, value)", ("\t".join((_GROUP, *row)) for row in rows))
    add_past(url, customers * past_sessions, "seed")


def add_past(url: str, rows: int, salt: str) -> None:
    """`rows` finished sessions more, customer after customer, in the order of their start."""
    with psycopg2.connect(url) as db, db.cursor() as cursor:
        cursor.execute("SELECT count(*) FROM radusergroup")
        [customers] = cursor.fetchone() or (0,)
        cursor.execute(_PAST, {"rows": rows, "salt": salt, "customers": customers})
    tables.settle(url)


def _checks(customers: int) -> list[str]:
    lines = []
    for number in range(customers):
        who = Subscriber(number)
        lines.append(f"{who.username}\tCleartext-Password\t:=\t{who.password}")
        lines.append(f"{who.username}\tExpiration\t:=\t31 Dec 2035 12:00:00")
    return lines


def _copy(db: Connection, target: str, lines: Iterable[str]) -> None:
    with db.cursor() as cursor:
        cursor.copy_expert(f"COPY {target} FROM STDIN", io.StringIO("".join(f"{line}\n" for line in lines)))
