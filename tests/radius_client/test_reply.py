"""Replies: a right one is read, and every kind of wrong one is refused with its reason."""

import hashlib
import hmac

import pytest

from tests.radius_client import packet, persona
from tests.radius_client.attributes import (
    MICROSOFT,
    MIKROTIK,
    Attribute,
    Code,
    Microsoft,
    Mikrotik,
    Name,
    encode,
    integer,
    text,
    vendor,
)
from tests.radius_client.credentials import MsChap2
from tests.radius_client.reply import BadReply, check_mschap2_success, decode, verify
from tests.radius_client.test_packet import CHAP_EXAMPLE, PAP_EXAMPLE

SECRET = b"xyzzy5461"
REQUEST = packet.access_request(SECRET, persona.access_attributes(persona.Visit("alice", "1")), identifier=5)
PAP_ACCEPT = bytes.fromhex("0200002686fe220e7624ba2a1005f6bf9b55e0b20606000000010f06000000000e06c0a80103")


def answer(*attributes: Attribute, code: Code = Code.ACCESS_ACCEPT, seal_at: int = 0, seals: int = 1) -> bytes:
    """A reply to REQUEST with right authenticators, Message-Authenticator at index `seal_at`."""
    blank = (Name.MESSAGE_AUTHENTICATOR.value, bytes(16))
    listed = [*attributes[:seal_at], *[blank] * seals, *attributes[seal_at:]]
    head = bytes((code, REQUEST.identifier)) + (20 + len(encode(listed))).to_bytes(2, "big")
    seal = hmac.digest(SECRET, head + REQUEST.authenticator + encode(listed), "md5")
    body = encode([(name, seal) if (name, value) == blank else (name, value) for name, value in listed])
    digest = hashlib.md5(head + REQUEST.authenticator + body + SECRET, usedforsecurity=False).digest()
    return head + digest + body


def test_the_accept_of_rfc_2865_has_a_right_authenticator_and_lacks_the_seal() -> None:
    with pytest.raises(BadReply, match="missing"):
        verify(PAP_ACCEPT, packet.Request(PAP_EXAMPLE, SECRET))
    with pytest.raises(BadReply, match="Response Authenticator"):
        verify(PAP_ACCEPT[:-1] + b"\x04", packet.Request(PAP_EXAMPLE, SECRET))
    with pytest.raises(BadReply, match="identifier 0"):
        verify(PAP_ACCEPT, packet.Request(CHAP_EXAMPLE, SECRET))


def test_a_right_reply_is_read_with_vendor_values_and_numbers() -> None:
    limit = vendor(MIKROTIK, integer(Mikrotik.TOTAL_LIMIT, 705032704))
    rate = vendor(MIKROTIK, text(Mikrotik.RATE_LIMIT, "2M/10M"))
    reply = verify(answer(integer(Name.SESSION_TIMEOUT, 3600), limit, rate), REQUEST)
    assert reply.code == Code.ACCESS_ACCEPT
    assert reply.integers(Name.SESSION_TIMEOUT) == [3600]
    assert reply.vendor_integers(MIKROTIK, Mikrotik.TOTAL_LIMIT) == [705032704]
    assert reply.vendor_values(MIKROTIK, Mikrotik.RATE_LIMIT) == [b"2M/10M"]
    assert reply.vendor_values(MICROSOFT, Mikrotik.RATE_LIMIT) == []


def test_the_seal_must_come_first_and_alone() -> None:
    timeout = integer(Name.SESSION_TIMEOUT, 1)
    for octets in (answer(timeout, seal_at=1), answer(timeout, seals=2)):
        with pytest.raises(BadReply, match="first"):
            verify(octets, REQUEST)


def test_a_false_seal_is_refused_even_under_a_right_response_authenticator() -> None:
    octets = bytearray(answer())
    octets[22] ^= 1
    head, body = bytes(octets[:4]), bytes(octets[20:])
    octets[4:20] = hashlib.md5(head + REQUEST.authenticator + body + SECRET, usedforsecurity=False).digest()
    with pytest.raises(BadReply, match="Authenticator is false"):
        verify(bytes(octets), REQUEST)


def test_an_accounting_response_needs_no_seal() -> None:
    assert verify(answer(code=Code.ACCOUNTING_RESPONSE, seals=0), REQUEST).attributes == ()


@pytest.mark.parametrize("octets", [b"", b"\x02" * 19, answer()[:-1], answer() + b"\0"])
def test_a_reply_of_the_wrong_length_is_refused(octets: bytes) -> None:
    with pytest.raises(BadReply, match="length"):
        decode(octets)


def test_mschap2_success_must_prove_the_password() -> None:
    credential = MsChap2(b"alice", "secret")
    proof = vendor(MICROSOFT, text(Microsoft.CHAP2_SUCCESS, credential.expected_success))
    check_mschap2_success(verify(answer(proof), REQUEST), credential)
    with pytest.raises(BadReply, match="MS-CHAP2"):
        check_mschap2_success(verify(answer(proof), REQUEST), MsChap2(b"alice", "Secret"))
    with pytest.raises(BadReply, match="MS-CHAP2"):
        check_mschap2_success(verify(answer(), REQUEST), credential)
