"""Peers of the API that send nothing, half of it, or read nothing: nobody else waits for them."""

from __future__ import annotations

import json
import socket
import time
import urllib.request
from collections.abc import Iterator
from contextlib import ExitStack

import pytest

from tests.support.machine import machine
from tests.wire.postgres import as_superuser, hung
from tests.wire.system import System

_IDLE, _DOWNLOADS, _CUSTOMERS = 100, 20, 20_000
#: Customers that one statement makes: it has seconds, also on a busy machine.
_AT_ONCE = 4000


@pytest.fixture(scope="module")
def api(broken: System) -> tuple[str, int]:
    broken.installation.start("api")
    settings = broken.installation.settings
    return settings.api_host, settings.api_port


@pytest.fixture
def peers() -> Iterator[ExitStack]:
    with ExitStack() as stack:
        yield stack


def connected(peers: ExitStack, api: tuple[str, int], octets: bytes = b"") -> socket.socket:
    peer = peers.enter_context(socket.create_connection(api))
    peer.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
    if octets:
        peer.sendall(octets)
    return peer


def seconds_to_healthz(api: tuple[str, int]) -> float:
    begun = time.monotonic()
    with urllib.request.urlopen(f"http://{api[0]}:{api[1]}/healthz", timeout=30) as answer:
        assert json.load(answer)["data"] == {"status": "ok"}
    return time.monotonic() - begun


@pytest.mark.parametrize("octets", [b"", b"GET /heal", b"POST /api/auth/login HTTP/1.1\r\nContent-Length: 99\r\n\r\n{"])
def test_peers_that_send_nothing_or_half_hold_nobody_up(api: tuple[str, int], peers: ExitStack, octets: bytes) -> None:
    for _ in range(_IDLE):
        connected(peers, api, octets)
    time.sleep(0.5)
    assert max(seconds_to_healthz(api) for _ in range(10)) <= 1 * machine()


def test_downloads_that_nobody_reads_hold_neither_thread_nor_transaction(
    broken: System, api: tuple[str, int], peers: ExitStack
) -> None:
    for first in range(0, _CUSTOMERS, _AT_ONCE):
        broken.sql("insert into customers (isp_id, username, full_name, expires_at) "
                   "select :isp, 'reader' || n, repeat('x', 150), now() from generate_series(:first, :last) n",
                   isp=broken.demo["isp"]["id"], first=first, last=first + _AT_ONCE - 1)  # fmt: skip
    request = ("GET /api/billing/customers?format=csv HTTP/1.1\r\nHost: x\r\n"
               f"X-API-Key: {broken.demo['isp']['api_key']}\r\n\r\n").encode()  # fmt: skip
    for _ in range(_DOWNLOADS):
        connected(peers, api, request)
    for _ in range(_IDLE):
        connected(peers, api)
    time.sleep(1)
    assert max(seconds_to_healthz(api) for _ in range(5)) <= 1 * machine()
    deadline = time.monotonic() + 60
    busy = "select count(*) from pg_stat_activity where application_name = 'infora api' and state <> 'idle'"
    while as_superuser(broken.installation, busy) != [(0,)]:
        assert time.monotonic() < deadline, "an unread download holds a transaction"
        time.sleep(0.2)


def test_a_process_whose_threads_all_wait_for_the_database_is_alive(
    broken: System, api: tuple[str, int], peers: ExitStack
) -> None:
    key = broken.demo["isp"]["api_key"]
    with hung(broken.installation):
        for _ in range(30):
            connected(peers, api, f"GET /api/billing/plans HTTP/1.1\r\nHost: x\r\nX-API-Key: {key}\r\n\r\n".encode())
        time.sleep(0.5)
        assert max(seconds_to_healthz(api) for _ in range(5)) <= 1 * machine()
