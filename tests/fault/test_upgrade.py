"""The release before this one runs, customers log in and routers report, and this release takes over from it."""

from __future__ import annotations

import json
import os
import signal
import sys
import tempfile
import threading
import time
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from models import schema as tables
from service import parts
from service.host.secret_file import load_or_create
from service.host.settings import HOME, from_environment
from service.s6 import services
from service.start import demo, schema
from service.testing import Installation, free_ports
from tests.fault.conftest import rules_broken
from tests.fault.crowd import Crowd
from tests.fault.release_before import ReleaseBefore, run
from tests.wire.router import Router
from tests.wire.system import System
from tests.wire.tenant import PASSWORD, Person

#: No login may go without an answer for longer, seconds; on a machine that others keep busy, where even a part that was
#: killed is not back in that time, not much longer than after such a death in the same run.
_LONGEST, _LIKE_A_DEATH = 2.0, 1.5
#: RouterOS asks again after its timeout: 300 ms where nobody has changed it.
_AGAIN = 0.3


class Attached(System):
    """An installation that somebody else has started."""

    def __init__(self, installation: Installation) -> None:
        installation.demo = demo.read(installation.settings)
        installation.start_all = lambda *_names: installation.demo  # type: ignore[method-assign]
        installation.start = lambda _name: None  # type: ignore[method-assign]
        super().__init__(installation)


def tenant_of_the_release_before(system: Attached) -> tuple[Router, list[Person]]:
    """A router and customers, made over HTTP: this release's models know columns that are not there yet."""
    base, demo_tenant = system.installation.settings.api_base, system.installation.demo
    headers = {"Content-Type": "application/json"}

    def post(path: str, body: dict[str, object]) -> dict[str, Any]:
        request = urllib.request.Request(f"{base}{path}", json.dumps(body).encode(), headers, method="POST")  # noqa: S310
        with urllib.request.urlopen(request, timeout=30) as answer:  # noqa: S310  # our own address
            data: dict[str, Any] = json.load(answer)["data"]
            return data

    headers["Authorization"] = f"Bearer {post('/api/auth/login', demo_tenant['admin'])['token']}"
    headers["X-ISP-ID"] = str(post("/api/isps", {"name": "Upgraded"})["id"])
    address = system.new_address()
    device = post("/api/devices", {"name": "Router", "ip_address": address})
    plan = post("/api/billing/plans", {"name": "Plan", "bandwidth_limit": 10, "simultaneous_use": 20})
    people = []
    for number in range(20):
        body = {"username": f"user{number}", "password": PASSWORD, "service_plan_id": plan["id"]}
        people.append(Person(post("/api/billing/customers", body)["id"], f"user{number}", PASSWORD))
    return Router(system, device["id"], address, device["radius_secret"]), people


class Patient:
    """A customer whose router asks again until there is an answer; how long each login took in all."""

    def __init__(self, router: Router, person: Person) -> None:
        self._router, self._person = router, person
        self.waited: list[float] = []
        self.refused = 0
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._run, name="patient")
        self._thread.start()

    def stop(self) -> None:
        self._stop.set()
        self._thread.join()

    def _run(self) -> None:
        while not self._stop.wait(0.02):
            begun, answer = time.monotonic(), None
            request = self._router.request(self._person.username, self._person.password)
            while answer is None and time.monotonic() - begun < 30:
                answer = self._router.ask_now(request, timeout=_AGAIN)
            self.waited.append(time.monotonic() - begun)
            self.refused += answer is None or not answer.accepted


@pytest.fixture
def place() -> Iterator[Path]:
    """Open to the parts' users; pytest closes its own directories whenever it begins."""
    with tempfile.TemporaryDirectory(prefix="upgrade-", ignore_cleanup_errors=True) as name:
        Path(name).chmod(0o755)
        yield Path(name)


@pytest.fixture
def before(place: Path) -> Iterator[tuple[ReleaseBefore, Attached]]:
    """The release before, running, and its installation as this release sees it."""
    ports = free_ports()
    old = ReleaseBefore(place / "old", place / "s", ports)
    old.call("start")
    try:
        system = Attached(Installation(place / "s", *ports))
        yield old, system
        system.close()
    finally:
        run("stop", HOME, old.environment)


@pytest.mark.long
def test_this_release_takes_over_from_the_one_before_under_load(before: tuple[ReleaseBefore, Attached]) -> None:
    old, system = before
    settings = from_environment(old.environment)
    router, people = tenant_of_the_release_before(system)
    crowd = Crowd(system, router, people[1:]).greet()
    patient = Patient(router, people[0])
    crowd.start(100.0)
    try:
        time.sleep(3)
        schema.upgrade(settings, load_or_create(settings.state_dir, {}))
        with system.owner.connect() as connection:
            assert tables.serves(connection)
        time.sleep(3)
        for name in ("auth", "acct", "writer", "worker", "api"):  # they begin anew, old code on the new schema
            state = services.state(settings, parts.by_name(name))
            assert state is not None and state.up
            os.kill(state.pid, signal.SIGKILL)
            time.sleep(3)
        waited, patient.waited = patient.waited, []
        printed = run("upgrade", HOME, old.environment)
        time.sleep(3)
    finally:
        patient.stop()
        crowd.stop()
    on_new_schema, in_upgrade = max(waited), max(patient.waited)
    sys.stdout.write(
        f"{printed}longest login: {on_new_schema:.2f} s on the new schema, {in_upgrade:.2f} s in upgrade\n"
    )
    assert patient.refused == 0
    assert in_upgrade <= max(_LONGEST, _LIKE_A_DEATH * on_new_schema)
    assert crowd.books().right
    assert rules_broken(system) == []
    entry = f"cd {HOME} "
    assert all(entry in (settings.state_dir / "s6" / part.name / "run").read_text() for part in parts.PARTS)
