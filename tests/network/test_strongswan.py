"""strongSwan, Debian's: an IKEv1 session whose user RADIUS knows (XAuth), and which our Disconnect ends.

Gateway and client each run without IPsec in the kernel (kernel-libipsec) and with a /run of their own.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.network.peers import Namespace, need, says, within
from tests.network.test_hostapd import free_port
from tests.network.world import Workers, eventually
from tests.wire.api import Api
from tests.wire.system import System

CHARON = Path("/usr/lib/ipsec/charon")
GATEWAY, CLIENT, INSIDE = "198.18.79.1", "198.18.79.2", "198.18.80.0/24"
PASSWORD = "a password"
PLUGINS = "random nonce aes md5 sha1 sha2 hmac kdf gmp kernel-libipsec kernel-netlink socket-default vici xauth-generic"
DAEMON = """
charon {{
    load = {plugins}
    install_routes = no
    retransmit_tries = 2
    {more}
    plugins {{
        vici {{
            socket = unix://{socket}
        }}
        eap-radius {{
            accounting = yes
            station_id_with_port = yes
            servers {{
                ours {{
                    address = 127.0.0.1
                    auth_port = {auth}
                    acct_port = {acct}
                    secret = "{secret}"
                }}
            }}
            dae {{
                enable = yes
                listen = 127.0.0.1
                port = {dae}
                secret = "{secret}"
            }}
        }}
    }}
    filelog {{
        stderr {{
            default = 1
            cfg = 2
        }}
    }}
}}
"""
CONNECTION = """
connections {{
    line {{
        version = 1
        local_addrs = {local}
        remote_addrs = {remote}
        encap = yes
        proposals = aes128-sha256-modp2048
        {addresses}
        local {{
            auth = psk
        }}
        {our_xauth}
        remote {{
            auth = psk
        }}
        {their_xauth}
        children {{
            line {{
                esp_proposals = aes128-sha256
                {selectors}
            }}
        }}
    }}
}}
pools {{
    inside {{
        addrs = {inside}
    }}
}}
secrets {{
    ike-line {{
        secret = "known to both ends"
    }}
    {secret}
}}
"""


class Daemon:
    """One charon, and swanctl beside it."""

    def __init__(self, cable: Namespace, home: Path, name: str, daemon: str, connection: str) -> None:
        self._cable, self._home, self._name = cable, home, name
        self.log, self.socket = home / f"{name}.log", home / f"{name}.vici"
        (home / f"{name}.conf").write_text(daemon)
        (home / f"{name}.swanctl").write_text(connection)
        # Where a charon writes its number is compiled in.
        command = f"mount -t tmpfs none /run && exec {CHARON}"
        cable.start(self.log, "unshare", "--mount", "sh", "-c", command, inside=name == "client",
                    env={"STRONGSWAN_CONF": str(home / f"{name}.conf")})  # fmt: skip
        within(self.socket.exists, 15, lambda: self.log.read_text(errors="replace")[-3000:])
        self.control("--load-all", "--noprompt", "--file", str(home / f"{name}.swanctl"))

    def control(self, *words: str) -> str:
        """What swanctl says."""
        command = ("env", f"STRONGSWAN_CONF={self._home / self._name}.conf", "swanctl", words[0], "--uri",
                   f"unix://{self.socket}", *words[1:])  # fmt: skip
        answer = self._cable.run(*command)
        assert answer.returncode == 0, answer.stdout + answer.stderr + self.log.read_text(errors="replace")[-3000:]
        return answer.stdout

    @property
    def is_up(self) -> bool:
        return "ESTABLISHED" in self.control("--list-sas")


class Line:
    """A gateway that asks the demo tenant's RADIUS, and a client at the other end of a cable."""

    def __init__(self, system: System, cable: Namespace, home: Path) -> None:
        self.system, self._cable, self._home = system, cable, home
        self.device, self.isp_id = system.demo["device"], system.demo["isp"]["id"]
        self.api = Api(system, self.isp_id)
        cable.address(f"{GATEWAY}/30", f"{CLIENT}/30")
        settings, port = system.installation.settings, free_port()
        system.sql("update mikrotik_devices set coa_port = :port where id = :id", port=port, id=self.device["id"])
        self._radius = {"auth": settings.radius_auth_port, "acct": settings.radius_acct_port, "dae": port,
                        "secret": self.device["secret"]}  # fmt: skip
        daemon = DAEMON.format(plugins=f"{PLUGINS} eap-radius", more="", socket=home / "gateway.vici", **self._radius)
        self.gateway = Daemon(cable, home, "gateway", daemon, CONNECTION.format(
            local=GATEWAY, remote=CLIENT, addresses="pools = inside", our_xauth="", inside=INSIDE, secret="",
            their_xauth="remote-xauth {\nauth = xauth-radius\n}", selectors="local_ts = 0.0.0.0/0"))  # fmt: skip

    def client(self, name: str, password: str) -> Daemon:
        daemon = DAEMON.format(plugins=PLUGINS, more="", socket=self._home / "client.vici", **self._radius)
        return Daemon(self._cable, self._home, "client", daemon, CONNECTION.format(
            local=CLIENT, remote=GATEWAY, addresses="vips = 0.0.0.0", their_xauth="", inside=INSIDE,
            our_xauth=f"local-xauth {{\nauth = xauth\nxauth_id = {name}\n}}", selectors="remote_ts = 0.0.0.0/0",
            secret=f'xauth-line {{\nid = {name}\nsecret = "{password}"\n}}'))  # fmt: skip

    def customer(self, name: str) -> int:
        body = {"username": name, "password": PASSWORD, "service_plan_id": None}
        number: int = self.api.call("POST", "/api/billing/customers", body)["id"]
        self.system.settle()
        return number

    def sessions(self, customer: int) -> list[tuple[Any, ...]]:
        """(is open, where from), the oldest first."""
        return self.system.sql("select acctstoptime is null, callingstationid from radacct where customer_id = :id "
                               "order by acctstarttime, radacctid", id=customer)  # fmt: skip


