"""Right and wrong passwords, by protocol and form at rest. Bytes are compared, so nothing is cut or changed."""

import logging
from base64 import b64encode
from hashlib import md5

import pytest
from hypothesis import given
from hypothesis import strategies as st

from models.names import notations
from models.secrets.keyring import Keyring
from models.secrets.password_hashes import nt_hash, ssha512
from radius_module.login import passwords
from radius_module.login.passwords import Passwords
from radius_module.packets.access_request import LoginRequest
from radius_module.packets.wire_line import Origin
from radius_module.rules.facts import Customer
from tests.support.facts_made import CUSTOMER

KEYRING = Keyring.parse("k1:" + b64encode(bytes(range(32))).decode())
ORIGIN = Origin("10.1.1.1", 7, 70)
CHALLENGE = b"c" * 16
#: What the API takes: 1 to 128 bytes of UTF-8 without NUL, kept exactly.
SECRETS = (
    "x", "customer123", "a\\new", "ends\\", '"quoted"', "käse ☕", " blank ", "é" * 64, "x" * 128, "0x6a",
    "%{User-Name}",
)  # fmt: skip


def encrypted(password: str, **changes: object) -> Customer:
    value = KEYRING.encrypt(password, CUSTOMER.isp_id, "radcheck", CUSTOMER.id)
    return stored_as("Cleartext-Password", value, **changes)


def stored_as(attribute: str | None, value: str | None, **changes: object) -> Customer:
    return CUSTOMER._replace(credential_attribute=attribute, credential=value, **changes)  # type: ignore[arg-type]


def pap(password: bytes) -> LoginRequest:
    return LoginRequest(ORIGIN, b"john", password, b"", b"", False, "")


def chap(password: bytes, *, identifier: bytes = b"\x05", challenge: bytes = CHALLENGE) -> LoginRequest:
    """RFC 2865 section 5.3."""
    digest = md5(identifier + password + challenge, usedforsecurity=False).digest()
    return LoginRequest(ORIGIN, b"john", b"", identifier + digest, CHALLENGE, False, "")


def proved(request: LoginRequest, customer: Customer) -> bool:
    return Passwords(KEYRING).proves(request, customer)


@pytest.mark.parametrize("secret", SECRETS)
def test_pap_and_chap_take_the_right_password_and_nothing_near_it(secret: str) -> None:
    customer, right = encrypted(secret), secret.encode()
    for request in (pap, chap):
        assert proved(request(right), customer)
        for wrong in (right + b"x", right[:-1] + b"~", right + b"\0", right + b"\0junk", b"\0" + right, right[:-1]):
            assert wrong == right or not proved(request(wrong), customer), wrong


@pytest.mark.parametrize("secret", SECRETS)
@pytest.mark.parametrize("form", ["NT-Password", "Password-With-Header"])
def test_pap_against_a_hash(form: str, secret: str) -> None:
    customer = stored_as(form, nt_hash(secret) if form == "NT-Password" else ssha512(secret))
    right = secret.encode()
    assert proved(pap(right), customer)
    for wrong in (right + b"x", right[:-1], right + b"\0", right + b"\0junk", b"\xff"):
        assert not proved(pap(wrong), customer), wrong


@pytest.mark.parametrize("form", ["NT-Password", "Password-With-Header"])
def test_chap_cannot_be_proved_by_a_hash(form: str) -> None:
    value = nt_hash("secret") if form == "NT-Password" else ssha512("secret")
    assert not proved(chap(b"secret"), stored_as(form, value))
    assert not proved(chap(value.encode()), stored_as(form, value))


@pytest.mark.parametrize("form", ["Cleartext-Password", "NT-Password", "Password-With-Header"])
def test_what_is_stored_is_not_itself_the_password(form: str) -> None:
    values = {"Cleartext-Password": encrypted("secret").credential, "NT-Password": nt_hash("secret"),
              "Password-With-Header": ssha512("secret")}  # fmt: skip
    value = values[form] or ""
    assert not proved(pap(value.encode()), stored_as(form, value))


@given(st.binary(max_size=128))
def test_no_other_bytes_are_the_password(guess: bytes) -> None:
    customer = encrypted("secret")
    for request in (pap(guess), chap(guess)):
        assert proved(request, customer) == (guess == b"secret")


def test_chap_is_bound_to_its_challenge_and_identifier() -> None:
    customer = encrypted("secret")
    assert not proved(chap(b"secret", challenge=b"d" * 16), customer)
    request = chap(b"secret")
    assert not proved(request._replace(chap=b"\x06" + request.chap[1:]), customer)
    assert not proved(request._replace(chap=request.chap[:-1]), customer)
    assert not proved(request._replace(chap=request.chap[:1]), customer)


