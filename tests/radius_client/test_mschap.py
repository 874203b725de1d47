"""Digests and responses against the vectors that their RFCs print."""

import pytest

from tests.radius_client import mschap
from tests.radius_client.md4 import md4


@pytest.mark.parametrize(
    ("message", "digest"),
    [
        ("", "31d6cfe0d16ae931b73c59d7e0c089c0"),
        ("a", "bde52cb31de33e46245e05fbdbd6fb24"),
        ("abc", "a448017aaf21d8525fc10ae87aa6729d"),
        ("message digest", "d9130a8164549fe818874806e1c7014b"),
        ("abcdefghijklmnopqrstuvwxyz", "d79e1c308aa5bbcdeea8ed63df412da9"),
        ("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789", "043f8582f241db351ce627e153e7f0e4"),
        ("1234567890" * 8, "e33b4ddc9c38f2199c3e7b164fcc0536"),
    ],
)
def test_md4_gives_the_digests_of_rfc_1320(message: str, digest: str) -> None:
    assert md4(message.encode()).hex() == digest


@pytest.mark.parametrize("length", [55, 56, 57, 63, 64, 65, 119, 120])
def test_md4_pads_into_whole_blocks_at_every_border(length: int) -> None:
    assert len(md4(b"x" * length)) == 16


class TestRfc2759Section92:
    """User "User", password "clientPass"."""

    authenticator_challenge = bytes.fromhex("5B5D7C7D7B3F2F3E3C2C602132262628")
    peer_challenge = bytes.fromhex("21402324255E262A28295F2B3A337C7E")
    response = bytes.fromhex("82309ECD8D708B5EA08FAA3981CD83544233114A3D85D6DF")

    def test_challenge(self) -> None:
        challenge = mschap.challenge_hash(self.peer_challenge, self.authenticator_challenge, b"User")
        assert challenge.hex().upper() == "D02E4386BCE91226"

    def test_password_hashes(self) -> None:
        assert mschap.nt_hash("clientPass").hex().upper() == "44EBBA8D5312B8D611474411F56989AE"
        assert md4(mschap.nt_hash("clientPass")).hex().upper() == "41C00C584BD2D91C4017A2A12FA59F3F"

    def test_nt_response(self) -> None:
        response = mschap.nt_response("clientPass", b"User", self.authenticator_challenge, self.peer_challenge)
        assert response == self.response

    def test_authenticator_response(self) -> None:
        proof = mschap.authenticator_response(
            "clientPass", self.response, b"User", self.authenticator_challenge, self.peer_challenge
        )
        assert proof == b"S=407A5589115FD0D6209F510FE9C04566932CDA56"
