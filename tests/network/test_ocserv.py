"""ocserv and openconnect, Debian's: a VPN whose RADIUS client sends no Class and signs nothing."""

from __future__ import annotations

import base64
import hashlib
import signal
import socket
import subprocess
import sys
import threading
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from tests.network.peers import Namespace, need, says
from tests.network.world import eventually
from tests.wire.system import System
from tests.wire.tenant import Person, Tenant

OUTSIDE, CLIENT, INSIDE = "198.18.77.1", "198.18.77.2", "198.18.78"
PORT = "44377"
SERVER = """
auth = "radius[config={home}/radiusclient.conf]"
acct = "radius[config={home}/radiusclient.conf]"
listen-host = {outside}
tcp-port = {port}
run-as-user = root
run-as-group = root
socket-file = {home}/socket
pid-file = {home}/pid
server-cert = {home}/certificate.pem
server-key = {home}/key.pem
isolate-workers = false
max-clients = 8
max-same-clients = 0
cookie-timeout = 10
stats-report-time = 30
dpd = 30
device = infvpn
ipv4-network = {inside}.0/24
ping-leases = false
"""
RADIUS = """
nas-identifier ocserv
authserver 127.0.0.1:{auth}
acctserver 127.0.0.1:{acct}
servers {home}/servers
dictionary /etc/radcli/dictionary
default_realm
radius_timeout 3
radius_retries 2
bindaddr {address}
"""
#: What openconnect runs when the tunnel is there.
SCRIPT = """#!/bin/sh
[ "$reason" = connect ] || exit 0
ip addr add "$INTERNAL_IP4_ADDRESS/32" dev "$TUNDEV"
ip link set "$TUNDEV" up mtu 1300
ip route add {inside}.0/24 dev "$TUNDEV"
"""


#: Sent from the client's side: the next one when the last has come back.
ASK = """
import socket, sys
with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as link:
    link.settimeout(5)
    for _ in range(5):
        link.sendto(bytes(1000), (sys.argv[1], int(sys.argv[2])))
        link.recv(2000)
"""


class Gateway:
    """A device of a tenant's own, behind which ocserv runs; its clients are at the other end of a cable."""

    def __init__(self, system: System, cable: Namespace, home: Path) -> None:
        self.system, self.cable, self.home = system, cable, home
        self.tenant = Tenant(system)
        self.tenant.set_device("require_message_authenticator = false")
        cable.address(f"{OUTSIDE}/30", f"{CLIENT}/30")
        self.pin = _certificate(home)
        settings, router = system.installation.settings, self.tenant.router
        (home / "radiusclient.conf").write_text(
            RADIUS.format(
                home=home,
                auth=settings.radius_auth_port,
                acct=settings.radius_acct_port,
                address=router.address,
            )
        )
        (home / "servers").write_text(f"127.0.0.1 {router.secret.decode()}\n")
        (home / "ocserv.conf").write_text(SERVER.format(home=home, outside=OUTSIDE, port=PORT, inside=INSIDE))
        (home / "script").write_text(SCRIPT.format(inside=INSIDE))
        (home / "script").chmod(0o755)
        cable.start(home / "ocserv.log", "ocserv", "-f", "-d", "2", "-c", str(home / "ocserv.conf"), inside=False)
        says(home / "ocserv.log", f"listening (TCP) on {OUTSIDE}")

    def dial(self, person: Person, password: str | None = None) -> tuple[subprocess.Popen[bytes], Path]:
        """A client that tries to connect, and its log."""
        self.system.settle()
        log = self.home / f"client{self.system.number()}.log"
        client = self.cable.start(
            log, "openconnect", "--protocol=anyconnect", "--user", person.username, "--passwd-on-stdin", "--non-inter",
            "--no-dtls", "--servercert", self.pin, "--script", str(self.home / "script"), f"https://{OUTSIDE}:{PORT}",
            typed=f"{password or person.password}\n",
        )  # fmt: skip
        return client, log

    def connect(self, person: Person) -> subprocess.Popen[bytes]:
        """A client that is connected, with its session in the books."""
        before = len(self.open_sessions(person))
        client, log = self.dial(person)
        says(log, "Configured as")
        eventually(lambda: len(self.open_sessions(person)), before + 1)
        return client

    def sessions(self, person: Person) -> list[tuple[Any, ...]]:
        """(is open, octets in, octets out, cause), the oldest first."""
        return self.system.sql(
            "select acctstoptime is null, acctinputoctets, acctoutputoctets, acctterminatecause from radacct "
            "where isp_id = :isp and customer_id = :customer order by acctstarttime, radacctid",
            isp=self.tenant.isp_id, customer=person.id,
        )  # fmt: skip

    def open_sessions(self, person: Person) -> list[tuple[Any, ...]]:
        return [session for session in self.sessions(person) if session[0]]

    def echo(self) -> None:
        """A few kilobytes through the tunnel and back."""
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as server:
            server.bind((f"{INSIDE}.1", 0))
            server.settimeout(10)
            words = [sys.executable, "-c", ASK, f"{INSIDE}.1", str(server.getsockname()[1])]
            asking = threading.Thread(target=self.cable.run, args=words)
            asking.start()
            for _ in range(5):
                octets, source = server.recvfrom(2000)
                server.sendto(octets, source)
            asking.join()