@pytest.fixture
def line(system: System, tmp_path: Path) -> Iterator[Line]:
    need("swanctl", "ip", "unshare")
    plugins = CHARON.parent / "plugins"
    missing = [
        name for name in ("eap-radius", "kernel-libipsec") if not (plugins / f"libstrongswan-{name}.so").exists()
    ]
    if not CHARON.exists() or missing:
        pytest.skip(f"not installed: strongSwan's charon with {', '.join(missing) or 'its plugins'}")
    if not Path("/dev/net/tun").exists():
        pytest.skip("no tunnel can be made: there is no /dev/net/tun")
    cable = Namespace("s")
    try:
        yield Line(system, cable, tmp_path)
    finally:
        cable.close()


def test_a_disconnect_ends_a_session_of_strongswans(line: Line, worker: Workers) -> None:
    name = f"swan{line.system.number()}"
    customer = line.customer(name)
    client = line.client(name, PASSWORD)
    client.control("--initiate", "--child", "line")
    assert client.is_up
    eventually(lambda: [session[0] for session in line.sessions(customer)], [True])
    [(_, station)] = line.sessions(customer)
    assert station.startswith(f"{CLIENT}["), "no MAC address, and another text with another port"
    [request] = line.api.call("POST", f"/api/billing/customers/{customer}/disconnect")["requests"]
    says(line.gateway.log, "received RADIUS DAE Disconnect-Request")
    eventually(lambda: [session[0] for session in line.sessions(customer)], [False], 15)
    state = "select status, error from outbox where id = :id"
    eventually(lambda: line.system.sql(state, id=request), [("done", None)])


def test_a_wrong_password_is_refused(line: Line) -> None:
    name = f"swan{line.system.number()}"
    customer = line.customer(name)
    client = line.client(name, "wrong")
    with pytest.raises(AssertionError, match="initiate failed"):
        client.control("--initiate", "--child", "line")
    codes = "select code from radpostauth where customer_id = :id"
    eventually(lambda: line.system.sql(codes, id=customer), [("bad_password",)])
    assert line.sessions(customer) == []
