"""Secrets that the system makes, and the digest by which an API key is known again."""

from __future__ import annotations

import hashlib
import re
import secrets

#: What FreeRADIUS takes literally in a shared secret: printable ASCII without space, quotes and backslash.
RADIUS_SECRET_FORM = re.compile(r"[!#-&(-\[\]-~]{6,128}")
API_KEY_FORM = re.compile(r"[!-~]{32,200}")
#: Asks the server to make the secret.
MADE_BY_SERVER = "auto-generated"


def make_secret() -> str:
    """43 characters of URL-safe text: 256 random bits."""
    return secrets.token_urlsafe(32)


def given_or_generated(secret: str | None) -> str:
    """The secret as given; a new one where none is given, or the word for it."""
    return make_secret() if secret is None or secret == MADE_BY_SERVER else secret


def api_key_digest(api_key: str) -> str:
    """What is stored of an API key. The key has 256 random bits, so that a plain SHA-256 is beyond guessing."""
    return hashlib.sha256(api_key.encode()).hexdigest()
