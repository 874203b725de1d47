"""EAP is refused as the RFCs have it and is no guess; Status-Server is answered on both ports."""

from __future__ import annotations

import time

import pytest

from tests.radius_client import Attribute, Name, Pap, Reply, exchange, status_request, verify
from tests.radius_client.attributes import Code
from tests.wire.router import Answer, proof
from tests.wire.tenant import PASSWORD, Tenant
from tests.wire.test_sent_again import sender

EAP_MESSAGE = 79
RESPONSE, FAILURE = 2, 4


def eap(identifier: int, method: int, data: bytes = b"") -> bytes:
    """An EAP-Response (RFC 3748 section 4.1)."""
    body = bytes((method,)) + data
    return bytes((RESPONSE, identifier)) + (4 + len(body)).to_bytes(2, "big") + body


def in_attributes(packet: bytes) -> list[Attribute]:
    """As RFC 3579 section 3.1 splits it."""
    return [(EAP_MESSAGE, packet[at : at + 253]) for at in range(0, len(packet), 253)]


def ask(tenant: Tenant, name: str, packet: bytes, credential: object = None) -> Answer:
    request = tenant.router.request(
        name,
        credential or (lambda _authenticator, _secret: []),
        extra=in_attributes(packet),  # type: ignore[arg-type]
    )
    answer = tenant.router.ask(request)
    assert answer is not None, "no answer"
    return answer


@pytest.mark.parametrize(
    ("identifier", "method", "data"),
    [
        pytest.param(0, 1, b"john", id="identity"),
        pytest.param(171, 1, b"john@example.com", id="another identifier"),
        pytest.param(255, 13, bytes(1390), id="EAP-TLS in six attributes"),
        pytest.param(7, 3, b"\x19", id="Nak that wants PEAP"),
        pytest.param(9, 26, b"\xff\x00" * 60, id="MSCHAPv2 of octets that are no text"),
    ],
)
def test_eap_is_answered_by_an_eap_failure(tenant: Tenant, identifier: int, method: int, data: bytes) -> None:
    tenant.customer()
    reply = ask(tenant, "john", eap(identifier, method, data)).reply
    assert reply.code == Code.ACCESS_REJECT
    assert reply.values(EAP_MESSAGE) == [bytes((FAILURE, identifier, 0, 4))]
    assert reply.values(Name.REPLY_MESSAGE) == [], "RFC 3579 section 2.6.5"
    assert tenant.codes(1) == ["unsupported"]


@pytest.mark.parametrize(("packet", "identifier"), [(b"", 0), (b"\x02", 0), (b"\x02\x07", 7), (b"\xff" * 253, 255)])
def test_what_is_no_whole_eap_packet_is_answered_too(tenant: Tenant, packet: bytes, identifier: int) -> None:
    """The empty one is an EAP-Start (RFC 3579 section 2.1)."""
    tenant.customer()
    request = tenant.router.request("john", lambda _a, _s: [], extra=[(EAP_MESSAGE, packet)])
    answer = tenant.router.ask(request)
    assert answer is not None and not answer.accepted
    assert answer.reply.values(EAP_MESSAGE) == [bytes((FAILURE, identifier, 0, 4))]
    assert tenant.codes(1) == ["unsupported"]


def test_eap_is_no_guess_however_often_it_comes(tenant: Tenant) -> None:
    john = tenant.customer()
    for number in range(20):
        assert not ask(tenant, "john", eap(number, 1, b"john")).accepted
    for number in range(20):
        assert not ask(tenant, "nobody", eap(number, 1, b"nobody")).accepted
    wrong = tenant.login(john, "wrong")  # at once: the answer is waited for no longer than a router does
    assert wrong.message == "The user name or the password is wrong."
    assert tenant.codes(41) == ["unsupported"] * 40 + ["bad_password"]


