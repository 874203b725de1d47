"""Accounting-Responses: right in every octet, from the address that was asked, and never an error."""

import socket
from collections.abc import Iterator
from pathlib import Path

import pytest

from radius_module.replies.accounting_response import PendingResponses, ReplyTo, response
from radius_module.replies.freeradius_socket import FreeradiusSocket
from tests.radius_client import AcctStatus, Request, Visit, accounting_attributes, accounting_request, verify

SECRET = b"the secret of a router"


def asked(identifier: int = 9) -> Request:
    attributes = accounting_attributes(Visit("john", "80f00001"), AcctStatus.START)
    return accounting_request(SECRET, attributes, identifier=identifier)


def receipt_of(request: Request, router: socket.socket, local: str, states: bytes = b"") -> ReplyTo:
    host, port = router.getsockname()[:2]
    return ReplyTo(host, port, local, request.identifier, request.authenticator, states)


@pytest.mark.parametrize("states", [b"", b"\x21\x04ab\x21\x03\0"])
def test_a_response_is_what_the_router_takes(states: bytes) -> None:
    request = asked()
    octets = response(ReplyTo("127.0.0.1", 1, "", request.identifier, request.authenticator, states), SECRET)
    assert verify(octets, request).octets == octets
    assert octets[20:] == states


@pytest.fixture(params=["127.0.0.1", "0.0.0.0", "::1", "::"])  # noqa: S104  # what it is about
def server(request: pytest.FixtureRequest) -> Iterator[socket.socket]:
    """As FreeRADIUS has it open in the process that sends them."""
    family = socket.AF_INET6 if ":" in request.param else socket.AF_INET
    with socket.socket(family, socket.SOCK_DGRAM) as opened:
        opened.bind((request.param, 0))
        yield opened


def test_responses_leave_from_the_socket_and_the_address_that_were_asked(server: socket.socket) -> None:
    host, port = server.getsockname()[:2]
    local = {"0.0.0.0": "127.0.0.5", "::": "::1"}.get(host, host)  # noqa: S104  # what it is about
    with socket.socket(server.family, socket.SOCK_DGRAM) as router:
        router.bind(("::1" if ":" in host else "127.0.0.1", 0))
        router.settimeout(2)
        pending = PendingResponses(FreeradiusSocket(port), {0: SECRET})
        for number in (1, 2):
            request = asked(number)
            pending.send([receipt_of(request, router, local)])
            octets, source = router.recvfrom(4096)
            assert verify(octets, request)
            assert source[:2] == (local, port)
        pending.close()


def test_an_address_that_cannot_be_answered_holds_up_no_other(server: socket.socket) -> None:
    host, port = server.getsockname()[:2]
    local = "::1" if ":" in host else "127.0.0.1"
    with socket.socket(server.family, socket.SOCK_DGRAM) as router:
        router.bind((local, 0))
        router.settimeout(2)
        pending = PendingResponses(FreeradiusSocket(port), {0: SECRET})
        request = asked()
        right = receipt_of(request, router, local)
        pending.send([right._replace(address="10.9.9.9"), right._replace(address="no address"), right])
        assert verify(router.recv(4096), request)
        pending.close()


def test_no_other_file_is_held_open(tmp_path: Path) -> None:
    """A segment of the spool that a process holds open stays on the disk when it is removed."""
    with (tmp_path / "segment").open("wb") as file:
        before = set(Path("/proc/self/fd").iterdir())
        PendingResponses(FreeradiusSocket(1), {}).send([ReplyTo("127.0.0.1", 1, "", 1, bytes(16), b"")])
        assert set(Path("/proc/self/fd").iterdir()) == before
    assert file.closed


def test_without_the_socket_nothing_is_sent_and_nothing_raised(caplog: pytest.LogCaptureFixture) -> None:
    PendingResponses(FreeradiusSocket(1), {}).send([ReplyTo("127.0.0.1", 1, "", 1, bytes(16), b"")])
    assert "nothing can be answered" in caplog.text
