"""Finds a tenant's customer by a router's User-Name, without regard to case and to the notation of a MAC address."""

from __future__ import annotations

from sqlalchemy import func, select
from sqlalchemy.orm import Session


def customer_id_named(session: Session, username: str) -> int | None:
    """In the tenant that the transaction works in (row-level security); None: there is no such customer."""
    if "\0" in username:
        return None
    return session.scalar(select(func.infora_customer_named(username)))
