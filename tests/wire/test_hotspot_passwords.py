"""Passwords beyond ASCII, as the HotSpot login page of RouterOS sends them: its md5.js, and forms in ISO-8859-1."""

from __future__ import annotations

import pytest

from tests.radius_client import Attribute, Name, Pap
from tests.wire.router import PROTOCOLS, proof
from tests.wire.tenant import Tenant

IDENTIFIER = b"\x5c"
CHALLENGE = bytes.fromhex("0f852d5223a02134c4af8b96b58c51d3")
#: What the page's md5.js makes of them in a browser, with that identifier and challenge.
DIGESTS = {
    "señor": "0e9abef918e54b8d583575a99b49e5fd",
    "€uro": "125622816501f717ce2180f7e945d7ce",
    "пароль": "6ec43be9955a602b9db9d60388adf137",
    "plain1": "c5a71a0bc2164a916f46107b140fd77b",
}


def page(digest: str) -> list[Attribute]:
    """CHAP-Password and CHAP-Challenge, as the router passes them on."""
    return [(Name.CHAP_PASSWORD, IDENTIFIER + bytes.fromhex(digest)), (Name.CHAP_CHALLENGE, CHALLENGE)]


@pytest.mark.parametrize("password", DIGESTS, ids=ascii)
def test_the_login_page_is_answered_as_ppp_is(tenant: Tenant, password: str) -> None:
    john = tenant.customer(password=password)
    for other, digest in DIGESTS.items():
        answer = tenant.login(john, lambda _authenticator, _secret, digest=digest: page(digest))
        assert answer.accepted is (other == password), other
    for protocol in PROTOCOLS:
        assert tenant.login(john, proof(protocol, john.username, password)).accepted, protocol


@pytest.mark.parametrize(("password", "sent"), [("señor", b"se\xf1or"), ("€uro", b"\x80uro"), ("ß…„", b"\xdf\x85\x84")])
@pytest.mark.parametrize("storage", ["encrypted", "nt_password", "ssha512"])
def test_pap_from_a_page_in_latin_1_is_read_as_the_browser_wrote_it(
    tenant: Tenant, password: str, sent: bytes, storage: str
) -> None:
    john = tenant.customer(password=password, credential_storage=storage)
    assert tenant.login(john, Pap(sent)).accepted
    assert not tenant.login(john, Pap(sent + b"x")).accepted
    assert tenant.login(john, Pap(password.encode())).accepted
