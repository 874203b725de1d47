"""Requests against RFC 2865's example packets and against pyrad's opinion of them."""

import io

import pytest
from pyrad.dictionary import Dictionary
from pyrad.packet import AcctPacket, AuthPacket

from tests.radius_client import packet, persona
from tests.radius_client.attributes import AcctStatus, Code, Name, address, encode, integer, parse, text
from tests.radius_client.credentials import Chap, MsChap1, MsChap2, Pap, hide

SECRET = b"xyzzy5461"
VISIT = persona.Visit("alice", "80f000ea")

PAP_EXAMPLE = bytes.fromhex(
    "010000380f403f9473978057bd83d5cb98f4227a 01066e656d6f 02120dbe708d93d413ce3196e43f782a0aee"
    "0406c0a80110 050600000003"
)
CHAP_EXAMPLE = bytes.fromhex(
    "010100472aee86f08d0d55969ca5978e0d3367a2 0108666c6f707379 031316e97557c316185895f293ff63440772"
    "75 0406c0a80110 050600000014 060600000002 070600000001"
)


def dictionary() -> Dictionary:
    """The few names that pyrad must know to look into these packets."""
    lines = [
        "ATTRIBUTE User-Name 1 string",
        "ATTRIBUTE User-Password 2 octets",
        "ATTRIBUTE CHAP-Password 3 octets",
        "ATTRIBUTE CHAP-Challenge 60 octets",
        "ATTRIBUTE Message-Authenticator 80 octets",
    ]
    return Dictionary(io.StringIO("\n".join(lines) + "\n"))


def test_pap_request_is_the_one_of_rfc_2865_section_7_1() -> None:
    authenticator = PAP_EXAMPLE[4:20]
    hidden = (Name.USER_PASSWORD.value, hide(b"arctangent", authenticator, SECRET))
    attributes = [text(Name.USER_NAME, "nemo"), hidden, address(Name.NAS_IP_ADDRESS, "192.168.1.16")]
    built = packet.access_request(
        SECRET,
        [*attributes, integer(Name.NAS_PORT, 3)],
        authenticator=authenticator,
        integrity=packet.Integrity.ABSENT,
    )
    assert built.octets == PAP_EXAMPLE


def test_chap_request_is_the_one_of_rfc_2865_section_7_2() -> None:
    authenticator = CHAP_EXAMPLE[4:20]
    [proof] = Chap(b"arctangent", identifier=0x16)(authenticator, SECRET)
    assert proof in list(parse(CHAP_EXAMPLE[20:]))


@pytest.mark.parametrize("length", [0, 1, 15, 16, 17, 127, 128])
def test_pyrad_reads_the_password_back_at_every_block_border(length: int) -> None:
    request = packet.access_request(SECRET, [], Pap(b"p" * length))
    seen = AuthPacket(packet=request.octets, secret=SECRET, dict=dictionary())
    assert seen.PwDecrypt(seen["User-Password"][0]) == "p" * length


def test_pyrad_accepts_the_chap_proof_with_its_own_challenge() -> None:
    request = packet.access_request(SECRET, [], Chap(b"secret", identifier=7, challenge=b"c" * 16))
    seen = AuthPacket(packet=request.octets, secret=SECRET, dict=dictionary())
    assert seen.VerifyChapPasswd("secret")
    assert not seen.VerifyChapPasswd("Secret")


@pytest.mark.parametrize(("integrity", "valid"), [("valid", True), ("false", False)])
def test_pyrad_judges_the_message_authenticator(integrity: str, valid: bool) -> None:
    attributes = persona.access_attributes(VISIT)
    request = packet.access_request(SECRET, attributes, Pap(b"secret"), integrity=packet.Integrity(integrity))
    seen = AuthPacket(packet=request.octets, secret=SECRET, dict=dictionary())
    assert seen.verify_message_authenticator(secret=SECRET) is valid


def test_message_authenticator_comes_first_or_not_at_all() -> None:
    sealed = packet.access_request(SECRET, [text(Name.USER_NAME, "a")])
    assert sealed.octets[20:22] == bytes((80, 18))
    bare = packet.access_request(SECRET, [text(Name.USER_NAME, "a")], integrity=packet.Integrity.ABSENT)
    assert [name for name, _ in parse(bare.octets[20:])] == [Name.USER_NAME]


@pytest.mark.parametrize("integrity", list(packet.Integrity))
def test_pyrad_accepts_the_accounting_authenticator(integrity: packet.Integrity) -> None:
    attributes = persona.accounting_attributes(VISIT, AcctStatus.START)
    right = packet.accounting_request(SECRET, attributes, integrity=integrity)
    wrong = packet.accounting_request(SECRET, attributes, integrity=integrity, false_authenticator=True)
    assert AcctPacket(packet=right.octets, secret=SECRET, dict=dictionary()).VerifyAcctRequest()
    assert not AcctPacket(packet=wrong.octets, secret=SECRET, dict=dictionary()).VerifyAcctRequest()


def test_raw_octets_arrive_as_they_are() -> None:
    request = packet.access_request(SECRET, [text(Name.USER_NAME, b"a\0\xff")], raw=b"\x1e\x01")
    assert request.octets.endswith(b"\x01\x05a\0\xff\x1e\x01")
    assert int.from_bytes(request.octets[2:4], "big") == len(request.octets)
    with pytest.raises(ValueError, match="length of 1"):
        list(parse(request.octets[20:]))


def test_a_value_of_254_octets_is_refused() -> None:
    assert len(encode([(1, b"x" * 253)])) == 255
    with pytest.raises(ValueError, match="254"):
        encode([(1, b"x" * 254)])


def test_mschap_values_have_the_lengths_of_rfc_2548() -> None:
    for credential, length in ((MsChap1("secret"), 50), (MsChap2(b"alice", "secret"), 50)):
        challenge, response = credential(bytes(16), SECRET)
        assert len(response[1]) == 4 + 2 + length
        assert challenge[0] == response[0] == Name.VENDOR_SPECIFIC


def test_status_server_is_sealed() -> None:
    request = packet.status_request(SECRET, identifier=9)
    assert request.octets[0] == Code.STATUS_SERVER and request.identifier == 9
    assert len(request.octets) == 38
