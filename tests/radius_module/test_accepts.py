"""Access-Accepts that the hook sends by itself: a router takes them, and they say what FreeRADIUS would say."""

import socket

import pytest

from radius_module import accepts, reply
from radius_module.accepts import Accepts, Signer
from radius_module.own_socket import Receipt
from radius_module.rules.facts import Attribute, Grant
from tests.radius_client import Code, Name, Pap, Request, access_attributes, access_request, verify
from tests.radius_client import Visit as Login
from tests.radius_module.login_world import of_octets, of_pairs

CLASS = bytes(range(13))
PLAIN = Grant("1M/2M", None, 3600, None, None, None, None, ())
GRANTS = [
    PLAIN,
    PLAIN._replace(rate=None),
    PLAIN._replace(idle_timeout=600, pool='pool "1" \\ käse'),
    PLAIN._replace(address="10.255.0.9", pool="unused"),
    PLAIN._replace(allowance=1),
    PLAIN._replace(allowance=(1 << 32) - 1),
    PLAIN._replace(allowance=1 << 32),
    PLAIN._replace(allowance=10 * 10**12, session_timeout=0xFFFF_FFFF, idle_timeout=0xFFFF_FFFF),
    PLAIN._replace(pool="p" * 253, rate="r" * 247),
]


def asked(secret: bytes, identifier: int = 9) -> Request:
    return access_request(secret, access_attributes(Login("john", "80f00001")), Pap(b"secret"), identifier=identifier)


def receipt_of(request: Request, port: int = 1, states: bytes = b"") -> Receipt:
    return Receipt("127.0.0.1", port, "127.0.0.1", request.identifier, request.authenticator, states)


@pytest.mark.parametrize("grant", GRANTS, ids=str)
def test_it_says_what_freeradius_would_be_told_to_say(grant: Grant) -> None:
    fixed = accepts.same_for_all(grant)
    assert fixed is not None
    octets = accepts.of_this_login(grant.session_timeout, grant.allowance, CLASS) + fixed
    assert of_octets(octets) == of_pairs(list(reply.accept(grant, CLASS)))


@pytest.mark.parametrize(
    "grant",
    [PLAIN._replace(extra=(Attribute("Filter-Id", "=", "x"),)), PLAIN._replace(pool="p" * 254),
     PLAIN._replace(rate="r" * 248), PLAIN._replace(idle_timeout=1 << 32), PLAIN._replace(idle_timeout=-1)],
    ids=str,
)  # fmt: skip
def test_what_it_cannot_encode_is_freeradius_to_encode(grant: Grant) -> None:
    assert accepts.same_for_all(grant) is None


@pytest.mark.parametrize("secret", [b"s", b"x" * 64, b"x" * 65, "käse".encode() * 30], ids=len)
@pytest.mark.parametrize("states", [b"", b"\x21\x04ab\x21\x03\0"])
def test_a_router_takes_it(secret: bytes, states: bytes) -> None:
    """Both authenticators are right, whatever the length of the secret, and Proxy-State comes back as it was."""
    request = asked(secret)
    fixed = accepts.same_for_all(PLAIN) or b""
    octets = Signer(secret).accept(receipt_of(request, states=states), accepts.of_this_login(60, 5, CLASS) + fixed)
    answer = verify(octets, request)
    assert (answer.code, answer.values(Name.CLASS)) == (Code.ACCESS_ACCEPT, [CLASS])
    assert octets[20:22] == b"\x50\x12"
    assert octets.endswith(states)


def test_it_is_signed_with_the_secret_that_freeradius_was_told_last() -> None:
    with (
        socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as server,
        socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as router,
    ):
        server.bind(("127.0.0.1", 0))
        router.bind(("127.0.0.1", 0))
        router.settimeout(2)
        sender = Accepts(server.getsockname()[1])
        sender.sign_for("127.0.0.1", "the one before")
        sender.sign_for("127.0.0.1", "the secret")
        request = asked(b"the secret")
        sent = sender.send(receipt_of(request, router.getsockname()[1]), b"")
        assert sent is not None and router.recvfrom(4096) == (sent, server.getsockname())
        assert verify(sent, request)
        sender.send_again(receipt_of(request, router.getsockname()[1]), sent)
        assert router.recv(4096) == sent
        sender.close()


def test_what_cannot_be_sent_is_left_to_freeradius() -> None:
    sender = Accepts(1)
    request = asked(b"the secret")
    assert sender.send(receipt_of(request), b"") is None, "nobody knows the secret"
    sender.sign_for("127.0.0.1", "the secret")
    assert sender.send(receipt_of(request), b"") is None, "there is no such socket"
