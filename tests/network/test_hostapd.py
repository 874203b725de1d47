"""hostapd and wpa_supplicant, Debian's, with a stock FreeRADIUS for EAP: wired 802.1X, ended by our Disconnect."""

from __future__ import annotations

import socket
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.network.peers import Namespace, need, says, within
from tests.network.world import Workers, eventually
from tests.wire.api import Api
from tests.wire.system import System

HOSTAPD = """
interface={interface}
driver=wired
ieee8021x=1
eapol_version=2
use_pae_group_addr=1
auth_server_addr=127.0.0.1
auth_server_port={authentication}
auth_server_shared_secret=between port and eap
own_ip_addr=127.0.0.1
nas_identifier=hostapd
acct_server_addr=127.0.0.1
acct_server_port={accounting}
acct_server_shared_secret={secret}
radius_acct_interim_interval=60
eap_reauth_period=3
radius_das_port={port}
radius_das_client=127.0.0.1 {secret}
radius_das_require_event_timestamp=1
radius_das_require_message_authenticator=1
"""
#: The server in front, which speaks EAP; its Class is another one with each re-authentication.
EAP_SERVER = """
prefix = /usr
libdir = {libraries}
logdir = {home}
run_dir = {home}
pidfile = {home}/pid
security {{
    allow_vulnerable_openssl = yes
}}
log {{
    destination = stdout
}}
thread pool {{
    start_servers = 1
    max_servers = 2
    min_spare_servers = 1
    max_spare_servers = 2
}}
modules {{
    expr {{
    }}
    eap {{
        default_eap_type = md5
        md5 {{
        }}
    }}
}}
instantiate {{
    expr
}}
client port {{
    ipaddr = 127.0.0.1
    secret = "between port and eap"
    require_message_authenticator = yes
}}
server eap {{
    listen {{
        type = auth
        ipaddr = 127.0.0.1
        port = {port}
    }}
    authorize {{
        update control {{
            Cleartext-Password := "a password"
        }}
        eap
    }}
    authenticate {{
        eap
    }}
    post-auth {{
        update reply {{
            Class := "%{{randstr:aaaaaaaaaaaa}}"
        }}
    }}
}}
"""
SUPPLICANT = """
ap_scan=0
network={{
    key_mgmt=IEEE8021X
    eap=MD5
    identity="{name}"
    password="a password"
}}
"""


@pytest.fixture
def cable() -> Iterator[Namespace]:
    need("hostapd", "wpa_supplicant", "freeradius", "ip")
    namespace = Namespace("h")
    yield namespace
    namespace.close()


def free_port() -> int:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as one:
        one.bind(("127.0.0.1", 0))
        return int(one.getsockname()[1])


class Wire:
    """A port with 802.1X of the demo tenant's device, and the customer at its other end."""

    def __init__(self, system: System, cable: Namespace, home: Path) -> None:
        self.system, self.cable, self.home = system, cable, home
        device, port = system.demo["device"], free_port()
        self.device_id = device["id"]
        self.name = f"wired{system.number()}"
        system.sql("update mikrotik_devices set coa_port = :port where id = :id", port=port, id=device["id"])
        front = free_port()
        libraries = next(path for path in (Path("/usr/lib/freeradius"), Path("/usr/lib64/freeradius")) if path.is_dir())
        (home / "eap.conf").write_text(EAP_SERVER.format(home=home, libraries=libraries, port=front))
        cable.start(home / "eap.log", "freeradius", "-f", "-l", "stdout", "-d", str(home), "-n", "eap", inside=False)
        within(lambda: f":{front:04X}" in Path("/proc/net/udp").read_text(), 15, (home / "eap.log").read_text)
        (home / "hostapd.conf").write_text(HOSTAPD.format(
            interface=cable.near, authentication=front, secret=device["secret"], port=port,
            accounting=system.installation.settings.radius_acct_port))  # fmt: skip
        (home / "supplicant.conf").write_text(SUPPLICANT.format(name=self.name))
        self.api = Api(system, system.demo["isp"]["id"])
        body = {"username": self.name, "password": "a password", "service_plan_id": None}
        self.customer: int = self.api.call("POST", "/api/billing/customers", body)["id"]
        self.log = home / "hostapd.log"
        self.port = cable.start(self.log, "hostapd", "-d", str(home / "hostapd.conf"), inside=False)
        says(self.log, "AP-ENABLED")

    def connect(self) -> subprocess.Popen[bytes]:
        """The customer's side."""
        log = self.home / "supplicant.log"
        client = self.cable.start(log, "wpa_supplicant", "-D", "wired", "-i", self.cable.far,
                                  "-c", str(self.home / "supplicant.conf"))  # fmt: skip
        says(log, "CTRL-EVENT-CONNECTED")
        return client

    def online(self) -> list[dict[str, Any]]:
        listed = self.api.call("GET", f"/api/billing/customers/{self.customer}/sessions?status=online")["items"]
        return list(listed)


@pytest.fixture
def wire(system: System, cable: Namespace, tmp_path: Path) -> Wire:
    return Wire(system, cable, tmp_path)


def test_a_disconnect_ends_a_session_of_hostapds(wire: Wire, worker: Workers) -> None:
    wire.connect()
    eventually(lambda: len(wire.online()), 1)
    [session] = wire.online()
    says(wire.log, f"starting accounting session {session['session_id']}")
    made = wire.api.call("POST", f"/api/billing/sessions/{session['id']}/disconnect")["requests"]
    says(wire.log, "Found a matching session")
    state = "select status, error, step from outbox where id = :id"
    eventually(lambda: wire.system.sql(state, id=made[0])[0][:2], ("done", None))
    learnt = "select true from device_abilities where device_id = :id and disconnect"
    # The Stop may be booked before the ACK is.
    eventually(lambda: wire.system.sql(learnt, id=wire.device_id), [(True,)])


def test_re_authentication_and_a_killed_client_leave_one_session(wire: Wire) -> None:
    client = wire.connect()
    eventually(lambda: len(wire.online()), 1)
    [session] = wire.online()
    within(lambda: wire.log.read_text(errors="replace").count("authenticated - EAP type:") >= 2, 15,
           lambda: wire.log.read_text(errors="replace")[-3000:])  # fmt: skip
    assert [again["id"] for again in wire.online()] == [session["id"]]
    client.kill()
    client.wait(10)
    wire.connect()
    says(wire.log, "authenticated - EAP type:")
    eventually(lambda: len(wire.online()), 1)
    # The port is closed, and the Stop comes under the Class of the last authentication.
    wire.port.terminate()
    eventually(wire.online, [])
    rows = wire.system.sql("select acctstoptime is null from radacct where customer_id = :id", id=wire.customer)
    assert rows == [(False,)] * wire.log.read_text(errors="replace").count("starting accounting session")
