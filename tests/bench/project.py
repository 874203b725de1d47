"""The project's side: its own installation with the bench's tenant in it."""

import os
import re
import time

import psycopg2

from models import schema
from models.secrets.keyring import Keyring
from service import parts
from service.testing import Installation
from tests.bench import processes, project_seed, tables
from tests.bench.check import Tally
from tests.bench.population import PAST_SESSIONS, SECRET, WITH_ROWS, Subscriber
from tests.radius_client import Code, Pap, access_attributes, access_request, exchange

_PARTS = ("auth", "acct", "writer")
_TALLY = "SELECT count(*), count(*) FILTER (WHERE reply = 'Access-Accept') FROM radpostauth WHERE device_id = %s"


class Project:
    """`start` returns once a customer of the bench is let in."""

    name = "project"

    def __init__(self, installation: Installation) -> None:
        self._installation = installation
        settings = installation.settings
        self.auth = (settings.radius_address, settings.radius_auth_port)
        self.acct = (settings.radius_address, settings.radius_acct_port)
        self.url = installation.urls.owner
        self._tenant: project_seed.Tenant | None = None

    def seed(
        self, customers: int = WITH_ROWS.stop, past_sessions: int = PAST_SESSIONS, with_rows: range = WITH_ROWS
    ) -> None:
        """Schema and rows; PostgreSQL must run."""
        schema.upgrade(self.url)
        self._tenant = project_seed.create(self.url, self.keyring, customers, past_sessions, with_rows)

    def start(self) -> None:
        """Start what serves RADIUS, as far as it is built, and wait for the first Accept."""
        for part in parts.present(self._installation.settings):
            if part.name in _PARTS:
                self._installation.start(part.name)
        self.await_login(30)

    def start_worker(self) -> None:
        """Start what sends requests to devices."""
        self._installation.start("worker")

    def await_login(self, seconds: float) -> None:
        """Return when the first customer is let in."""
        who = Subscriber(0)
        request = access_request(SECRET, access_attributes(who.visit("80000000")), Pap(who.password.encode()))
        deadline = time.monotonic() + seconds
        while True:
            answer = exchange(request, self.auth, timeout=0.05)
            if answer and answer[0] == Code.ACCESS_ACCEPT:
                return
            if time.monotonic() > deadline:
                raise RuntimeError(
                    f"no login within {seconds} s; the log ends: {self._installation.log('auth')[-800:]}"
                )

    def roots(self) -> list[int]:
        """The supervisor of all parts of this installation, of which there may be several on the machine."""
        state = str(self._installation.settings.state_dir)
        return [
            pid
            for pid in processes.descendants(os.getpid())
            if processes.command(pid) == "s6-svscan" and any(state in word for word in processes.arguments(pid))
        ]

    def _family(self) -> list[int]:
        return [pid for root in self.roots() for pid in processes.descendants(root)]

    def auth_pid(self) -> int | None:
        """The FreeRADIUS process that answers logins, if it runs."""
        return next((pid for pid in self._family() if processes.arguments(pid)[-2:] == ["-n", "auth"]), None)

    def login_server(self) -> int:
        """The same process; that it runs is taken for granted."""
        pid = self.auth_pid()
        if pid is None:
            raise RuntimeError(f"no login process runs; the log ends: {self._installation.log('auth')[-800:]}")
        return pid

    def tally(self) -> Tally:
        """By `radpostauth`, where each decision is a row: what is answered from memory writes none.

        The rows of the installation's own probe belong to no device.
        """
        with psycopg2.connect(self.url) as db, db.cursor() as cursor:
            cursor.execute(_TALLY, (self.tenant.device,))
            decided, accepted = cursor.fetchone() or (0, 0)
        return Tally(decided, accepted)

    @property
    def keyring(self) -> Keyring:
        """What secrets and passwords are encrypted with."""
        return Keyring.parse(self._installation.secrets.credential_keys)

    @property
    def tenant(self) -> project_seed.Tenant:
        """Ids of the bench's rows."""
        if self._tenant is None:
            raise RuntimeError("the project's side is not seeded")
        return self._tenant

    def resident_mib(self) -> float:
        """Memory of everything but PostgreSQL and the supervisor."""
        servers = [pid for pid in self._family() if processes.command(pid) in ("freeradius", "python")]
        return sum(processes.resident_mib(pid) for pid in servers)

    def load_seconds(self) -> float | None:
        """How long the directory says that it took to load the first time after its last start."""
        last_start = self._installation.log("auth").rpartition("Starting - reading")[2]
        match = re.search(r"directory: \d+ customers, \d+ devices loaded in ([0-9.]+) s", last_start)
        return float(match.group(1)) if match else None

    def set_sessions(self, rows: int) -> None:
        """Replace all sessions by `rows` finished ones."""
        with psycopg2.connect(self.url) as db, db.cursor() as cursor:
            cursor.execute("TRUNCATE radacct")
        project_seed.add_past(self.url, self.tenant, rows, "flat")
        tables.settle(self.url)
