"""Secrets at rest: what opens them, what does not, and that no error tells them."""

import base64
import hashlib
import os

import pytest
from hypothesis import given
from hypothesis import strategies as st

from models.secrets.keyring import CredentialError, Keyring
from models.secrets.password_hashes import (
    hash_operator_password,
    nt_hash,
    operator_password_matches,
    ssha512,
    ssha512_matches,
)

ONE = base64.b64encode(bytes(range(32))).decode()
TWO = base64.b64encode(bytes(range(100, 132))).decode()
OLD, NEW = Keyring.parse(f"k1:{ONE}"), Keyring.parse(f"k2:{TWO}")
BOTH = Keyring.parse(f" k2:{TWO} , k1:{ONE},")
PLACE = (7, "radcheck", 70)

secrets = st.text(st.characters(exclude_categories=["Cs"]), max_size=128)


def shut(keyring: Keyring, stored: str, *place: object) -> str:
    with pytest.raises(CredentialError) as wrong:
        keyring.decrypt(stored, *(place or PLACE))  # type: ignore[arg-type]
    return str(wrong.value)


@given(secrets)
def test_what_was_encrypted_opens_again_and_looks_different_each_time(secret: str) -> None:
    stored = OLD.encrypt(secret, *PLACE)
    assert stored.startswith("aes:k1:")
    assert OLD.decrypt(stored, *PLACE) == secret
    assert OLD.encrypt(secret, *PLACE) != stored
    assert len(secret) < 4 or secret not in stored


def test_after_a_rotation_the_new_key_writes_and_both_read() -> None:
    before = OLD.encrypt("secret", *PLACE)
    after = BOTH.encrypt("secret", *PLACE)
    assert after.startswith("aes:k2:")
    assert (BOTH.decrypt(before, *PLACE), BOTH.decrypt(after, *PLACE)) == ("secret", "secret")
    assert (BOTH.is_current(before), BOTH.is_current(after), BOTH.is_current("clear")) == (False, True, False)
    assert NEW.decrypt(after, *PLACE) == "secret"
    assert "not in CREDENTIAL_KEYS" in shut(NEW, before)


def test_a_key_of_the_same_name_and_other_bytes_opens_nothing() -> None:
    assert "does not open" in shut(Keyring.parse(f"k1:{TWO}"), OLD.encrypt("secret", *PLACE))


@pytest.mark.parametrize("place", [(8, "radcheck", 70), (7, "isps", 70), (7, "radcheck", 71), (70, "radcheck", 7)])
def test_a_value_opens_in_its_own_row_only(place: tuple[int, str, int]) -> None:
    shut(OLD, OLD.encrypt("secret", *PLACE), *place)


def test_one_changed_octet_anywhere_is_found() -> None:
    stored = OLD.encrypt("secret", *PLACE)
    raw = base64.b64decode(stored.removeprefix("aes:k1:"))
    for at in range(len(raw)):
        changed = raw[:at] + bytes([raw[at] ^ 1]) + raw[at + 1 :]
        shut(OLD, "aes:k1:" + base64.b64encode(changed).decode())
        shut(OLD, "aes:k1:" + base64.b64encode(raw[:at]).decode())


@pytest.mark.parametrize(
    "stored", ["aes:", "aes:k1", "aes:k1:", "aes:k1:hunter2", "aes:hunter2", "aes:hunter2:x", "aes::"]
)
def test_what_only_looks_encrypted_is_an_error_that_does_not_tell_it(stored: str) -> None:
    assert "hunter2" not in shut(OLD, stored)


def test_a_value_that_an_operator_put_in_clear_is_itself() -> None:
    assert OLD.decrypt("plain", *PLACE) == "plain"


@pytest.mark.parametrize(
    "text",
    [
        "", " , ", ONE, f":{ONE}", "k1:", "k1:AAAA", "k1:" + base64.b64encode(bytes(32)).decode(),
        "k1:" + base64.b64encode(bytes(31)).decode(), "k1:" + base64.b64encode(b"changeme" * 4).decode() + "x",
        "k1:not base64 at all", f"k1:{ONE},k1:{TWO}", "k1:" + base64.b64encode(b"ab" * 16).decode(),
    ],
)  # fmt: skip
def test_keys_that_are_none_are_refused_in_a_sentence_without_them(text: str) -> None:
    with pytest.raises(CredentialError, match=r"CREDENTIAL_KEYS (must|names|is)") as wrong:
        Keyring.parse(text)
    assert ONE not in str(wrong.value)


def test_a_keyring_does_not_show_its_keys() -> None:
    assert ONE[:8] not in repr(BOTH)
    assert "AESGCM" not in repr(BOTH)


def test_ssha512_is_what_ldap_and_rlm_pap_know() -> None:
    stored = ssha512("secret")
    assert stored.startswith("{SSHA512}")
    raw = base64.b64decode(stored.removeprefix("{SSHA512}"))
    assert len(raw) == 64 + 16
    assert hashlib.sha512(b"secret" + raw[64:]).digest() == raw[:64]
    assert ssha512("secret") != stored


@given(st.text(st.characters(exclude_categories=["Cs"]), max_size=20), st.binary(max_size=20))
def test_ssha512_fits_its_password_alone(password: str, guess: bytes) -> None:
    stored = ssha512(password)
    assert ssha512_matches(password.encode(), stored)
    assert ssha512_matches(guess, stored) == (guess == password.encode())


def test_nt_hash_is_that_of_rfc_2759() -> None:
    """Section 9.2's password `clientPass`."""
    assert nt_hash("clientPass") == "44ebba8d5312b8d611474411f56989ae"


def test_operators_passwords_are_argon2id() -> None:
    stored = hash_operator_password("correct horse")
    assert stored.startswith("$argon2id$")
    assert operator_password_matches("correct horse", stored)
    assert not operator_password_matches("correct horsf", stored)
    assert hash_operator_password("correct horse") != stored


def test_the_nonce_is_drawn_anew_for_each_value(monkeypatch: pytest.MonkeyPatch) -> None:
    drawn = []

    def draw(count: int) -> bytes:
        drawn.append(count)
        return bytes([len(drawn)]) * count

    monkeypatch.setattr(os, "urandom", draw)
    first, second = OLD.encrypt("secret", *PLACE), OLD.encrypt("secret", *PLACE)
    assert drawn == [12, 12]
    assert first != second
