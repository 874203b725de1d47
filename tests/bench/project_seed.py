"""The project's database: one tenant through the models, its customers and their past in bulk.

The rows are those that the API would write; only the road is shorter. Column names of `radacct` are FreeRADIUS' own.
"""

import io
from collections.abc import Callable, Container, Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from decimal import Decimal

import psycopg2
from psycopg2.extensions import connection as Connection
from sqlalchemy.orm import Session

from models import Isp, MikrotikDevice, ServicePlan
from models.db import make_engine
from models.radius.provisioning import group_of, provision_plan
from models.secrets.keyring import Keyring
from tests.bench import tables
from tests.bench.population import (
    CAP_BYTES,
    IDLE_TIMEOUT_SECONDS,
    OWN_REPLIES,
    POOL,
    SECRET,
    SESSION_TIMEOUT_SECONDS,
    Subscriber,
)

_PERIOD_DAYS = 30

_PAST = """
INSERT INTO radacct (isp_id, customer_id, device_id, session_month, acctuniqueid, acctsessionid, username, groupname,
    nasipaddress, nasportid, nasporttype, acctstarttime, acctupdatetime, acctstoptime, acctsessiontime, acctauthentic,
    acctinputoctets, acctoutputoctets, calledstationid, callingstationid, acctterminatecause, servicetype,
    framedprotocol, framedipaddress)
SELECT %(isp)s, id, %(device)s, date_trunc('month', begun AT TIME ZONE 'UTC')::date,
    left(md5(%(salt)s), 16) || lpad(to_hex(number), 16, '0'), 'past' || number, username, %(group)s, '127.0.0.1',
    'bridge1', 'Ethernet', begun, begun + interval '1 hour', begun + interval '1 hour', 3600, 'RADIUS',
    10000000 + number %% 30, 50000000 + number %% 30, 'service1', '02:00:00:00:00:00', 'User-Request', 'Framed-User',
    'PPP', '10.0.0.1'
FROM (SELECT number, now() - (%(rows)s - number) * interval '30 days' / %(rows)s AS begun
      FROM generate_series(0, %(rows)s - 1) AS number) AS past
JOIN (SELECT id, username, row_number() OVER (ORDER BY id) - 1 AS place
      FROM customers WHERE isp_id = %(isp)s) AS who ON place = number %% %(customers)s
"""

_USAGE = """
INSERT INTO usage (isp_id, customer_id, period_start, bytes_in, bytes_out)
SELECT s.isp_id, s.customer_id, s.period_start,
    coalesce(sum(a.acctinputoctets), 0), coalesce(sum(a.acctoutputoctets), 0)
FROM subscriptions s LEFT JOIN radacct a USING (isp_id, customer_id)
WHERE s.isp_id = %(isp)s GROUP BY 1, 2, 3
ON CONFLICT (isp_id, customer_id, period_start) DO UPDATE
    SET bytes_in = excluded.bytes_in, bytes_out = excluded.bytes_out
"""


@dataclass(frozen=True)
class Tenant:
    """Ids of the bench's rows."""

    isp: int
    plan: int
    device: int


def create(url: str, keyring: Keyring, customers: int, past_sessions: int, with_rows: Container[int] = ()) -> Tenant:
    """Fill an empty schema; `url` is the owner's. Customers `with_rows` have reply rows of an operator's own."""
    tenant = add_tenant(url, keyring, "Bench ISP", "127.0.0.1/32", range(customers), with_rows)
    if past_sessions:
        add_past(url, tenant, customers * past_sessions, "seed")
    tables.settle(url)
    return tenant


def add_tenant(url: str, keyring: Keyring, name: str, address: str, numbers: range,
               with_rows: Container[int] = ()) -> Tenant:  # fmt: skip
    """A tenant with one router and the subscribers of these numbers, all of them with as many digits."""
    tenant = _tenant(url, keyring, name, address)
    with psycopg2.connect(url) as db:
        _customers(db, keyring, tenant, numbers, with_rows)
    return tenant


def _own_secret(device: int) -> str:
    return f"the secret of router {device}"


def add_devices(url: str, keyring: Keyring, isp: int, addresses: Sequence[str],
                secret: Callable[[int], str] = _own_secret) -> None:  # fmt: skip
    """Routers at these addresses; `secret` of a device's id."""
    with psycopg2.connect(url) as db:
        with db.cursor() as cursor:
            cursor.execute("SELECT nextval(pg_get_serial_sequence('mikrotik_devices', 'id'))"
                           " FROM generate_series(1, %s)", (len(addresses),))  # fmt: skip
            ids = [number for (number,) in cursor.fetchall()]
        _copy(db, "mikrotik_devices (isp_id, id, name, ip_address, radius_secret)",
              (f"{isp}\t{number}\tRouter {number}\t{address}\t"
               + keyring.encrypt(secret(number), isp, "mikrotik_devices", number)
               for number, address in zip(ids, addresses, strict=True)))  # fmt: skip
    tables.settle(url)


