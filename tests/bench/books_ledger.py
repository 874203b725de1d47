"""The installation of the money scenarios: a tenant that bills, its customers, and databases for other ledgers."""

import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import NamedTuple

import psycopg2
from psycopg2 import sql

from models.secrets.generated import api_key_digest, make_secret
from models.secrets.keyring import Keyring
from service.database import urls
from service.start import schema
from service.testing import Installation
from tests.bench import project_seed
from tests.bench.bench import Bench

PORTS = (22842, 22843, 22880)
_CUSTOMERS = 60_000


class Ledger(NamedTuple):
    """An installation with the bench's tenant."""

    installation: Installation
    superuser: str
    isp: int
    key: str
    customers: list[int]


@contextmanager
def running(bench: Bench) -> Iterator[Ledger]:
    with tempfile.TemporaryDirectory(prefix="bench-") as directory:
        Path(directory).chmod(0o755)
        with Installation(Path(directory) / "state", *PORTS) as installation:
            installation.start_postgres()
            schema.upgrade(installation.settings, installation.secrets)
            count = min(_CUSTOMERS, bench.options.many_customers)
            url, key = installation.urls.owner, make_secret()
            tenant = project_seed.create(url, Keyring.parse(installation.secrets.credential_keys), count, 0)
            with psycopg2.connect(url) as db, db.cursor() as cursor:
                cursor.execute("update isps set api_key_hash = %s where id = %s", (api_key_digest(key), tenant.isp))
                cursor.execute("update service_plans set price_minor = 1000 where isp_id = %s", (tenant.isp,))
                cursor.execute("insert into billing_settings (isp_id, tax_rate) values (%s, 16)", (tenant.isp,))
                cursor.execute("select id from customers where isp_id = %s order by id", (tenant.isp,))
                customers = [number for (number,) in cursor.fetchall()]
            superuser = urls.with_database(urls.superuser(installation.settings), urls.PRIVATE_DATABASE)
            yield Ledger(installation, superuser, tenant.isp, key, customers)


def database_named(ledger: Ledger, name: str) -> str:
    superuser = urls.superuser(ledger.installation.settings)
    db = psycopg2.connect(superuser)
    db.autocommit = True
    with db.cursor() as cursor:
        cursor.execute(sql.SQL("create database {}").format(sql.Identifier(name)))
    db.close()
    return urls.with_database(superuser, name)
