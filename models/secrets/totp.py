"""Time-based one-time passwords (RFC 6238) and recovery codes: how they are made, and what fits them."""

from __future__ import annotations

import hashlib
import secrets
from hmac import compare_digest

import pyotp

_ISSUER = "Infora WiFi Billing"
_SECONDS = 30
RECOVERY_CODES = 10


def make_totp_secret() -> str:
    """32 characters of base32: 160 random bits (RFC 4226 section 4)."""
    return pyotp.random_base32()


def enrolment_uri(secret: str, username: str) -> str:
    """What an authenticator reads from a QR code."""
    return pyotp.TOTP(secret).provisioning_uri(name=username, issuer_name=_ISSUER)


def step_of(secret: str, code: str, now: float, after: int) -> int | None:
    """The time step whose code this is: the one of `now` or the one before (RFC 6238 section 5.2), later than `after`.

    A code whose step has been used fits no more.
    """
    if not (len(code) == 6 and code.isascii() and code.isdigit()):
        return None
    current = int(now) // _SECONDS
    totp = pyotp.TOTP(secret)
    fitting = [step for step in (current, current - 1) if compare_digest(totp.generate_otp(step), code)]
    return next((step for step in fitting if step > after), None)


def make_recovery_codes() -> list[str]:
    """Of 128 random bits each, as people copy them."""
    return ["-".join(secrets.token_hex(4) for _ in range(4)) for _ in range(RECOVERY_CODES)]


def recovery_digest(code: str) -> str:
    """What is stored of a recovery code. It has 128 random bits, so that a plain SHA-256 is beyond guessing."""
    plain = "".join(character for character in code.lower() if character.isalnum())
    return hashlib.sha256(plain.encode("utf-8", "surrogatepass")).hexdigest()
