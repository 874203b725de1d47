"""Packets from thousands of addresses of one device's network: FreeRADIUS remembers the network, not each of them."""

from __future__ import annotations

import os
import socket
from pathlib import Path

import pytest

from tests.fault.breaker import Breaker
from tests.radius_client import (
    AcctStatus,
    Growth,
    Pap,
    Visit,
    access_attributes,
    access_request,
    accounting_attributes,
    accounting_request,
)
from tests.support.spools import until
from tests.wire.router import Router
from tests.wire.system import System
from tests.wire.tenant import Tenant

_NETWORK, _ADDRESSES = "127.77.0.0/20", 4000
#: What one address took as a client of its own was five times as much, octets.
_LEFT_BY_EACH = 1000


def resident(pid: int) -> int:
    """Octets of memory."""
    return int(Path(f"/proc/{pid}/statm").read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE")


def flood(packet: bytes, server: tuple[str, int], count: int) -> None:
    for number in range(count):
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as link:
            link.bind((f"127.77.{number >> 8}.{number & 255}", 0))
            link.sendto(packet, server)


def unread(port: int) -> int:
    """Octets that FreeRADIUS has not looked at."""
    rows = (line.split() for line in Path("/proc/net/udp").read_text().splitlines()[1:])
    return sum(int(row[4].partition(":")[2], 16) for row in rows if int(row[1].partition(":")[2], 16) == port)


def heard(router: Router, address: str) -> bool:
    """Is a login from that address accepted?"""
    router.address = address
    request = router.request("john", "customer123")
    answer = router.ask_now(request, timeout=5.0)
    return answer is not None and answer.accepted


@pytest.mark.parametrize("part", ["auth", "acct"])
def test_who_never_authenticates_leaves_no_memory_behind(
    broken: System, tenant: Tenant, breaker: Breaker, part: str
) -> None:
    router = tenant.add_router(address=_NETWORK)
    tenant.customer()
    broken.settle()
    settings, visit = broken.installation.settings, Visit("john", "80000001", nas_address="127.77.0.1")
    wrong = b"not the secret"
    if part == "auth":
        packet = access_request(wrong, access_attributes(visit), Pap(b"x")).octets
        server = settings.radius_listen, settings.radius_auth_port
    else:
        attributes = accounting_attributes(visit, AcctStatus.START, Growth(), session_class=b"")
        packet = accounting_request(wrong, attributes).octets
        server = settings.radius_listen, settings.radius_acct_port
    pid = breaker.pid(part)
    flood(packet, server, 500)
    before = resident(pid)
    flood(packet, server, _ADDRESSES)
    until(lambda: not unread(server[1]), 20)
    assert resident(pid) - before < _LEFT_BY_EACH * _ADDRESSES
    broken.sql("delete from mikrotik_devices where id = :id", id=router.device_id)
    broken.settle()


def test_an_address_of_a_known_network_that_becomes_anothers_device_is_so_within_seconds(
    broken: System, tenant: Tenant
) -> None:
    before = tenant.add_router(address="127.78.0.0/20")
    tenant.customer()
    broken.settle()
    assert heard(before, "127.78.0.7") and heard(before, "127.78.0.8")
    broken.sql("delete from mikrotik_devices where id = :id", id=before.device_id)
    after = Tenant(broken)
    after.customer()
    router = after.add_router(address="127.78.0.8")
    broken.settle()
    tries = 0
    while router.ask_now(router.request("john", "customer123"), timeout=0.25) is None:
        tries += 1
        assert tries < 40, "the network's secret counts for another's device"
    assert before.ask_now(before.request("john", "customer123"), timeout=0.3) is None
