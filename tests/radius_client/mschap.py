"""The arithmetic of MS-CHAP: version 1 (RFC 2433) and version 2 (RFC 2759). No packets here."""

import hashlib

from cryptography.hazmat.decrepit.ciphers.algorithms import TripleDES
from cryptography.hazmat.primitives.ciphers import Cipher, modes

from tests.radius_client.md4 import md4

_MAGIC1 = b"Magic server to client signing constant"
_MAGIC2 = b"Pad to make it do more than one iteration"


def nt_hash(password: str) -> bytes:
    """16 octets: MD4 of the password as UTF-16LE (RFC 2759 section 8.3)."""
    return md4(password.encode("utf-16-le"))


def challenge_response(challenge: bytes, password_hash: bytes) -> bytes:
    """24 octets for an 8-octet challenge (RFC 2759 section 8.5)."""
    keys = password_hash.ljust(21, b"\0")
    return b"".join(_des(keys[at : at + 7], challenge) for at in (0, 7, 14))


def challenge_hash(peer_challenge: bytes, authenticator_challenge: bytes, user_name: bytes) -> bytes:
    """The 8-octet challenge that version 2 really uses (RFC 2759 section 8.2)."""
    joined = peer_challenge + authenticator_challenge + user_name
    return hashlib.sha1(joined, usedforsecurity=False).digest()[:8]


def nt_response(password: str, user_name: bytes, authenticator_challenge: bytes, peer_challenge: bytes) -> bytes:
    """Version 2's 24-octet NT-Response (RFC 2759 section 8.1)."""
    challenge = challenge_hash(peer_challenge, authenticator_challenge, user_name)
    return challenge_response(challenge, nt_hash(password))


def authenticator_response(
    password: str, response: bytes, user_name: bytes, authenticator_challenge: bytes, peer_challenge: bytes
) -> bytes:
    """`S=` and 40 hexadecimal digits by which the server proves the password (RFC 2759 section 8.7)."""
    hash_of_hash = md4(nt_hash(password))
    digest = hashlib.sha1(hash_of_hash + response + _MAGIC1, usedforsecurity=False).digest()
    challenge = challenge_hash(peer_challenge, authenticator_challenge, user_name)
    proof = hashlib.sha1(digest + challenge + _MAGIC2, usedforsecurity=False).hexdigest()
    return b"S=" + proof.upper().encode()


def _des(key: bytes, block: bytes) -> bytes:
    """Single DES of one block, as triple DES with three equal keys; parity bits are left unset."""
    bits = int.from_bytes(key, "big")
    spread = bytes(((bits >> (49 - 7 * index)) & 0x7F) << 1 for index in range(8))
    encryptor = Cipher(TripleDES(spread * 3), modes.ECB()).encryptor()  # noqa: S305 - MS-CHAP is what it is
    return encryptor.update(block) + encryptor.finalize()
