"""The admin API under load, with gunicorn as in production: a list, a customer made, one suspended, a year's usage."""

import itertools
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

import psycopg2

from models.secrets.generated import api_key_digest, make_secret
from models.secrets.keyring import Keyring
from service.start import schema
from service.testing import Installation
from tests.bench import http_load, measure, processes, project_seed, tables
from tests.bench.bench import Bench
from tests.bench.http_load import Call
from tests.bench.population import Subscriber
from tests.bench.project import Project
from tests.bench.table import Row, bounded

PORTS = (22832, 22833, 22870)
_CUSTOMERS = 100_000
_DAYS = 365
#: So many have a year of days behind them, and three sessions a day.
_OLD_CUSTOMERS = 1000
_PAGE = 50
_BASE = "/api/billing/customers"

_DAILY = """
INSERT INTO usage_daily (isp_id, customer_id, day, bytes_in, bytes_out)
SELECT %(isp)s, id, current_date - day, 10000000 + day, 50000000 + day
FROM (SELECT id FROM customers WHERE isp_id = %(isp)s ORDER BY id LIMIT %(old)s) AS old,
    generate_series(0, %(days)s - 1) AS day
"""
_SESSIONS = """
INSERT INTO radacct (isp_id, customer_id, device_id, acctsessionid, username, session_month, acctstarttime,
    acctstoptime, acctinputoctets, acctoutputoctets, callingstationid, framedipaddress)
SELECT %(isp)s, id, %(device)s, 'year' || hour, username, date_trunc('month', begun)::date, begun,
    begun + interval '2 hours', 10000000, 50000000, '02:00:00:00:00:00', '10.0.0.1'
FROM (SELECT id, username FROM customers WHERE isp_id = %(isp)s ORDER BY id LIMIT 20) AS old,
    generate_series(1, %(days)s * 3) AS hour, LATERAL (SELECT now() - hour * interval '8 hours' AS begun) AS at
"""


@dataclass(frozen=True)
class _Office:
    """The running API with the bench's tenant in it."""

    project: Project
    address: tuple[str, int]
    key: str
    customers: list[int]


def api(bench: Bench) -> list[Row]:
    """Requests a second and p99 of each, eight callers at a time."""
    count, seconds = min(_CUSTOMERS, bench.options.many_customers), bench.options.login_seconds / 2
    with _running(bench, count) as office:
        for name, calls in _loads(office).items():
            _measured(bench, office, name, calls, seconds)
    rows = []
    for name in _NAMES:
        taken = bench.middle(name, "project")
        title = _NAMES[name].format(count=f"{count:,}")
        rows += [bounded("api", f"{title}: rate", taken.rate if taken else None, "1/s"),
                 bounded("api", f"{title}: p99", taken.p99_ms if taken else None, "ms")]  # fmt: skip
    return rows


_NAMES = {
    "list": f"list of {_PAGE} out of {{count}} customers",
    "search": "one of them by a part of the name",
    "create": "customer made",
    "suspend": "customer suspended",
    "report": "a customer's usage over a year",
    "year": f"the tenant's usage over a year, {_OLD_CUSTOMERS:,} customers",
}


def _loads(office: _Office) -> dict[str, Callable[[], Call | None]]:
    """What is asked, one call after the other."""
    pages, numbers = itertools.cycle(range(1, len(office.customers) // _PAGE + 1, 7)), itertools.count()
    waiting = iter(office.customers[_OLD_CUSTOMERS:])
    today = datetime.now(UTC).date()
    year = f"since={today - timedelta(days=_DAYS - 1)}&until={today}"

    def suspend() -> Call | None:
        customer = next(waiting, None)
        return None if customer is None else Call("POST", f"{_BASE}/{customer}/suspend")

    return {
        "list": lambda: Call("GET", f"{_BASE}?per_page={_PAGE}&page={next(pages)}"),
        "search": lambda: Call("GET", f"{_BASE}?search={next(numbers) * 37 % len(office.customers):06}"),
        "create": lambda: Call("POST", _BASE, 201, _new_customer(next(numbers))),
        "suspend": suspend,
        "report": lambda: Call("GET", f"/api/billing/reports/usage/{Subscriber(next(numbers) % 20).username}?{year}"),
        "year": lambda: Call("GET", f"/api/billing/reports/usage?{year}"),
    }


def _new_customer(number: int) -> dict[str, object]:
    return {"full_name": f"New {number}", "email": f"new{number}@example.net", "phone": "+254700000000",
            "address": "1 Main Street", "password": f"password-{number}", "service_plan_id": None}  # fmt: skip


def _measured(bench: Bench, office: _Office, name: str, calls: Callable[[], Call | None], seconds: float) -> None:
    roots, headers = office.project.roots(), {"X-API-Key": office.key}
    http_load.load(office.address, headers, calls, 0.5)
    before = processes.cpu_seconds(roots)
    result = http_load.load(office.address, headers, calls, seconds)
    bench.keep(name, office.project, http_load.sample(result, processes.cpu_seconds(roots) - before))


@contextmanager
def _running(bench: Bench, count: int) -> Iterator[_Office]:
    """An installation of its own: the API asks it alone, and nothing else runs on it."""
    with tempfile.TemporaryDirectory(prefix="bench-") as directory:
        Path(directory).chmod(0o755)
        with Installation(Path(directory) / "state", *PORTS) as installation:
            begun = time.monotonic()
            installation.start_postgres()
            schema.upgrade(installation.settings, installation.secrets)
            office = _seeded(installation, count)
            bench.say(f"      api  project: {count:,} customers seeded in {time.monotonic() - begun:.1f} s")
            installation.start("api")
            measure.await_quiet(office.project.roots())
            yield office


def _seeded(installation: Installation, count: int) -> _Office:
    url, key = installation.urls.owner, make_secret()
    tenant = project_seed.create(url, Keyring.parse(installation.secrets.credential_keys), count, 0)
    values = {"isp": tenant.isp, "device": tenant.device, "old": _OLD_CUSTOMERS, "days": _DAYS}
    with psycopg2.connect(url) as db, db.cursor() as cursor:
        cursor.execute("UPDATE isps SET api_key_hash = %s WHERE id = %s", (api_key_digest(key), tenant.isp))
        cursor.execute(_DAILY, values)
        cursor.execute(_SESSIONS, values)
        cursor.execute("SELECT id FROM customers WHERE isp_id = %s ORDER BY id", (tenant.isp,))
        customers = [number for (number,) in cursor.fetchall()]
    tables.settle(url)
    settings = installation.settings
    return _Office(Project(installation), (settings.api_host, settings.api_port), key, customers)
