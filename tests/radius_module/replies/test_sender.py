"""Answers from FreeRADIUS' own socket: signed as a device checks it, at once or when they are due."""

import socket
import time
from collections.abc import Iterator

import pytest

from radius_module.packets.reply_to import ReplyTo
from radius_module.replies import delayed
from radius_module.replies.sender import Sender, Signer
from tests.radius_client import (
    Code,
    Name,
    Pap,
    Request,
    access_attributes,
    access_request,
    verify,
)
from tests.radius_client import Visit as Login

CLASS = b"\x19\x0f" + bytes(range(13))
REASON = b"\x12\x04no"


def asked(secret: bytes, identifier: int = 9) -> Request:
    return access_request(secret, access_attributes(Login("john", "80f00001")), Pap(b"secret"), identifier=identifier)


def receipt_of(request: Request, port: int = 1, states: bytes = b"") -> ReplyTo:
    return ReplyTo("127.0.0.1", port, "127.0.0.1", request.identifier, request.authenticator, states)


@pytest.mark.parametrize("secret", [b"s", b"x" * 64, b"x" * 65, "käse".encode() * 30], ids=len)
@pytest.mark.parametrize("states", [b"", b"\x21\x04ab\x21\x03\0"])
def test_a_device_accepts_it(secret: bytes, states: bytes) -> None:
    """Both authenticators are right, whatever the length of the secret, and Proxy-State comes back as it was."""
    request = asked(secret)
    octets = Signer(secret).answer(Code.ACCESS_ACCEPT, receipt_of(request, states=states), CLASS)
    answer = verify(octets, request)
    assert (answer.code, answer.values(Name.CLASS)) == (Code.ACCESS_ACCEPT, [CLASS[2:]])
    assert octets[20:22] == b"\x50\x12"
    assert octets.endswith(states)


@pytest.fixture
def router() -> Iterator[socket.socket]:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as opened:
        opened.bind(("127.0.0.1", 0))
        opened.settimeout(2)
        yield opened


@pytest.fixture
def sender() -> Iterator[Sender]:
    """In a process that has FreeRADIUS' socket open."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as server:
        server.bind(("127.0.0.1", 0))
        sender = Sender(server.getsockname()[1])
        sender.sign_for(0, "the one before")
        sender.sign_for(0, "the secret")
        yield sender
        sender.close()


def test_it_is_signed_with_the_secret_that_freeradius_was_given_last(sender: Sender, router: socket.socket) -> None:
    request = asked(b"the secret")
    reply_to = receipt_of(request, router.getsockname()[1])
    sent = sender.accept(reply_to, CLASS)
    assert sent is not None and router.recv(4096) == sent
    assert verify(sent, request).code == Code.ACCESS_ACCEPT
    sender.again(reply_to, sent)
    assert router.recv(4096) == sent


def test_refusals_leave_when_they_are_due_the_shorter_delay_first(sender: Sender, router: socket.socket) -> None:
    begun, delays = time.monotonic(), {1: 0.4, 2: 0.1, 3: 0.25}
    requests = {number: asked(b"the secret", number) for number in delays}
    for number, delay in delays.items():
        reply_to = receipt_of(requests[number], router.getsockname()[1])
        assert sender.reject(reply_to, REASON, delay) is not None
    for number in (2, 3, 1):
        octets = router.recv(4096)
        assert octets[:2] == bytes((Code.ACCESS_REJECT, number))
        assert 0 <= time.monotonic() - begun - delays[number] < 0.2
        assert verify(octets, requests[number]).values(Name.REPLY_MESSAGE) == [b"no"]


def test_what_waits_is_bounded(sender: Sender, router: socket.socket, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(delayed, "MOST", 2)
    for number in range(5):
        request = asked(b"the secret", number)
        sender.reject(receipt_of(request, router.getsockname()[1]), REASON, 0.1)
    assert sorted(router.recv(4096)[1] for _ in range(2)) == [0, 1]
    router.settimeout(0.3)
    with pytest.raises(TimeoutError):
        router.recv(4096)


def test_what_waits_when_the_process_ends_is_not_sent(sender: Sender, router: socket.socket) -> None:
    sender.reject(receipt_of(asked(b"the secret"), router.getsockname()[1]), REASON, 0.2)
    begun = time.monotonic()
    sender.close()
    assert time.monotonic() - begun < 0.2
    router.settimeout(0.4)
    with pytest.raises(TimeoutError):
        router.recv(4096)


def test_what_cannot_be_sent_is_left_to_freeradius() -> None:
    sender = Sender(1)
    reply_to = receipt_of(asked(b"the secret"))
    assert sender.accept(reply_to, b"") is None, "nobody knows the secret"
    assert sender.reject(reply_to, b"", 0) is None
    sender.sign_for(0, "the secret")
    assert sender.accept(reply_to, b"") is None, "there is no such socket"
    sender.close()
