"""Does the customer know the password? PAP and CHAP are proved here, MS-CHAP by rlm_mschap with what we hand it.

The octets on the wire are compared, so a password with a NUL in it is not the one before the NUL.
"""

from __future__ import annotations

import logging
from hashlib import md5
from hmac import compare_digest

from models.names import mac_of, notations
from models.secrets.keyring import CredentialError, Keyring
from models.secrets.password_hashes import nt_hash, ssha512_matches
from radius_module.packets.access_request import LoginRequest
from radius_module.rules.facts import Customer

log = logging.getLogger(__name__)


#: Passwords decrypted lately: stored value → customer, clear text, the same in octets. The keys are in this process
#: anyway, and decrypting takes 5 µs, more than all else that a login costs in Python.
_decrypted: dict[str, tuple[int, str, bytes]] = {}
_MOST_DECRYPTED = 50_000


def clear_password(customer: Customer, keyring: Keyring) -> str:
    """The customer's password. Raises CredentialError."""
    stored = customer.credential or ""
    known = _decrypted.get(stored)
    if known is not None and known[0] == customer.id:
        return known[1]
    clear = keyring.decrypt(stored, customer.isp_id, "radcheck", customer.id)
    if len(_decrypted) >= _MOST_DECRYPTED:
        _decrypted.clear()
    _decrypted[stored] = customer.id, clear, clear.encode()
    return clear


def proves(request: LoginRequest, customer: Customer, keyring: Keyring) -> bool:
    """True only for the right password in a PAP or CHAP request. What cannot be decrypted matches nothing."""
    kind, stored = customer.credential_attribute, customer.credential
    password, chap = request.password, request.chap
    if not stored or not (password or chap):
        return False
    if password and not chap:
        # Nearly every login is of a customer seen before, with the right password.
        known = _decrypted.get(stored)
        if known is not None and known[0] == customer.id and compare_digest(password, known[2]):
            return True
    try:
        if kind == "Cleartext-Password":
            clear = clear_password(customer, keyring)
            proof = _chap if chap else _pap
            return proof(request, clear.encode()) or any(
                proof(request, form.encode()) for form in _other_forms(customer, clear)
            )
        return bool(password) and _matches_hash(password, kind, stored)
    except CredentialError as wrong:
        log.error("customer %d: %s", customer.id, wrong)
        return False


def for_mschap(customer: Customer, keyring: Keyring) -> tuple[str, str] | None:
    """(attribute, value) that rlm_mschap needs of the customer; None where the password is kept for PAP only."""
    kind, stored = customer.credential_attribute, customer.credential
    if not stored:
        return None
    if kind == "NT-Password":
        return "NT-Password", "0x" + stored.removeprefix("0x")
    if kind != "Cleartext-Password":
        return None
    try:
        clear = clear_password(customer, keyring)
    except CredentialError as wrong:
        log.error("customer %d: %s", customer.id, wrong)
        return None
    # rlm_mschap knows characters of two octets only.
    if max(clear, default="") > "\uffff":
        return "NT-Password", "0x" + nt_hash(clear)
    return "Cleartext-Password", clear


def _pap(request: LoginRequest, password: bytes) -> bool:
    return compare_digest(request.password, password)


def _chap(request: LoginRequest, password: bytes) -> bool:
    """RFC 2865 section 5.3: MD5 over identifier, password and challenge."""
    digest = md5(request.chap[:1] + password + request.challenge, usedforsecurity=False).digest()
    return bool(password) and compare_digest(request.chap[1:], digest)


def _other_forms(customer: Customer, clear: str) -> tuple[str, ...]:
    """A MAC address as name and password is the same in every notation: devices differ in how they write it."""
    mac = mac_of(clear)
    return notations(mac) if mac is not None and mac_of(customer.username) == mac else ()


def _matches_hash(password: bytes, kind: str | None, stored: str) -> bool:
    if kind == "NT-Password":
        try:
            clear = password.decode()
        except UnicodeDecodeError:
            return False
        return compare_digest(nt_hash(clear).encode(), stored.removeprefix("0x").lower().encode())
    if kind == "Password-With-Header" and stored.startswith("{SSHA512}"):
        return ssha512_matches(password, stored)
    raise CredentialError(f"a {kind} in radcheck is of no known form")