def _certificate(home: Path) -> str:
    """Write a key and its certificate; what openconnect knows the key by."""
    key, now = ec.generate_private_key(ec.SECP256R1()), datetime.now(UTC)
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, OUTSIDE)])
    certificate = (
        x509.CertificateBuilder().subject_name(name).issuer_name(name).public_key(key.public_key())
        .serial_number(x509.random_serial_number()).not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=1)).sign(key, hashes.SHA256())
    )  # fmt: skip
    (home / "certificate.pem").write_bytes(certificate.public_bytes(serialization.Encoding.PEM))
    (home / "key.pem").write_bytes(key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()))  # fmt: skip
    public = key.public_key().public_bytes(serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo)
    return "pin-sha256:" + base64.b64encode(hashlib.sha256(public).digest()).decode()


@pytest.fixture(scope="module")
def gateway(system: System, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Gateway]:
    need("ocserv", "openconnect", "ip")
    if not Path("/dev/net/tun").exists():
        pytest.skip("no tunnel can be made: there is no /dev/net/tun")
    cable = Namespace("o")
    try:
        yield Gateway(system, cable, tmp_path_factory.mktemp("ocserv"))
    finally:
        cable.close()


def hang_up(client: subprocess.Popen[bytes]) -> None:
    client.send_signal(signal.SIGINT)
    client.wait(10)


def test_a_session_is_booked_from_its_start_to_its_end(gateway: Gateway) -> None:
    person = gateway.tenant.customer("ocserv")
    client = gateway.connect(person)
    gateway.echo()
    hang_up(client)
    eventually(lambda: [session[0] for session in gateway.sessions(person)], [False], 20)
    [(_, octets_in, octets_out, cause)] = gateway.sessions(person)
    assert octets_in > 4000 and octets_out > 4000
    assert cause == "User-Request"
    used = gateway.system.sql("select bytes_in, bytes_out from usage where customer_id = :id", id=person.id)
    assert used == [(octets_in, octets_out)]


def test_a_wrong_password_and_an_ended_month_are_refused(gateway: Gateway) -> None:
    person = gateway.tenant.customer("refused")
    client, _log = gateway.dial(person, "wrong")
    assert client.wait(20) != 0
    gateway.tenant.set_customer(person, "expires_at = now() - interval '1 minute'")
    client, _log = gateway.dial(person)
    assert client.wait(20) != 0
    codes = "select distinct code from radpostauth where customer_id = :id"
    eventually(lambda: {row[0] for row in gateway.system.sql(codes, id=person.id)}, {"bad_password", "expired"})
    assert gateway.sessions(person) == []


def test_who_is_killed_gets_in_again_while_ocserv_holds_the_dead_session(gateway: Gateway) -> None:
    """It keeps a session without a client for minutes, for a client that moves from network to network."""
    person = gateway.tenant.on_plan("killed", simultaneous_use=2)
    client = gateway.connect(person)
    client.kill()
    client.wait(10)
    again = gateway.connect(person)
    assert [session[0] for session in gateway.sessions(person)] == [True, True]
    hang_up(again)
    eventually(lambda: [session[0] for session in gateway.sessions(person)], [True, False], 20)


@pytest.mark.long
def test_a_dead_session_ends_and_frees_its_slot(gateway: Gateway) -> None:
    """With the interval that it was granted, ocserv reports in between."""
    person = gateway.tenant.on_plan("buried", simultaneous_use=1)
    gateway.tenant.reply_row(person, "Acct-Interim-Interval", ":=", "60")
    client = gateway.connect(person)
    gateway.echo()
    eventually(lambda: [session[1] > 4000 for session in gateway.open_sessions(person)], [True], 150)
    client.kill()
    client.wait(10)
    eventually(lambda: gateway.open_sessions(person), [], 420)
    hang_up(gateway.connect(person))
