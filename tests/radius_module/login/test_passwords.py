"""Right and wrong passwords, by protocol and by how they are kept. Bytes are compared, so nothing is cut or bent."""

import logging
from base64 import b64encode
from collections.abc import Iterator
from hashlib import md5

import pytest
from hypothesis import given
from hypothesis import strategies as st

from models.names import notations
from models.secrets.keyring import Keyring
from models.secrets.password_hashes import nt_hash, ssha512
from radius_module.login import passwords
from radius_module.login.passwords import clear_password, for_mschap, proves
from radius_module.packets.access_request import LoginRequest
from radius_module.packets.wire_line import Origin
from radius_module.rules.facts import Customer
from tests.support.facts_made import CUSTOMER

KEYRING = Keyring.parse("k1:" + b64encode(bytes(range(32))).decode())
ORIGIN = Origin("10.1.1.1", 7, 70)
CHALLENGE = b"c" * 16
#: CONTRACT: 1 to 128 bytes of UTF-8 without NUL, kept exactly.
SECRETS = (
    "x", "customer123", "a\\new", "ends\\", '"quoted"', "käse ☕", " blank ", "é" * 64, "x" * 128, "0x6a",
    "%{User-Name}",
)  # fmt: skip


@pytest.fixture(autouse=True)
def nothing_decrypted() -> Iterator[None]:
    passwords._decrypted.clear()
    yield
    passwords._decrypted.clear()


def encrypted(password: str, **changes: object) -> Customer:
    return kept("Cleartext-Password", KEYRING.encrypt(password, CUSTOMER.isp_id, "radcheck", CUSTOMER.id), **changes)


def kept(attribute: str | None, value: str | None, **changes: object) -> Customer:
    return CUSTOMER._replace(credential_attribute=attribute, credential=value, **changes)  # type: ignore[arg-type]


def pap(password: bytes) -> LoginRequest:
    return LoginRequest(ORIGIN, b"john", password, b"", b"", False, "")


def chap(password: bytes, *, identifier: bytes = b"\x05", challenge: bytes = CHALLENGE) -> LoginRequest:
    """RFC 2865 section 5.3."""
    digest = md5(identifier + password + challenge, usedforsecurity=False).digest()
    return LoginRequest(ORIGIN, b"john", b"", identifier + digest, CHALLENGE, False, "")


def proved(request: LoginRequest, customer: Customer) -> bool:
    return proves(request, customer, KEYRING)


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
    customer = kept(form, nt_hash(secret) if form == "NT-Password" else ssha512(secret))
    right = secret.encode()
    assert proved(pap(right), customer)
    for wrong in (right + b"x", right[:-1], right + b"\0", right + b"\0junk", b"\xff"):
        assert not proved(pap(wrong), customer), wrong


@pytest.mark.parametrize("form", ["NT-Password", "Password-With-Header"])
def test_chap_cannot_be_proved_by_a_hash(form: str) -> None:
    value = nt_hash("secret") if form == "NT-Password" else ssha512("secret")
    assert not proved(chap(b"secret"), kept(form, value))
    assert not proved(chap(value.encode()), kept(form, value))


@pytest.mark.parametrize("form", ["Cleartext-Password", "NT-Password", "Password-With-Header"])
def test_what_is_stored_is_not_itself_the_password(form: str) -> None:
    values = {"Cleartext-Password": encrypted("secret").credential, "NT-Password": nt_hash("secret"),
              "Password-With-Header": ssha512("secret")}  # fmt: skip
    value = values[form] or ""
    assert not proved(pap(value.encode()), kept(form, value))


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
def test_nobody_has_the_empty_password(form: str | None, stored: str | None) -> None:
    for request in (pap(b""), chap(b"")):
        assert not proved(request, kept(form, stored))
    assert not proved(pap(b""), encrypted("secret"))


def test_an_empty_secret_that_somebody_encrypted_is_nobodys_password() -> None:
    for request in (pap(b""), chap(b"")):
        assert not proved(request, encrypted(""))


