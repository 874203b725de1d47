"""A hundred thousand guesses from a thousand addresses, on the wire and over HTTP; the customer's device meanwhile."""

from __future__ import annotations

import json
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass, field
from http.client import HTTPConnection

import pytest

from radius_module.rules.identity import MOST_WRONG
from tests.fault.guess_flood import result, start
from tests.support.guessing import codes_of
from tests.support.machine import machine
from tests.wire.router import MAC
from tests.wire.system import System
from tests.wire.tenant import Person, Tenant

#: What a known device may wait, seconds, of a machine of one's own.
_AT_ONCE = 0.05
#: Of the guesses that were sent; the kernel drops what comes while FreeRADIUS has no time.
_ARRIVE = 0.95


@dataclass
class Device:
    """The customer's own, which logs in ten times a second."""

    tenant: Tenant
    person: Person
    times: list[float] = field(default_factory=list)
    refused: int = 0

    @contextmanager
    def logging_in(self) -> Iterator[None]:
        stop = threading.Event()
        thread = threading.Thread(target=self._run, args=(stop,))
        thread.start()
        try:
            yield
        finally:
            stop.set()
            thread.join()

    def _run(self, stop: threading.Event) -> None:
        router = self.tenant.router
        while not stop.wait(0.1):
            request = router.request(self.person.username, self.person.password, mac=MAC)
            begun = time.monotonic()
            answer = router.ask_now(request, timeout=2.0)
            self.times.append(time.monotonic() - begun)
            self.refused += answer is None or not answer.accepted

    def p99(self) -> float:
        return sorted(self.times)[int(len(self.times) * 0.99)]


@pytest.fixture(scope="module")
def api(broken: System) -> dict[str, str]:
    """The installed API's headers of a superadmin."""
    installation = broken.installation
    if "api" not in {part.name for part in installation._started}:
        installation.start("api")
    settings = installation.settings
    with closing(HTTPConnection(settings.api_host, settings.api_port, timeout=30)) as connection:
        headers = {"Content-Type": "application/json"}
        connection.request("POST", "/api/auth/login", json.dumps(broken.demo["admin"]), headers)
        token = json.loads(connection.getresponse().read())["data"]["token"]
    return headers | {"Authorization": f"Bearer {token}"}


def guess(system: System, tenant: Tenant, api: dict[str, str], on_the_wire: int, over_http: int) -> None:
    """Of the guesses no more are looked at than may be, and the customer's device notices none of them."""
    john = tenant.customer("john")
    number = system.number()
    crowd = tenant.add_router(address=f"127.{150 + number // 60}.{number % 60 * 4}.0/22")
    assert tenant.login(john, mac=MAC).accepted
    settings = system.installation.settings
    orders = {"name": "john", "addresses": 1000}
    wire = orders | {
        "count": on_the_wire, "rate": 1500, "server": system.server, "secret": crowd.secret.hex(),
        "first_address": crowd.address.replace(".0/22", ".1"),
    }  # fmt: skip
    http = orders | {
        "count": over_http, "api": (settings.api_host, settings.api_port), "nas_ip": tenant.router.address,
        "headers": api | {"X-ISP-ID": str(tenant.isp_id)},
    }  # fmt: skip
    device, begun = Device(tenant, john), time.monotonic()
    with device.logging_in():
        floods = [start("wire", wire), *([start("http", http)] if over_http else [])]
        guesses = sum(result(flood) for flood in floods)
    seconds = time.monotonic() - begun
    codes = codes_of(tenant, john, at_least=int(guesses * _ARRIVE))
    p99 = device.p99()
    sys.stdout.write(f"{guesses} guesses in {seconds:.0f} s: {dict(codes)}; the device's p99: {p99 * 1000:.1f} ms\n")
    assert guesses > 0.99 * (on_the_wire + over_http)
    assert MOST_WRONG <= codes["bad_password"] <= MOST_WRONG + seconds / 10 + 1, codes
    assert device.refused == 0
    assert p99 < _AT_ONCE * machine(), sorted(device.times)[-5:]


def test_some_guesses(broken: System, tenant: Tenant) -> None:
    guess(broken, tenant, {}, on_the_wire=2000, over_http=0)


@pytest.mark.long
def test_a_hundred_thousand_guesses(broken: System, tenant: Tenant, api: dict[str, str]) -> None:
    guess(broken, tenant, api, on_the_wire=90_000, over_http=10_000)
