"""Secrets at rest: AES-GCM with the keys outside the database.

`CREDENTIAL_KEYS` is `<id>:<base64 of 32 bytes>[,…]`; the first key writes, all of them read, so a key is rotated by
putting a new one in front and re-encrypting at leisure. A stored value is
`aes:<key id>:<base64 of nonce + text + tag>`; its associated data `<isp_id>/<table>/<row>` make a value useless in
any other row.
"""

from __future__ import annotations

import base64
import binascii
import os
from collections.abc import Mapping
from dataclasses import dataclass, field

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

PREFIX = "aes:"
_NONCE = 12


class CredentialError(ValueError):
    """A key or a stored secret that cannot be used. The text never holds the secret."""


@dataclass(frozen=True)
class Keyring:
    """The installation's keys; `writer` is the id of the one that encrypts."""

    writer: str
    ciphers: Mapping[str, AESGCM] = field(repr=False)

    @classmethod
    def parse(cls, text: str) -> Keyring:
        """From the form of `CREDENTIAL_KEYS`. Raises CredentialError with one sentence."""
        ciphers: dict[str, AESGCM] = {}
        for part in filter(None, (piece.strip() for piece in text.split(","))):
            name, _, encoded = part.partition(":")
            try:
                key = base64.b64decode(encoded, validate=True)
            except binascii.Error:
                key = b""
            if not name or len(key) != 32 or len(set(key)) < 8:
                raise CredentialError("CREDENTIAL_KEYS must be <id>:<base64 of 32 random bytes>, separated by commas")
            if name in ciphers:
                raise CredentialError(f"CREDENTIAL_KEYS names the key {name} twice")
            ciphers[name] = AESGCM(key)
        if not ciphers:
            raise CredentialError("CREDENTIAL_KEYS is empty")
        return cls(next(iter(ciphers)), ciphers)

    def encrypt(self, secret: str, isp_id: int, table: str, row: int) -> str:
        """The stored form of `secret` for that row."""
        nonce = os.urandom(_NONCE)
        sealed = self.ciphers[self.writer].encrypt(nonce, secret.encode(), _associated(isp_id, table, row))
        return f"{PREFIX}{self.writer}:{base64.b64encode(nonce + sealed).decode()}"

    def decrypt(self, stored: str, isp_id: int, table: str, row: int) -> str:
        """The secret again. A value without the prefix was put in clear by an operator and is returned as it is."""
        if not stored.startswith(PREFIX):
            return stored
        name, _, encoded = stored.removeprefix(PREFIX).partition(":")
        cipher = self.ciphers.get(name)
        if cipher is None:
            # Not by its name: an operator may have put a password in clear that looks like this.
            raise CredentialError(f"the key of {table} {row} is not in CREDENTIAL_KEYS")
        try:
            raw = base64.b64decode(encoded)
            return cipher.decrypt(raw[:_NONCE], raw[_NONCE:], _associated(isp_id, table, row)).decode()
        except (InvalidTag, ValueError) as wrong:
            raise CredentialError(f"the stored secret of {table} {row} does not open") from wrong

    def is_current(self, stored: str) -> bool:
        """False where the value should be written anew: another key's, or in clear."""
        return stored.startswith(f"{PREFIX}{self.writer}:")


def _associated(isp_id: int, table: str, row: int) -> bytes:
    return f"{isp_id}/{table}/{row}".encode()
