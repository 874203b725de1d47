"""The stock side: FreeRADIUS with `rlm_sql`, `sqlcounter` and `expiration` on the project's own PostgreSQL."""

import subprocess
import time
from pathlib import Path

import psycopg2
from psycopg2 import sql

from service.database import urls
from service.database.cluster import data_directory
from service.host.freeradius import PROGRAM
from service.host.settings import Settings
from tests.bench import packages, stock_raddb, stock_seed, stock_statistics
from tests.bench.check import Tally
from tests.bench.population import PAST_SESSIONS, SECRET, WITH_ROWS
from tests.radius_client import exchange, status_request

_PASSWORD = "stock"


class Stock:
    """`start` returns once the server answers; `url` reaches its database.

    All duties, named `stock`, or with `lean` as little as still bills. Ports: logins, accounting, statistics.
    """

    def __init__(self, settings: Settings, home: Path, ports: tuple[int, int, int], *, lean: bool = False) -> None:
        self.name = "lean" if lean else "stock"
        self.title = "stock FreeRADIUS" + (", lean" if lean else "")
        self._settings, self._home, self._lean, self._ports = settings, home / self.name, lean, ports
        self._packages = home / "packages"
        self.auth, self.acct, self._statistics = (("127.0.0.1", port) for port in ports)
        superuser = urls.superuser(settings)
        own = urls.with_role(superuser, self.name, _PASSWORD)
        self._superuser, self.url = superuser, urls.with_database(own, self.name)
        self._server: subprocess.Popen[bytes] | None = None

    def seed(self, customers: int = WITH_ROWS.stop, past_sessions: int = PAST_SESSIONS) -> None:
        """Role, database, schema, rows."""
        db = psycopg2.connect(self._superuser)
        db.autocommit = True
        with db.cursor() as cursor:
            cursor.execute(sql.SQL("DROP DATABASE IF EXISTS {}").format(sql.Identifier(self.name)))
            cursor.execute(sql.SQL("DROP ROLE IF EXISTS {}").format(sql.Identifier(self.name)))
            cursor.execute(sql.SQL("CREATE ROLE {} LOGIN PASSWORD %s").format(sql.Identifier(self.name)), (_PASSWORD,))
            cursor.execute(sql.SQL("CREATE DATABASE {0} OWNER {0}").format(sql.Identifier(self.name)))
        db.close()
        schema = self._paths.packages / "etc/freeradius/3.0/mods-config/sql/main/postgresql/schema.sql"
        stock_seed.create(self.url, schema, customers, past_sessions)

    @property
    def _paths(self) -> stock_raddb.StockPaths:
        unpacked = packages.unpack(self._packages)
        return stock_raddb.StockPaths(self._home, unpacked, packages.libraries(unpacked, self._home / "lib"))

    def start(self) -> None:
        """Write the configuration, start the server, wait until it answers a Status-Server."""
        stock_raddb.write(self._paths, self._ports, self.url, lean=self._lean)
        log = (self._home / "stdout").open("wb")
        command = [PROGRAM, "-f", "-l", str(self._home / "radius.log"), "-d", str(self._paths.raddb)]
        self._server = subprocess.Popen(command, stdout=log, stderr=log, env=stock_raddb.environment())
        deadline = time.monotonic() + 30
        while exchange(status_request(SECRET), self.auth, timeout=0.3) is None:
            if self._server.poll() is not None or time.monotonic() > deadline:
                raise RuntimeError(f"the stock server did not start: {self._home}/radius.log")

    def roots(self) -> list[int]:
        """The server and PostgreSQL."""
        postmaster = int((data_directory(self._settings) / "postmaster.pid").read_text().split()[0])
        return [postmaster, *([self._server.pid] if self._server else [])]

    def login_server(self) -> int:
        """The one process that does everything."""
        if self._server is None:
            raise RuntimeError("the stock server does not run")
        return self._server.pid

    def tally(self) -> Tally:
        """Decisions by FreeRADIUS' own statistics, which count no repetition; Accepts in `radpostauth`."""
        decided = stock_statistics.decided(self._statistics)
        return Tally(decided, None if self._lean else self._recorded())

    def _recorded(self) -> int:
        with psycopg2.connect(self.url) as db, db.cursor() as cursor:
            cursor.execute("SELECT count(*) FROM radpostauth WHERE reply = 'Access-Accept'")
            row = cursor.fetchone()
        return int(row[0]) if row else 0

    def set_sessions(self, rows: int) -> None:
        """Replace all sessions by `rows` finished ones."""
        with psycopg2.connect(self.url) as db, db.cursor() as cursor:
            cursor.execute("TRUNCATE radacct")
        stock_seed.add_past(self.url, rows, "flat")

    def stop(self) -> None:
        """End the server."""
        if self._server:
            self._server.terminate()
            try:
                self._server.wait(10)
            except subprocess.TimeoutExpired:
                self._server.kill()
                self._server.wait()
            self._server = None
