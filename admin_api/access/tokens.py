"""Operators' tokens: JWT, HS256, issued and read here alone."""

from __future__ import annotations

import secrets
from datetime import datetime, timedelta
from typing import NamedTuple

import jwt

ISSUER = "infora"
_ALGORITHM = "HS256"
_CLAIMS = ["iss", "sub", "jti", "iat", "exp", "ver"]


class Token(NamedTuple):
    """What a valid token says. `version` must be the user's of today (models.tables.users)."""

    user_id: int
    version: int
    jti: str
    expires_at: int


def issue(key: str, user_id: int, version: int, now: datetime, lifetime: timedelta) -> str:
    """A token for that user; it says nothing about role or tenant, which are read at each request."""
    claims = {
        "iss": ISSUER,
        "sub": str(user_id),
        "jti": secrets.token_urlsafe(16),
        "iat": now,
        "exp": now + lifetime,
        "ver": version,
    }
    return jwt.encode(claims, key, algorithm=_ALGORITHM)


def read(key: str, text: str) -> Token | None:
    """None for everything that we did not sign with this key and algorithm, or that has expired."""
    try:
        claims = jwt.decode(text, key, algorithms=[_ALGORITHM], issuer=ISSUER, options={"require": _CLAIMS})
        user_id, version, jti = int(claims["sub"]), claims["ver"], claims["jti"]
    except (jwt.InvalidTokenError, ValueError):
        return None
    if type(version) is not int or type(jti) is not str or not 0 < user_id < 2**63 or not abs(version) < 2**63:
        return None
    return Token(user_id, version, jti, int(claims["exp"]))