def test_a_chap_response_counts_and_not_a_password_beside_it() -> None:
    wrong_chap = chap(b"wrong")._replace(password=b"secret")
    assert not proved(wrong_chap, encrypted("secret"))


@pytest.mark.parametrize("form", ["Cleartext-Password", "NT-Password", "Password-With-Header", None])
@pytest.mark.parametrize("stored", [None, "", "0x"])
def test_the_empty_password_matches_nothing(form: str | None, stored: str | None) -> None:
    for request in (pap(b""), chap(b"")):
        assert not proved(request, stored_as(form, stored))
    assert not proved(pap(b""), encrypted("secret"))


def test_an_encrypted_empty_password_matches_nothing() -> None:
    for request in (pap(b""), chap(b"")):
        assert not proved(request, encrypted(""))


def test_a_request_that_proves_nothing_is_wrong() -> None:
    assert not proved(LoginRequest(ORIGIN, b"john", b"", b"", b"", False, ""), encrypted("secret"))


def test_a_password_that_an_operator_put_in_clear_is_taken() -> None:
    assert proved(pap(b"plain"), stored_as("Cleartext-Password", "plain"))
    assert proved(chap(b"plain"), stored_as("Cleartext-Password", "plain"))


@pytest.mark.parametrize(
    ("form", "stored"),
    [
        ("Cleartext-Password", "aes:"), ("Cleartext-Password", "aes:k1"), ("Cleartext-Password", "aes:k1:"),
        ("Cleartext-Password", "aes:k1:not base64"), ("Cleartext-Password", "aes:k2:AAAA"),
        ("Cleartext-Password", "aes:k1:" + "A" * 80), ("NT-Password", "käse"), ("NT-Password", "zz"),
        ("Password-With-Header", "{SSHA512}"), ("Password-With-Header", "{SSHA512}x"),
        ("Password-With-Header", "{SSHA512}@@@="), ("Password-With-Header", "{SSHA512}QUJD"),
        ("Password-With-Header", "{clear}secret"), ("Crypt-Password", "secret"), (None, "secret"),
    ],
)  # fmt: skip
def test_a_stored_value_that_cannot_be_decrypted_matches_nothing_and_is_no_error(form: str | None, stored: str) -> None:
    customer = stored_as(form, stored)
    for guess in (b"secret", stored.encode(), b""):
        assert not proved(pap(guess), customer)
        assert not proved(chap(guess), customer)
    assert form != "Cleartext-Password" or Passwords(KEYRING).for_mschap(customer) is None


def test_what_cannot_be_decrypted_is_logged_without_its_value(caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.ERROR):
        assert not proved(pap(b"guess-of-mine"), stored_as("Cleartext-Password", "aes:hunter2"))
        assert not proved(pap(b"guess-of-mine"), stored_as("Cleartext-Password", "aes:k1:hunter2"))
        assert not proved(pap(b"guess-of-mine"), stored_as("Crypt-Password", "hunter2"))
    assert len(caplog.records) == 3
    assert f"customer {CUSTOMER.id}" in caplog.text
    assert "hunter2" not in caplog.text
    assert "guess-of-mine" not in caplog.text


def test_another_customers_stored_value_cannot_be_decrypted_here() -> None:
    foreign = KEYRING.encrypt("secret", CUSTOMER.isp_id, "radcheck", CUSTOMER.id + 1)
    assert not proved(pap(b"secret"), stored_as("Cleartext-Password", foreign))
    assert not proved(pap(b"secret"), encrypted("secret", isp_id=CUSTOMER.isp_id + 1))


def test_a_password_decrypted_for_one_customer_is_no_other_customers() -> None:
    owner = encrypted("secret")
    known = Passwords(KEYRING)
    assert known.clear(owner) == "secret"
    assert not known.proves(pap(b"secret"), owner._replace(id=owner.id + 1))


def test_the_cache_of_decrypted_passwords_is_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(passwords, "_MOST_DECRYPTED", 10)
    known = Passwords(KEYRING)
    for number in range(50):
        assert known.clear(stored_as("Cleartext-Password", f"plain{number}")) == f"plain{number}"
        assert len(known._decrypted) <= 10


def test_a_mac_address_as_name_and_password_is_right_in_every_notation() -> None:
    mac = "02:00:00:00:00:AF"
    for stored in notations(mac):
        customer = encrypted(stored, username="0200.0000.00af")
        for typed in notations(mac):
            assert proved(pap(typed.encode()), customer)
            assert proved(chap(typed.encode()), customer)
        assert not proved(pap(b"02:00:00:00:00:AE"), customer)


