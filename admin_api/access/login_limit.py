"""The limit on guessing operators' passwords: after ten wrong ones in a minute, an account or an address waits.

In the database, since the API runs as several processes; of names and addresses only digests are stored.
"""

from __future__ import annotations

import hashlib
import ipaddress
from datetime import datetime, timedelta

from sqlalchemy import delete, func, select
from sqlalchemy.orm import Session

from models.tables.api_access import LoginFailure

WINDOW = timedelta(minutes=1)


def subjects(username: str, address: str | None) -> list[str]:
    """What a login counts against: the account (existing or not), and the address (of IPv6: its /64)."""
    digests = [_digest(f"account {username.strip().lower()}")]
    if address:
        digests.append(_digest(f"address {_network(address)}"))
    return digests


def seconds_to_wait(session: Session, of: list[str], now: datetime, allowed: int) -> int:
    """0: go on."""
    nth_newest = (
        select(
            LoginFailure.failed_at,
            func.row_number()
            .over(partition_by=LoginFailure.subject, order_by=LoginFailure.failed_at.desc())
            .label("place"),
        )
        .where(LoginFailure.subject.in_(of), LoginFailure.failed_at > now - WINDOW)
        .subquery()
    )
    latest = session.scalar(select(func.max(nth_newest.c.failed_at)).where(nth_newest.c.place == allowed))
    return 0 if latest is None else max(1, round((latest + WINDOW - now).total_seconds() + 0.5))


def count_failure(session: Session, of: list[str], now: datetime) -> None:
    """One more wrong password; what is too old to count goes."""
    session.execute(delete(LoginFailure).where(LoginFailure.failed_at < now - 10 * WINDOW))
    session.add_all(LoginFailure(subject=subject, failed_at=now) for subject in of)


def _network(address: str) -> str:
    try:
        ip = ipaddress.ip_address(address)
    except ValueError:
        return address
    return str(ip) if ip.version == 4 else str(ipaddress.ip_network((ip, 64), strict=False))


def _digest(text: str) -> str:
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()
