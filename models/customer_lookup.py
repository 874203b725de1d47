"""Finds a tenant's customer by what a router calls him: case and the notation of a MAC address do not matter."""

from __future__ import annotations

import re

from sqlalchemy import Text, func, select
from sqlalchemy.dialects.postgresql import array
from sqlalchemy.orm import Session

_MAC = re.compile(r"[0-9A-Fa-f]{12}")
_SEPARATORS = re.compile(r"[:.-]")


def customer_id_named(session: Session, username: str) -> int | None:
    """In the tenant that the transaction works in (row-level security); None: there is no such customer."""
    if "\0" in username:
        return None
    return session.scalar(select(func.infora_customer_named(array(spellings(username), type_=Text))))


def spellings(name: str) -> list[str]:
    """The name; of a MAC address every notation that routers and people use."""
    digits = _SEPARATORS.sub("", name)
    if not _MAC.fullmatch(digits):
        return [name]
    pairs = [digits[at : at + 2] for at in range(0, 12, 2)]
    dotted = [digits[at : at + 4] for at in range(0, 12, 4)]
    return [name, digits, ":".join(pairs), "-".join(pairs), ".".join(dotted), f"{digits[:6]}-{digits[6:]}"]
