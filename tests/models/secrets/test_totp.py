"""One-time passwords by time: RFC 6238's own values, each step once, and none before or after its time."""

from __future__ import annotations

import base64

import pyotp
import pytest

from models.secrets.totp import (
    RECOVERY_CODES,
    enrolment_uri,
    make_recovery_codes,
    make_totp_secret,
    recovery_digest,
    step_of,
)

#: RFC 6238 appendix B, SHA-1; the last six of its eight digits.
SECRET = base64.b32encode(b"12345678901234567890").decode()
VECTORS = [(59, "287082"), (1111111109, "081804"), (1111111111, "050471"), (1234567890, "005924"),
           (2000000000, "279037")]  # fmt: skip


@pytest.mark.parametrize(("now", "code"), VECTORS)
def test_the_rfcs_values(now: int, code: str) -> None:
    assert step_of(SECRET, code, now, after=0) == now // 30


@pytest.mark.parametrize(("later", "taken"), [(-1, False), (0, True), (29.9, True), (59.9, True), (60, False)])
def test_a_code_is_taken_in_its_step_and_the_next(later: float, taken: bool) -> None:
    begins = 1_773_144_000
    code = pyotp.TOTP(SECRET).at(begins)
    assert (step_of(SECRET, code, begins + later, after=0) is not None) is taken


def test_a_step_is_taken_once() -> None:
    now, code = VECTORS[0]
    assert step_of(SECRET, code, now, after=now // 30) is None
    assert step_of(SECRET, code, now, after=now // 30 - 1) == now // 30


@pytest.mark.parametrize("code", ["", "28708", "2870822", "28708a", "٢٨٧٠٨٢", " 287082", "\ud800"])
def test_what_is_no_code_fits_nothing(code: str) -> None:
    assert step_of(SECRET, code, 59, after=0) is None


def test_secrets_are_random_and_long_enough() -> None:
    secrets = {make_totp_secret() for _ in range(50)}
    assert len(secrets) == 50
    assert all(len(base64.b32decode(secret)) == 20 for secret in secrets)
    codes = make_recovery_codes() + make_recovery_codes()
    assert len({recovery_digest(code) for code in codes}) == 2 * RECOVERY_CODES
    assert all(len(code.replace("-", "")) == 32 for code in codes)


def test_a_recovery_code_is_read_as_people_type_it() -> None:
    code = make_recovery_codes()[0]
    assert recovery_digest(code.upper().replace("-", " ")) == recovery_digest(code)


def test_an_authenticator_reads_the_address() -> None:
    uri = enrolment_uri(SECRET, "ann@example.com")
    assert uri.startswith("otpauth://totp/")
    parsed = pyotp.parse_uri(uri)
    assert (parsed.secret, parsed.name, parsed.issuer) == (SECRET, "ann@example.com", "Infora WiFi Billing")
