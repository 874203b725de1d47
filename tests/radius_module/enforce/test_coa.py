"""Requests as octets, read by a device's own code; and which answers count."""

from __future__ import annotations

import hashlib
import os
import time

import pytest

from radius_module.enforce.coa import COA, DISCONNECT, Answer, Identity, Packet, encode, read_answer
from tests.radius_client.dynamic import DynamicRequest, answer, read_request

SECRET = b"a secret of some length"
WHO = Identity(b"0x4a6f", b"81f00001", "10.0.0.7")


def digest(octets: bytes) -> bytes:
    return hashlib.md5(octets, usedforsecurity=False).digest()


def packet(kind: str = DISCONNECT, identity: Identity = WHO, **attributes: str) -> Packet:
    named = {name.replace("_", "-"): value for name, value in attributes.items()}
    return encode(kind, identity, named, SECRET, 7, time.time())


def read(sent: Packet) -> DynamicRequest:
    request = read_request(sent.octets, SECRET)
    assert request is not None, "unsigned, or signed wrongly"
    return request


@pytest.mark.parametrize("name", [b"john", b"0123", b"0x4a6f", b"\xff\x00\xfe", "Zoë".encode(), b"1_000", b"a" * 247])
def test_names_travel_octet_for_octet(name: bytes) -> None:
    request = read(packet(identity=Identity(name, name)))
    assert (request.value(1), request.value(44)) == (name, name)


def test_what_is_not_known_is_left_out() -> None:
    request = read(packet(identity=Identity(session_id=b"81f00001")))
    assert [number for number, _ in request.attributes] == [80, 55, 44]


def test_message_authenticator_is_the_first_attribute() -> None:
    assert read(packet()).attributes[0][0] == 80


def test_a_change_carries_what_it_changes() -> None:
    request = read(packet(COA, Mikrotik_Rate_Limit="512k/2M", Session_Timeout="4294967295"))
    assert request.code == 43
    assert request.vendor_value(8) == b"512k/2M"
    assert request.value(27) == b"\xff\xff\xff\xff"


@pytest.mark.parametrize("value", ["", "x" * 248])
def test_what_does_not_fit_is_no_packet(value: str) -> None:
    with pytest.raises(ValueError, match="cannot carry"):
        packet(COA, Mikrotik_Rate_Limit=value)


@pytest.mark.parametrize("value", ["-1", "4294967296", "3.9", "1_000", "٣", ""])
def test_a_number_is_a_number_of_32_bits(value: str) -> None:
    with pytest.raises(ValueError, match="no number"):
        packet(COA, Session_Timeout=value)


@pytest.mark.parametrize(("kind", "cause", "wanted"), [
    (DISCONNECT, None, Answer(True, None)), (COA, None, Answer(True, None)),
    (DISCONNECT, 0, Answer(False, None)), (DISCONNECT, 503, Answer(False, 503)), (COA, 406, Answer(False, 406)),
    (COA, 4_000_000_000, Answer(False, 4_000_000_000)),
])  # fmt: skip
def test_yes_no_and_the_cause(kind: str, cause: int | None, wanted: Answer) -> None:
    sent = packet(kind)
    assert read_answer(sent, answer(read(sent), SECRET, cause=cause)) == wanted


def test_an_answer_to_another_request_does_not_count() -> None:
    other = encode(DISCONNECT, WHO, {}, SECRET, 7, time.time() - 5)
    assert read_answer(packet(), answer(read(other), SECRET)) is None


@pytest.mark.parametrize("code", [0, 1, 2, 5, 40, 43, 44, 45, 255])
def test_a_disconnect_is_answered_by_41_or_42_alone(code: int) -> None:
    sent = packet(DISCONNECT)
    assert read_answer(sent, answer(read(sent), SECRET, code=code or 3)) is None


def test_an_answer_with_another_secret_identifier_or_seal_does_not_count() -> None:
    sent = packet()
    right = answer(read(sent), SECRET)
    assert read_answer(sent, right) is not None
    assert read_answer(sent, answer(read(sent), b"another")) is None
    assert read_answer(sent, right[:1] + b"\x08" + right[2:]) is None
    body = bytes((80, 18)) + bytes(16)
    head = right[:2] + (38).to_bytes(2, "big")
    sealed_wrongly = head + digest(head + sent.octets[4:20] + body + SECRET) + body
    assert read_answer(sent, sealed_wrongly) is None


def test_no_octets_whatever_raise() -> None:
    sent = packet()
    right = answer(read(sent), SECRET, cause=503)
    for length in range(len(right)):
        assert read_answer(sent, right[:length]) is None
    for _ in range(500):
        octets = bytes((41, 7)) + os.urandom(int.from_bytes(os.urandom(1), "big") % 60)
        assert read_answer(sent, octets) is None
    for at in range(20, len(right)):
        changed = right[:at] + bytes((right[at] ^ 0xFF,)) + right[at + 1 :]
        assert read_answer(sent, changed) is None


@pytest.mark.parametrize("body", [b"\x65\x03\x01", b"\x65\x02", b"\x65\x08\0\0\0\0\0\0", b"\x1a\x03\x00", b"\x05\x01"])
def test_a_genuine_answer_with_odd_attributes_is_an_answer_or_none(body: bytes) -> None:
    sent = packet()
    head = bytes((42, 7)) + (20 + len(body)).to_bytes(2, "big")
    octets = head + digest(head + sent.octets[4:20] + body + SECRET) + body
    said = read_answer(sent, octets)
    assert said is None or said == Answer(False, None)