def test_a_mac_address_as_anybody_elses_password_is_right_only_as_it_was_set() -> None:
    customer = encrypted("02:00:00:00:00:AF", username="john")
    assert proved(pap(b"02:00:00:00:00:AF"), customer)
    assert not proved(pap(b"02-00-00-00-00-AF"), customer)


def test_mschap_is_handed_the_clear_text_or_the_nt_hash_and_nothing_else() -> None:
    known = Passwords(KEYRING)
    assert known.for_mschap(encrypted("secret")) == ("Cleartext-Password", "secret")
    hashed = nt_hash("secret")
    assert known.for_mschap(stored_as("NT-Password", hashed)) == ("NT-Password", "0x" + hashed)
    assert known.for_mschap(stored_as("NT-Password", "0x" + hashed)) == ("NT-Password", "0x" + hashed)
    assert known.for_mschap(stored_as("Password-With-Header", ssha512("secret"))) is None
    assert known.for_mschap(stored_as(None, None)) is None


#: RouterOS' md5.js in a browser: chap-id 5c, this challenge, the digest of each password.
HOTSPOT_CHALLENGE = bytes.fromhex("0f852d5223a02134c4af8b96b58c51d3")
HOTSPOT = {
    "señor": "0e9abef918e54b8d583575a99b49e5fd",
    "€uro": "125622816501f717ce2180f7e945d7ce",
    "пароль": "6ec43be9955a602b9db9d60388adf137",
    "plain1": "c5a71a0bc2164a916f46107b140fd77b",
}


def _of_the_page(digest: bytes) -> LoginRequest:
    return LoginRequest(ORIGIN, b"john", b"", b"\x5c" + digest, HOTSPOT_CHALLENGE, False, "")


def _chap_over(octets: bytes) -> LoginRequest:
    return _of_the_page(md5(b"\x5c" + octets + HOTSPOT_CHALLENGE, usedforsecurity=False).digest())


@pytest.mark.parametrize("password", HOTSPOT)
def test_the_hotspot_pages_chap_is_the_password(password: str) -> None:
    assert proved(_of_the_page(bytes.fromhex(HOTSPOT[password])), encrypted(password))
    for other in HOTSPOT:
        assert other == password or not proved(_of_the_page(bytes.fromhex(HOTSPOT[other])), encrypted(password))


@pytest.mark.parametrize(
    ("password", "low_octets"),
    [("日本語", b"\xe5\x2c\x9e"), ("grüß", b"gr\xfc\xdf"), ("\U0001f600x", b"\x3d\x00x"), ("ñ" * 64, b"\xf1" * 64)],
    ids=ascii,
)
def test_other_scripts_are_hashed_by_their_low_octets_too(password: str, low_octets: bytes) -> None:
    customer = encrypted(password)
    assert proved(_chap_over(low_octets), customer)
    assert proved(chap(password.encode()), customer), "as PPP sends it"
    assert not proved(_chap_over(low_octets + b"x"), customer)
    assert not proved(pap(low_octets), customer) or low_octets == password.encode("cp1252", "ignore")


@pytest.mark.parametrize("password", ["customer123", "plain1", "~"])
def test_a_password_of_ascii_has_no_twin(password: str) -> None:
    customer = encrypted(password)
    for twin in (password.encode("utf-16-le"), password.encode("utf-16-le")[1::2], password.encode() + b"\0"):
        assert not proved(_chap_over(twin), customer)
        assert not proved(pap(twin), customer)


@pytest.mark.parametrize(
    ("password", "octets"),
    [("señor", b"se\xf1or"), ("€uro", b"\x80uro"), ("naïve“", b"na\xefve\x93"), ("пар", b"&#1087;&#1072;&#1088;")],
)
def test_a_page_in_latin_1_sends_pap_in_cp1252(password: str, octets: bytes) -> None:
    customer = encrypted(password)
    assert proved(pap(octets), customer)
    assert proved(pap(password.encode()), customer)
    for wrong in (octets[:-1], octets + b"?", octets.replace(b"\xf1", b"\xf2") + b"x"):
        assert not proved(pap(wrong), customer)


@pytest.mark.parametrize(("password", "octets"), [("señor", b"se\xf1or"), ("€uro", b"\x80uro")])
def test_a_hash_is_compared_with_what_a_page_in_latin_1_meant(password: str, octets: bytes) -> None:
    for form, stored in (("NT-Password", nt_hash(password)), ("Password-With-Header", ssha512(password))):
        assert proved(pap(octets), stored_as(form, stored))
        assert proved(pap(password.encode()), stored_as(form, stored))
        assert not proved(pap(octets + b"x"), stored_as(form, stored))
