"""Finds a tenant's customer by what a router calls him: case and the notation of a MAC address do not matter."""

from __future__ import annotations

from sqlalchemy import func, select
from sqlalchemy.orm import Session


def customer_id_named(session: Session, username: str) -> int | None:
    """In the tenant that the transaction works in (row-level security); None: there is no such customer."""
    if "\0" in username:
        return None
    return session.scalar(select(func.infora_customer_named(username)))
