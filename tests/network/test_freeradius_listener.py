"""FreeRADIUS' own CoA listener, which demands a Message-Authenticator, takes our requests and nobody else's."""

from __future__ import annotations

import socket
import subprocess
import time
from collections.abc import Iterator
from ipaddress import ip_network
from pathlib import Path

import pytest

from radius_module.enforce.coa import COA, DISCONNECT, Answer, Identity
from radius_module.enforce.wire.line import Device, Line, Outcome

SECRET = b"a secret of some length"
CONFIGURATION = """
prefix = /usr
libdir = {libraries}
logdir = {directory}
run_dir = {directory}
pidfile = {directory}/pid
max_requests = 1024
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
    always ok {{
        rcode = ok
    }}
    always reject {{
        rcode = reject
    }}
}}
client us {{
    ipaddr = 127.0.0.1
    secret = "{secret}"
    require_message_authenticator = yes
}}
server coa {{
    listen {{
        type = coa
        ipaddr = 127.0.0.1
        port = {port}
    }}
    recv-coa {{
        if (&User-Name == "gone") {{
            update reply {{
                Error-Cause := Session-Context-Not-Found
            }}
            reject
        }}
        ok
    }}
    send-coa {{
        ok
    }}
}}
"""


@pytest.fixture(scope="module")
def port(tmp_path_factory: pytest.TempPathFactory) -> Iterator[int]:
    """FreeRADIUS with a CoA listener and nothing else."""
    directory = tmp_path_factory.mktemp("coa")
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as free:
        free.bind(("127.0.0.1", 0))
        number = int(free.getsockname()[1])
    libraries = next(path for path in (Path("/usr/lib/freeradius"), Path("/usr/lib64/freeradius")) if path.is_dir())
    (directory / "coa.conf").write_text(CONFIGURATION.format(
        directory=directory, libraries=libraries, secret=SECRET.decode(), port=number))  # fmt: skip
    log = directory / "log"
    with log.open("wb") as out:
        server = subprocess.Popen(["freeradius", "-f", "-l", "stdout", "-d", str(directory), "-n", "coa"],
                                  stdout=out, stderr=out)  # fmt: skip
        try:
            _wait(number, server, log)
            yield number
        finally:
            server.terminate()
            server.wait(timeout=10)


def _wait(number: int, server: subprocess.Popen[bytes], log: Path) -> None:
    until = time.monotonic() + 20
    while f":{number:04X}" not in Path("/proc/net/udp").read_text():
        assert server.poll() is None and time.monotonic() < until, log.read_text()
        time.sleep(0.05)


def asked(port: int, kind: str, name: bytes, attributes: dict[str, str]) -> list[Outcome]:
    line = Line(Device(1, 1, ip_network("127.0.0.1/32"), port, SECRET), "127.0.0.1")
    try:
        line.send(1, "127.0.0.1", kind, Identity(name, b"81f00001", "10.0.0.2"), attributes, time.time(), 0.0)
        until = time.monotonic() + 5
        while not (outcomes := list(line.answers())) and time.monotonic() < until:
            time.sleep(0.01)
        return outcomes
    finally:
        line.close()


@pytest.mark.parametrize("kind", [COA, DISCONNECT])
def test_a_request_of_ours_is_acknowledged(port: int, kind: str) -> None:
    changes = {"Mikrotik-Rate-Limit": "512k/2M"} if kind == COA else {}
    assert asked(port, kind, b"john", changes) == [Outcome(1, Answer(True, None))]


@pytest.mark.parametrize("kind", [COA, DISCONNECT])
def test_a_refusal_comes_with_its_cause(port: int, kind: str) -> None:
    assert asked(port, kind, b"gone", {}) == [Outcome(1, Answer(False, 503))]


def test_without_a_message_authenticator_there_is_no_answer(port: int) -> None:
    """So that the answers above say something."""
    text = b"User-Name = john, Acct-Session-Id = 81f00001"
    command = ["radclient", "-r", "1", "-t", "1", f"127.0.0.1:{port}", "disconnect", SECRET.decode()]
    unsigned = subprocess.run(command, input=text, capture_output=True, timeout=20, check=False)
    assert unsigned.returncode != 0
    signed = subprocess.run(command, input=text + b", Message-Authenticator = 0x00", capture_output=True, timeout=20,
                            check=False)  # fmt: skip
    assert signed.returncode == 0, signed.stderr
