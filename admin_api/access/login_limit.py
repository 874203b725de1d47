"""The limit on guessing operators' passwords: after ten wrong ones in a minute, an account or an address waits.

An account waits only where it has not logged in from for a month: guesses from elsewhere lock nobody out. Attempts are
counted before their passwords are compared, so that many at once do not slip through. In the database, since the API
runs as several processes; of names and addresses only digests are stored.
"""

from __future__ import annotations

import hashlib
import ipaddress
import time
from datetime import UTC, datetime, timedelta
from typing import NamedTuple

from sqlalchemy import case, delete, func, select, text, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from models.tables.api_access import LoginAddress, LoginFailure

WINDOW = timedelta(minutes=1)
#: How long an address is familiar after a login.
FAMILIAR = timedelta(days=30)
#: An attempt that has been compared for so long was left behind by a process that died: it counts as wrong.
_LONGEST_COMPARISON = timedelta(seconds=5)
_PATIENCE, _PAUSE = 5.0, 0.05
#: One attempt of a subject after the other, for the moment of counting.
_LOCK = text("select pg_advisory_xact_lock(hashtextextended(:subject, 0))")


class Attempt(NamedTuple):
    """Counted rows of an attempt whose password is being compared."""

    ids: tuple[int, ...]


class TooMany(NamedTuple):
    """The limit is reached for so many seconds."""

    seconds: int


def of_address(address: str | None) -> str:
    """What an address counts as (of IPv6: its /64)."""
    return _digest(f"address {_network(address or '')}")


def of_account(username: str) -> str:
    """What an account counts as, existing or not."""
    return _digest(f"account {username.strip().lower()}")


def is_familiar(session: Session, user_id: int, address: str | None, now: datetime) -> bool:
    """Has the user logged in from there within a month? Asked for user 0, too, so that both take the same time."""
    seen = select(LoginAddress.last_login_at).where(
        LoginAddress.user_id == user_id, LoginAddress.address_digest == of_address(address),
        LoginAddress.last_login_at > now - FAMILIAR,
    )  # fmt: skip
    return session.scalar(seen) is not None


def remember(session: Session, user_id: int, address: str | None, now: datetime) -> None:
    """The user has logged in from there; what was long ago is forgotten."""
    row = {"user_id": user_id, "address_digest": of_address(address), "last_login_at": now}
    statement = insert(LoginAddress).values(row)
    session.execute(statement.on_conflict_do_update(
        index_elements=["user_id", "address_digest"], set_={"last_login_at": statement.excluded.last_login_at}
    ))  # fmt: skip
    session.execute(delete(LoginAddress).where(LoginAddress.last_login_at < now - FAMILIAR))


def begin(session: Session, subjects: list[str], allowed: int) -> Attempt | TooMany:
    """Count an attempt, before its password is compared. Commits.

    While others of the same subject are being compared and could fill the limit, it waits for their result.
    """
    deadline = time.monotonic() + _PATIENCE
    while True:
        now = datetime.now(UTC)
        for subject in sorted(subjects):
            session.execute(_LOCK, {"subject": subject})
        failed, all_of_them = _most(session, subjects, now)
        if failed < allowed and all_of_them < allowed:
            session.execute(delete(LoginFailure).where(LoginFailure.failed_at < now - 10 * WINDOW))
            rows = [LoginFailure(subject=subject, failed_at=now, is_pending=True) for subject in subjects]
            session.add_all(rows)
            session.flush()
            attempt = Attempt(tuple(row.id for row in rows))
            session.commit()
            return attempt
        seconds = _seconds_to_wait(session, subjects, now, allowed)
        session.rollback()
        if failed >= allowed or time.monotonic() > deadline:
            return TooMany(seconds)
        time.sleep(_PAUSE)


def was_wrong(session: Session, attempt: Attempt) -> None:
    """The password was wrong: the attempt counts."""
    session.execute(update(LoginFailure).where(LoginFailure.id.in_(attempt.ids)).values(is_pending=False))


def was_right(session: Session, attempt: Attempt) -> None:
    """The password was right: the attempt counts for nothing."""
    session.execute(delete(LoginFailure).where(LoginFailure.id.in_(attempt.ids)))


def _most(session: Session, subjects: list[str], now: datetime) -> tuple[int, int]:
    """(wrong, wrong or being compared) of the subject that has the most."""
    is_compared = LoginFailure.is_pending & (LoginFailure.failed_at > now - _LONGEST_COMPARISON)
    counts = session.execute(
        select(func.sum(case((is_compared, 0), else_=1)), func.count())
        .where(LoginFailure.subject.in_(subjects), LoginFailure.failed_at > now - WINDOW)
        .group_by(LoginFailure.subject)
    ).all()
    return max((row[0] for row in counts), default=0), max((row[1] for row in counts), default=0)


def _seconds_to_wait(session: Session, subjects: list[str], now: datetime, allowed: int) -> int:
    nth_newest = (
        select(
            LoginFailure.failed_at,
            func.row_number()
            .over(partition_by=LoginFailure.subject, order_by=LoginFailure.failed_at.desc())
            .label("place"),
        )
        .where(LoginFailure.subject.in_(subjects), LoginFailure.failed_at > now - WINDOW)
        .subquery()
    )
    latest = session.scalar(select(func.max(nth_newest.c.failed_at)).where(nth_newest.c.place == allowed))
    return 1 if latest is None else max(1, round((latest + WINDOW - now).total_seconds() + 0.5))


def _network(address: str) -> str:
    try:
        ip = ipaddress.ip_address(address)
    except ValueError:
        return address
    return str(ip) if ip.version == 4 else str(ipaddress.ip_network((ip, 64), strict=False))


def _digest(text: str) -> str:
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()
