"""An installation whose worker runs, and tenants whose routers obey."""

from __future__ import annotations

import os
import signal
import subprocess
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, NamedTuple

from service.host import layout
from tests.radius_client.routeros import Faults, RouterOS
from tests.radius_client.serving import Serving
from tests.wire.api import Api
from tests.wire.system import System
from tests.wire.tenant import Tenant


class Workers:
    """Worker processes of the installation, started and killed by tests."""

    def __init__(self, system: System, log: Path) -> None:
        installation = system.installation
        self._command = [str(installation.settings.venv / "bin/python"), "-m", "radius_module.enforce"]
        self._environment = installation.environment("worker")
        self._home = installation.settings.home
        self._log = log.open("ab")
        self._system = system
        self.running: list[subprocess.Popen[bytes]] = []
        layout.prepare(installation.settings)

    def start(self) -> subprocess.Popen[bytes]:
        process = subprocess.Popen(
            self._command, env=self._environment, cwd=self._home, stdout=self._log, stderr=self._log
        )
        self.running.append(process)
        return process

    def wait(self, count: int = 1) -> None:
        """Until so many listen."""
        listening = "select count(*) from pg_stat_activity where application_name = 'infora worker news'"
        eventually(lambda: self._system.sql(listening)[0][0], count, 30)

    def kill(self, process: subprocess.Popen[bytes]) -> None:
        process.send_signal(signal.SIGKILL)
        process.wait()
        self.running.remove(process)

    def stop(self) -> None:
        for process in self.running:
            process.terminate()
        for process in self.running:
            process.wait(timeout=20)
        self.running.clear()
        self._log.close()


@contextmanager
def one_worker(system: System, log: Path) -> Iterator[Workers]:
    """One that listens."""
    workers = Workers(system, log)
    workers.start()
    workers.wait()
    yield workers
    workers.stop()


class Asked(NamedTuple):
    """A row of the outbox that is about a session."""

    id: int
    kind: str
    reason: str
    status: str
    error: str | None
    cause: int | None
    attempts: int


class Network:
    """One tenant with a router that lives, its API, and what the outbox has of it."""

    def __init__(self, system: System, serving: Serving) -> None:
        self.system, self.serving = system, serving
        self.tenant = Tenant(system)
        self.isp_id = self.tenant.isp_id
        self.router = self.add_router()
        self.api = Api(system, self.isp_id)

    def add_router(self, faults: Faults | None = None, **options: Any) -> RouterOS:
        """A device with a router behind it."""
        settings = self.system.installation.settings
        device = self.tenant.add_router()
        # A report that comes before the accounting process has heard of the device is sent again.
        self.system.expect_log("unknown client")
        router = RouterOS(
            device.address, device.secret, (settings.radius_listen, settings.radius_auth_port),
            (settings.radius_listen, settings.radius_acct_port), faults=faults, **options,
        )  # fmt: skip
        router.device_id = device.device_id
        self.system.sql("update mikrotik_devices set coa_port = :port where id = :id",
                        port=router.coa_port, id=device.device_id)  # fmt: skip
        return self.serving.add(router)

    def asked(self, customer_id: int | None = None) -> list[Asked]:
        """Requests, the oldest first."""
        return [Asked(*row) for row in self.system.sql(
            "select id, kind, reason, status, error, error_cause, attempts from outbox "
            "where isp_id = :isp and acctuniqueid is not null "
            "and (cast(:customer as bigint) is null or customer_id = :customer) order by id",
            isp=self.isp_id, customer=customer_id,
        )]  # fmt: skip

    def states(self, customer_id: int | None = None) -> list[tuple[str, str, str, str | None]]:
        return [(one.kind, one.reason, one.status, one.error) for one in self.asked(customer_id)]

    def online(self) -> int:
        """Open sessions in the books."""
        found = self.system.sql(
            "select count(*) from radacct where isp_id = :isp and acctstoptime is null", isp=self.isp_id
        )
        return int(found[0][0])

    def login(self, person: Any, **options: Any) -> Any:
        """Log in at the first router, and wait until the books have the session."""
        self.system.settle()
        session = self.router.login(person.username, person.password, **options)
        assert session is not None, "the login was refused"
        known = (
            "select count(*) from radacct where isp_id = :isp and acctsessionid = :id and acctstoptime is null "
            "and nasipaddress = cast(:router as inet)"
        )
        where = {"isp": self.isp_id, "id": session.visit.session_id, "router": self.router.address}
        eventually(lambda: self.system.sql(known, **where)[0][0], 1)
        return session


def eventually(question: Callable[[], Any], wanted: Any, limit: float = 10.0) -> None:
    """It becomes so within seconds."""
    deadline = time.monotonic() + limit
    while (found := question()) != wanted:
        assert time.monotonic() < deadline, f"after {limit} s still {found}, not {wanted}"
        time.sleep(0.02)


def is_alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return True