@pytest.mark.parametrize("protocol", ["PAP", "CHAP"])
def test_eap_beside_a_password_is_dropped(tenant: Tenant, protocol: str) -> None:
    """RFC 3579 section 3.2: no packet may hold both. FreeRADIUS sees to it, and says so in its log."""
    tenant.system.expect_log(f"{tenant.router.address}.*EAP-Message and non-EAP")
    tenant.customer()
    credential = proof(protocol, "john", PASSWORD)
    assert tenant.router.ignored(tenant.router.request("john", credential, extra=in_attributes(eap(5, 1, b"john"))))


@pytest.mark.parametrize("protocol", ["MS-CHAPv1", "MS-CHAPv2"])
def test_a_right_password_by_mschap_beside_eap_lets_nobody_in(tenant: Tenant, protocol: str) -> None:
    tenant.customer()
    answer = ask(tenant, "john", eap(5, 1, b"john"), proof(protocol, "john", PASSWORD))
    assert not answer.accepted
    assert answer.reply.values(EAP_MESSAGE) == [bytes((FAILURE, 5, 0, 4))]
    assert tenant.codes(1) == ["unsupported"]


def test_what_stands_before_it_is_told_first_and_by_an_eap_failure_too(tenant: Tenant) -> None:
    tenant.customer()
    tenant.set_isp("status = 'suspended'")
    reply = ask(tenant, "john", eap(5, 1, b"john")).reply
    assert reply.values(EAP_MESSAGE) == [bytes((FAILURE, 5, 0, 4))] and reply.values(Name.REPLY_MESSAGE) == []
    assert tenant.codes(1) == ["isp_suspended"]


def test_the_same_eap_packet_sent_again_gets_the_same_answer(tenant: Tenant) -> None:
    tenant.customer()
    request = tenant.router.request("john", lambda _a, _s: [], extra=in_attributes(eap(5, 1, b"john")))
    tenant.system.settle()
    with sender(tenant.router, request) as link:
        link.send()
        first = link.hear()
        link.send()
        assert link.hear().octets == first.octets
    assert tenant.codes(1) == ["unsupported"]


# -- Status-Server ----------------------------------------------------------------------------------------------


LOGINS, ACCOUNTING = "radius_auth_port", "radius_acct_port"


def status(tenant: Tenant, port: str, secret: bytes | None = None, *, timeout: float = 2.0) -> Reply | None:
    settings = tenant.system.installation.settings
    server = settings.radius_listen, getattr(settings, port)
    tenant.system.settle()
    request = status_request(secret or tenant.router.secret, identifier=7)
    octets = exchange(request, server, timeout=timeout, source=(tenant.router.address, 0))
    return None if octets is None else verify(octets, request)


def test_status_server_is_answered_on_both_ports(tenant: Tenant) -> None:
    for _ in range(3):
        login, accounting = status(tenant, LOGINS), status(tenant, ACCOUNTING)
        assert login is not None and login.code == Code.ACCESS_ACCEPT
        assert accounting is not None and accounting.code == Code.ACCOUNTING_RESPONSE
    john = tenant.customer()
    assert tenant.login(john).accepted
    assert tenant.codes(1) == ["accept"], "a question about the server is no login"


@pytest.mark.parametrize("port", [LOGINS, ACCOUNTING])
def test_status_server_with_another_secret_or_from_a_stranger_is_not_answered(tenant: Tenant, port: str) -> None:
    tenant.system.expect_log(f"{tenant.router.address}.*(Message-Authenticator|ecurity)")
    assert status(tenant, port, b"another secret", timeout=0.4) is None
    tenant.system.expect_log(f"unknown client {tenant.router.address} ")
    tenant.system.sql("delete from mikrotik_devices where id = :id", id=tenant.router.device_id)
    time.sleep(6)  # FreeRADIUS forgets a device's secret after five seconds
    assert status(tenant, port, timeout=0.4) is None


def test_a_login_after_a_status_question_is_a_login(tenant: Tenant) -> None:
    john = tenant.customer()
    assert status(tenant, LOGINS) is not None
    assert not tenant.login(john, Pap(b"wrong")).accepted
    assert tenant.login(john).accepted
