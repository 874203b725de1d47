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

#: More passwords than a node's customers who log in again and again; about 250 octets each.
_MOST_DECRYPTED = 50_000


class Passwords:
    """The passwords behind the credentials that one keyring encrypts.

    Those decrypted lately stay in memory, as the keys do anyway: decrypting takes 5 µs, more than all else that a login
    costs in Python.
    """

    def __init__(self, keyring: Keyring) -> None:
        self._keyring = keyring
        #: Stored value → customer, clear text, the same in octets.
        self._decrypted: dict[str, tuple[int, str, bytes]] = {}

    def clear(self, customer: Customer) -> str:
        """The customer's password. Raises CredentialError."""
        stored = customer.credential or ""
        known = self._decrypted.get(stored)
        if known is not None and known[0] == customer.id:
            return known[1]
        clear = self._keyring.decrypt(stored, customer.isp_id, "radcheck", customer.id)
        if len(self._decrypted) >= _MOST_DECRYPTED:
            self._decrypted.clear()
        self._decrypted[stored] = customer.id, clear, clear.encode()
        return clear

    def proves(self, request: LoginRequest, customer: Customer) -> bool:
        """True only for the right password in a PAP or CHAP request. What cannot be decrypted matches nothing."""
        kind, stored = customer.credential_attribute, customer.credential
        password, chap = request.password, request.chap
        if not stored or not (password or chap):
            return False
        if password and not chap:
            # Nearly every login is of a customer seen before, with the right password.
            known = self._decrypted.get(stored)
            if known is not None and known[0] == customer.id and compare_digest(password, known[2]):
                return True
        try:
            if kind == "Cleartext-Password":
                clear = self.clear(customer)
                proof, other_forms = (_chap, _forms_in_chap) if chap else (_pap, _forms_in_pap)
                return proof(request, clear.encode()) or any(
                    proof(request, form) for form in (*_other_notations(customer, clear), *other_forms(clear))
                )
            return bool(password) and any(_matches_hash(form, kind, stored) for form in _read_as_utf8(password))
        except CredentialError as error:
            log.error("customer %d: %s", customer.id, error)
            return False

    def for_mschap(self, customer: Customer) -> tuple[str, str] | None:
        """(attribute, value) that rlm_mschap needs of the customer; None where the password is kept for PAP only."""
        kind, stored = customer.credential_attribute, customer.credential
        if not stored:
            return None
        if kind == "NT-Password":
            return "NT-Password", "0x" + stored.removeprefix("0x")
        if kind != "Cleartext-Password":
            return None
        try:
            clear = self.clear(customer)
        except CredentialError as error:
            log.error("customer %d: %s", customer.id, error)
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


def _other_notations(customer: Customer, clear: str) -> tuple[bytes, ...]:
    """A MAC address as name and password is the same in every notation: devices differ in how they write it."""
    mac = mac_of(clear)
    if mac is None or mac_of(customer.username) != mac:
        return ()
    return tuple(form.encode() for form in notations(mac))


def _forms_in_chap(clear: str) -> tuple[bytes, ...]:
    """What the HotSpot page's md5.js hashes beyond ASCII: the low octet of each UTF-16 unit.

    Not for a password of ASCII alone: it is the same, and every other one would get a weak twin.
    """
    return () if clear.isascii() else (clear.encode("utf-16-le", "surrogatepass")[::2],)


def _forms_in_pap(clear: str) -> tuple[bytes, ...]:
    """What a browser sends from a page in ISO-8859-1, which it reads as cp1252: beyond that, numeric references."""
    return () if clear.isascii() else (clear.encode("cp1252", "xmlcharrefreplace"),)


def _read_as_utf8(password: bytes) -> tuple[bytes, ...]:
    """The octets as they came and, where they may have been sent from a page in cp1252, as UTF-8 has them."""
    if password.isascii():
        return (password,)
    try:
        return password, password.decode("cp1252").encode()
    except UnicodeDecodeError:
        return (password,)


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
