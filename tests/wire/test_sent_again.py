"""A router that has heard nothing sends the very same packet: one login, one answer, however often it is sent."""

from __future__ import annotations

import socket
import time
from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from tests.radius_client import MIKROTIK, Name, Reply, Request, text, verify
from tests.wire.router import PROTOCOLS, Router, proof
from tests.wire.tenant import PASSWORD, Tenant

#: As RouterOS waits by default, in seconds.
_PATIENCE = 0.3
#: What differs from login to login, and what signs it.
_BESIDES = {Name.CLASS, Name.MESSAGE_AUTHENTICATOR}


@contextmanager
def sender(router: Router, request: Request) -> Iterator[Sender]:
    """One source port for all the times that the packet is sent."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as link:
        link.bind((router.address, 0))
        link.connect(router.system.server)
        link.settimeout(3.0)
        yield Sender(link, request)


class Sender:
    """Sends the same octets again and again."""

    def __init__(self, link: socket.socket, request: Request) -> None:
        self._link, self._request = link, request

    def send(self) -> None:
        self._link.send(self._request.octets)

    def hear(self) -> Reply:
        return verify(self._link.recv(4096), self._request)

    def hears_nothing_for(self, seconds: float) -> bool:
        self._link.settimeout(seconds)
        try:
            self._link.recv(4096)
        except TimeoutError:
            return True
        finally:
            self._link.settimeout(3.0)
        return False


@pytest.mark.parametrize("protocol", PROTOCOLS)
def test_a_login_that_is_sent_three_times_is_one_login(tenant: Tenant, protocol: str) -> None:
    """Without a station's address: nothing but the packet says that it is the same login."""
    john = tenant.on_plan(simultaneous_use=1)
    tenant.system.settle()
    request = tenant.router.request(john.username, proof(protocol, john.username, PASSWORD), mac="")
    with sender(tenant.router, request) as router:
        replies = []
        for _ in range(3):
            router.send()
            replies.append(router.hear())
            time.sleep(_PATIENCE)
    assert len({reply.values(Name.CLASS)[0] for reply in replies}) == 1
    assert [_plain(reply) for reply in replies[1:]] == [_plain(replies[0])] * 2
    assert tenant.codes(1) == ["accept"]
    assert not tenant.login(john, mac="02:00:00:00:00:77").accepted, "its slot is taken"


def test_a_proxy_state_comes_back_each_time(tenant: Tenant) -> None:
    john = tenant.customer()
    tenant.system.settle()
    states = [text(Name.PROXY_STATE, b"one"), text(Name.PROXY_STATE, b"two")]
    with sender(tenant.router, tenant.router.request(john.username, PASSWORD, extra=states)) as router:
        for _ in range(2):
            router.send()
            assert router.hear().values(Name.PROXY_STATE) == [b"one", b"two"]


@pytest.mark.parametrize("protocol", ["PAP", "CHAP", "MS-CHAPv2"])
def test_a_guess_that_waits_is_not_told_sooner_for_being_sent_again(tenant: Tenant, protocol: str) -> None:
    john = tenant.customer()
    wrong = proof(protocol, john.username, "wrong")
    for _ in range(5):
        assert not tenant.login(john, wrong).accepted
    tenant.system.settle()
    with sender(tenant.router, tenant.router.request(john.username, wrong)) as router:
        begun = time.monotonic()
        router.send()
        assert router.hears_nothing_for(_PATIENCE)
        router.send()
        router.hear()
        assert time.monotonic() - begun > 0.9
        assert router.hears_nothing_for(_PATIENCE)
        begun = time.monotonic()
        router.send()
        router.hear()
        assert time.monotonic() - begun < _PATIENCE
    assert tenant.codes(6) == ["bad_password"] * 6


def test_the_hook_and_freeradius_encode_alike(tenant: Tenant) -> None:
    """PAP is answered by the hook itself, MS-CHAP by FreeRADIUS."""
    plan = tenant.plan(
        data_limit_bytes=10**13,
        address_pool='pool "1" \\ käse',
        session_timeout=7200,
        idle_timeout=600,
        simultaneous_use=9,
    )
    for name, fields in {"john": {}, "jane": {"static_ip": "10.255.0.9"}}.items():
        john = tenant.customer(name, plan=plan, **fields)
        by_hook, by_freeradius = (
            tenant.login(john, proof(protocol, name, PASSWORD), mac=mac).reply
            for protocol, mac in (("PAP", "02:00:00:00:00:01"), ("MS-CHAPv2", "02:00:00:00:00:02"))
        )
        assert _plain(by_hook) == _plain(by_freeradius)
        assert len(_plain(by_hook)) == 7


def _plain(reply: Reply) -> list[tuple[int, bytes]]:
    """Without what MS-CHAP adds (Microsoft's attributes, some salted), and what differs from login to login."""
    return sorted(
        (number, value)
        for number, value in reply.attributes
        if number not in _BESIDES and not (number == Name.VENDOR_SPECIFIC and int.from_bytes(value[:4]) != MIKROTIK)
    )
