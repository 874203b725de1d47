"""A stock FreeRADIUS as a proxy in front: it asks Status-Server whether the server is back, and goes on when it is."""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.radius_client import (
    AcctStatus,
    Code,
    Growth,
    Pap,
    Request,
    Visit,
    access_attributes,
    access_request,
    accounting_attributes,
    accounting_request,
    exchange,
    verify,
)
from tests.wire.tenant import PASSWORD, Tenant
from tests.wire.test_accounting import booked, eventually

FREERADIUS = Path("/usr/sbin/freeradius")
SECRET = b"between client and proxy"
_CONFIGURATION = """
prefix = /usr
libdir = /usr/lib/freeradius
confdir = {home}
logdir = {home}
run_dir = {home}
log {{
	destination = stdout
}}
security {{
	reject_delay = 0
}}
hostname_lookups = no
proxy server {{
}}
thread pool {{
	start_servers = 2
	max_servers = 2
}}
modules {{
}}
client all {{
	ipaddr = 127.0.0.0/8
	secret = "{secret}"
	require_message_authenticator = no
}}
{servers}
realm everybody {{
	auth_pool = auth
	acct_pool = acct
}}
server front {{
	listen {{
		type = auth
		ipaddr = {address}
		port = {ports[0]}
	}}
	listen {{
		type = acct
		ipaddr = {address}
		port = {ports[1]}
	}}
	authorize {{
		update control {{
			&Proxy-To-Realm := "everybody"
		}}
	}}
	preacct {{
		update control {{
			&Proxy-To-Realm := "everybody"
		}}
	}}
}}
"""
_SERVER = """
home_server {kind} {{
	type = {kind}
	ipaddr = {to}
	port = {port}
	secret = "{secret}"
	src_ipaddr = {address}
	response_window = 1
	zombie_period = 1
	revive_interval = 3600
	status_check = status-server
	check_interval = 6
	check_timeout = 4
	num_answers_to_alive = 3
}}
home_server_pool {kind} {{
	home_server = {kind}
}}
"""


def free_ports(address: str) -> tuple[int, int]:
    links = [socket.socket(socket.AF_INET, socket.SOCK_DGRAM) for _ in range(2)]
    for link in links:
        link.bind((address, 0))
    ports = links[0].getsockname()[1], links[1].getsockname()[1]
    for link in links:
        link.close()
    return ports


class Proxy:
    """Sends from the tenant's device, and knows nothing of customers."""

    def __init__(self, tenant: Tenant, home: Path) -> None:
        self.tenant, router, settings = tenant, tenant.router, tenant.system.installation.settings
        self.address = router.address
        self.ports = free_ports(self.address)
        kinds = {"auth": settings.radius_auth_port, "acct": settings.radius_acct_port}
        common = {"to": settings.radius_listen, "secret": router.secret.decode(), "address": self.address}
        servers = "".join(_SERVER.format(kind=kind, port=port, **common) for kind, port in kinds.items())
        (home / "radiusd.conf").write_text(_CONFIGURATION.format(
            home=home, secret=SECRET.decode(), servers=servers, address=self.address, ports=self.ports))  # fmt: skip
        self.log = home / "log"
        with self.log.open("w") as log:
            self.process = subprocess.Popen([FREERADIUS, "-f", "-l", "stdout", "-d", home], stdout=log, stderr=log)

    def ask(self, request: Request, port: int, timeout: float = 1.5) -> int | None:
        octets = exchange(request, (self.address, port), timeout=timeout, source=("127.0.0.1", 0))
        return None if octets is None else verify(octets, request).code

    def login(self, password: str = PASSWORD) -> int | None:
        visit = Visit("john", "80000001", nas_address=self.address)
        return self.ask(access_request(SECRET, access_attributes(visit), Pap(password.encode())), self.ports[0])

    def report(self, status: AcctStatus, growth: Growth | None = None) -> int | None:
        visit = Visit("john", "80f00001", nas_address=self.address)
        return self.ask(accounting_request(SECRET, accounting_attributes(visit, status, growth)), self.ports[1])


@pytest.fixture
def proxy(tenant: Tenant, tmp_path: Path) -> Iterator[Proxy]:
    if not FREERADIUS.exists():
        pytest.skip("Debian's freeradius is not installed")
    tenant.customer()
    tenant.system.settle()
    proxy = Proxy(tenant, tmp_path)
    deadline = time.monotonic() + 20
    while proxy.login() is None:
        assert proxy.process.poll() is None and time.monotonic() < deadline, proxy.log.read_text()
    yield proxy
    proxy.process.terminate()
    proxy.process.wait(10)


def test_logins_and_accounting_go_through_it(proxy: Proxy) -> None:
    assert proxy.login() == Code.ACCESS_ACCEPT
    assert proxy.login("wrong") == Code.ACCESS_REJECT
    later, last = Growth(seconds=9, octets_in=5, octets_out=7), Growth(seconds=20, octets_in=50, octets_out=70)
    for status, growth in ((AcctStatus.START, None), (AcctStatus.INTERIM_UPDATE, later), (AcctStatus.STOP, last)):
        assert proxy.report(status, growth) == Code.ACCOUNTING_RESPONSE
    rows = "acctinputoctets, acctoutputoctets, acctstoptime is not null"
    eventually(lambda: booked(proxy.tenant.system, proxy.tenant.isp_id, rows), [(50, 70, True)])


def test_it_serves_again_when_the_server_is_back(proxy: Proxy) -> None:
    """Without an answer to Status-Server it would call the server dead for `revive_interval`, an hour here."""
    state_dir = proxy.tenant.system.installation.settings.state_dir
    pid = json.loads((state_dir / "run" / "radius" / "auth.json").read_text())["pid"]
    os.kill(pid, signal.SIGSTOP)
    try:
        deadline = time.monotonic() + 30
        while "Marking home server" not in proxy.log.read_text() or "dead" not in proxy.log.read_text():
            proxy.login()
            assert time.monotonic() < deadline, proxy.log.read_text()
    finally:
        os.kill(pid, signal.SIGCONT)
    deadline = time.monotonic() + 45
    while proxy.login() != Code.ACCESS_ACCEPT:
        assert time.monotonic() < deadline, proxy.log.read_text()
        time.sleep(1)