def test_a_request_that_proves_nothing_is_wrong() -> None:
    assert not proved(LoginRequest(ORIGIN, b"john", b"", b"", b"", False, ""), encrypted("secret"))


def test_a_password_that_an_operator_put_in_clear_is_taken() -> None:
    assert proved(pap(b"plain"), kept("Cleartext-Password", "plain"))
    assert proved(chap(b"plain"), kept("Cleartext-Password", "plain"))


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
def test_a_stored_secret_that_does_not_open_is_nobodys_password_and_no_error(form: str | None, stored: str) -> None:
    customer = kept(form, stored)
    for guess in (b"secret", stored.encode(), b""):
        assert not proved(pap(guess), customer)
        assert not proved(chap(guess), customer)
    assert form != "Cleartext-Password" or for_mschap(customer, KEYRING) is None


def test_what_does_not_open_is_logged_without_what_it_is(caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.ERROR):
        assert not proved(pap(b"guess-of-mine"), kept("Cleartext-Password", "aes:hunter2"))
        assert not proved(pap(b"guess-of-mine"), kept("Cleartext-Password", "aes:k1:hunter2"))
        assert not proved(pap(b"guess-of-mine"), kept("Crypt-Password", "hunter2"))
    assert len(caplog.records) == 3
    assert f"customer {CUSTOMER.id}" in caplog.text
    assert "hunter2" not in caplog.text
    assert "guess-of-mine" not in caplog.text


def test_another_customers_stored_secret_does_not_open_here() -> None:
    foreign = KEYRING.encrypt("secret", CUSTOMER.isp_id, "radcheck", CUSTOMER.id + 1)
    assert not proved(pap(b"secret"), kept("Cleartext-Password", foreign))
    assert not proved(pap(b"secret"), encrypted("secret", isp_id=CUSTOMER.isp_id + 1))


def test_a_secret_decrypted_for_one_customer_opens_for_no_other() -> None:
    owner = encrypted("secret")
    assert clear_password(owner, KEYRING) == "secret"
    assert not proved(pap(b"secret"), owner._replace(id=owner.id + 1))


def test_no_more_decrypted_secrets_are_kept_than_meant(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(passwords, "_MOST_DECRYPTED", 10)
    for number in range(50):
        assert clear_password(kept("Cleartext-Password", f"plain{number}"), KEYRING) == f"plain{number}"
        assert len(passwords._decrypted) <= 10


def test_a_mac_address_as_name_and_password_is_right_in_every_notation() -> None:
    mac = "02:00:00:00:00:AF"
    for stored in notations(mac):
        customer = encrypted(stored, username="0200.0000.00af")
        for typed in notations(mac):
            assert proved(pap(typed.encode()), customer)
            assert proved(chap(typed.encode()), customer)
        assert not proved(pap(b"02:00:00:00:00:AE"), customer)


def test_a_mac_address_as_the_password_of_somebody_else_is_right_as_it_was_set_only() -> None:
    customer = encrypted("02:00:00:00:00:AF", username="john")
    assert proved(pap(b"02:00:00:00:00:AF"), customer)
    assert not proved(pap(b"02-00-00-00-00-AF"), customer)


def test_mschap_is_handed_the_clear_text_or_the_nt_hash_and_nothing_else() -> None:
    assert for_mschap(encrypted("secret"), KEYRING) == ("Cleartext-Password", "secret")
    hashed = nt_hash("secret")
    assert for_mschap(kept("NT-Password", hashed), KEYRING) == ("NT-Password", "0x" + hashed)
    assert for_mschap(kept("NT-Password", "0x" + hashed), KEYRING) == ("NT-Password", "0x" + hashed)
    assert for_mschap(kept("Password-With-Header", ssha512("secret")), KEYRING) is None
    assert for_mschap(kept(None, None), KEYRING) is None