def _tenant(url: str, keyring: Keyring, name: str, address: str) -> Tenant:
    engine = make_engine(url, "infora bench")
    with Session(engine) as session, session.begin():
        isp = Isp(name=name)
        session.add(isp)
        session.flush()
        plan = ServicePlan(isp_id=isp.id, name="Bench 10M", bandwidth_limit=Decimal(10), upload_limit=Decimal(2),
                           data_limit_bytes=CAP_BYTES, session_timeout=SESSION_TIMEOUT_SECONDS // 60,
                           idle_timeout=IDLE_TIMEOUT_SECONDS // 60, validity_days=_PERIOD_DAYS, simultaneous_use=1,
                           address_pool=POOL)  # fmt: skip
        device = MikrotikDevice(isp_id=isp.id, name="Bench router", ip_address=address, radius_secret="")
        session.add_all([plan, device])
        session.flush()
        device.radius_secret = keyring.encrypt(SECRET.decode(), isp.id, "mikrotik_devices", device.id)
        provision_plan(session, plan)
        tenant = Tenant(isp.id, plan.id, device.id)
    engine.dispose()
    return tenant


def _customers(db: Connection, keyring: Keyring, tenant: Tenant, numbers: range, with_rows: Container[int]) -> None:
    now = datetime.now(UTC)
    isp, plan, end = tenant.isp, tenant.plan, now + timedelta(days=_PERIOD_DAYS)
    names = (Subscriber(number).username for number in numbers)
    _copy(db, "customers (isp_id, username, service_plan_id, expires_at)",
          (f"{isp}\t{name}\t{plan}\t{end}" for name in names))  # fmt: skip
    with db.cursor() as cursor:
        cursor.execute("SELECT id, username FROM customers WHERE isp_id = %s ORDER BY username", (isp,))
        rows = [(key, name, Subscriber(number).password)
                for number, (key, name) in zip(numbers, cursor.fetchall(), strict=True)]  # fmt: skip
        cursor.execute(
            "INSERT INTO subscriptions (isp_id, customer_id, service_plan_id, period_start, period_end)"
            " SELECT isp_id, id, service_plan_id, now() - interval '1 day', expires_at FROM customers"
            " WHERE isp_id = %s",
            (isp,),
        )
    _copy(db, "radcheck (isp_id, customer_id, username, attribute, op, value, origin)",
          ("\t".join((str(isp), str(number), name, "Cleartext-Password", ":=",
                      keyring.encrypt(word, isp, "radcheck", number), "provisioned"))
           for number, name, word in rows))  # fmt: skip
    _copy(db, "radreply (isp_id, customer_id, username, attribute, op, value, origin)",
          ("\t".join((str(isp), str(key), name, *row, "operator"))
           for number, (key, name, _) in zip(numbers, rows, strict=True) if number in with_rows
           for row in OWN_REPLIES))  # fmt: skip
    _copy(db, "radusergroup (isp_id, customer_id, username, groupname, origin)",
          (f"{isp}\t{number}\t{name}\t{group_of(plan)}\tprovisioned" for number, name, _ in rows))  # fmt: skip


def add_past(url: str, tenant: Tenant, rows: int, salt: str) -> None:
    """`rows` finished sessions more, customer after customer, in the order of their start.

    Without triggers: millions of rows need no news, and the sums that follow are news enough.
    """
    with psycopg2.connect(url) as db, db.cursor() as cursor:
        cursor.execute("SELECT count(*) FROM customers WHERE isp_id = %s", (tenant.isp,))
        [customers] = cursor.fetchone() or (0,)
        values = {"isp": tenant.isp, "device": tenant.device, "group": group_of(tenant.plan), "rows": rows,
                  "salt": salt, "customers": customers}  # fmt: skip
        cursor.execute("ALTER TABLE radacct DISABLE TRIGGER USER")
        cursor.execute(_PAST, values)
        cursor.execute("ALTER TABLE radacct ENABLE TRIGGER USER")
        cursor.execute(_USAGE, values)


def _copy(db: Connection, target: str, lines: Iterable[str]) -> None:
    with db.cursor() as cursor:
        cursor.copy_expert(f"COPY {target} FROM STDIN", io.StringIO("".join(f"{line}\n" for line in lines)))
