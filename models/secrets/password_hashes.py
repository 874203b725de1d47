"""Passwords: which can be, and the one-way forms: customers' `{SSHA512}` and `NT-Password`, operators' argon2id."""

from __future__ import annotations

import base64
import hashlib
import hmac
import os

from passlib.hash import argon2, nthash

from models.secrets.keyring import CredentialError

#: Octets of a customer's password, which routers send (RFC 2865, section 5.2).
LONGEST_CUSTOMER_PASSWORD = 128
#: Characters of an operator's password.
SHORTEST_OPERATOR_PASSWORD, LONGEST_OPERATOR_PASSWORD = 10, 200


def check_customer_password(password: str) -> None:
    """Raises ValueError for one that no router could send."""
    if not 1 <= len(password.encode()) <= LONGEST_CUSTOMER_PASSWORD or "\0" in password:
        raise ValueError(f"must have 1 to {LONGEST_CUSTOMER_PASSWORD} bytes of UTF-8 without NUL")


def check_operator_password(password: str) -> None:
    """Raises ValueError for one that is too short to be safe, or too long to be hashed."""
    if not SHORTEST_OPERATOR_PASSWORD <= len(password) <= LONGEST_OPERATOR_PASSWORD:
        raise ValueError(f"must have {SHORTEST_OPERATOR_PASSWORD} to {LONGEST_OPERATOR_PASSWORD} characters")


def ssha512(password: str) -> str:
    """`{SSHA512}` as rlm_pap and LDAP know it: base64 of SHA-512(password + salt) + salt. PAP only."""
    salt = os.urandom(16)
    digest = hashlib.sha512(password.encode() + salt).digest()
    return "{SSHA512}" + base64.b64encode(digest + salt).decode()


def ssha512_matches(password: bytes, stored: str) -> bool:
    """Does the password fit the stored `{SSHA512}`? Raises CredentialError for a value that is none."""
    try:
        raw = base64.b64decode(stored.removeprefix("{SSHA512}"), validate=True)
    except ValueError:
        raise CredentialError("a stored {SSHA512} is no base64") from None
    return hmac.compare_digest(hashlib.sha512(password + raw[64:]).digest(), raw[:64])


def nt_hash(password: str) -> str:
    """`NT-Password`: 32 hex digits, MD4 of UTF-16LE (RFC 2759 section 8.3). Unsalted: as good as the password."""
    return str(nthash.hash(password))


#: argon2id as OWASP's Password Storage Cheat Sheet has it: 19 MiB, two passes, one lane. The library's own parameters
#: take eight times as long, during which a seat of the API serves nobody else.
_MEMORY_KIB, _PASSES, _LANES = 19 * 1024, 2, 1


def hash_operator_password(password: str) -> str:
    """argon2id."""
    chosen = argon2.using(type="ID", memory_cost=_MEMORY_KIB, rounds=_PASSES, parallelism=_LANES)
    return str(chosen.hash(password))


def is_costlier_than_today(stored: str) -> bool:
    """Was it hashed with parameters that take longer than those of `hash_operator_password`?"""
    return bool(argon2.from_string(stored).memory_cost > _MEMORY_KIB)


def operator_password_matches(password: str, stored: str) -> bool:
    """Is it the operator's password? Takes as long whether it is or not."""
    return bool(argon2.verify(password, stored))
