"""What the admin API remembers about those who call it: ended tokens, failed logins, answers already given."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated

from sqlalchemy import BigInteger, CheckConstraint, ForeignKey, Identity, Index, UniqueConstraint, false
from sqlalchemy.orm import Mapped, mapped_column

from models.tables.base import Base, Created

_RowId = Annotated[int, mapped_column(BigInteger, Identity(), primary_key=True)]


class RevokedToken(Base):
    """A token that ended before its time (logout). The row is of no use once `expires_at` has passed."""

    __tablename__ = "revoked_tokens"
    __table_args__ = (Index("ix_revoked_tokens_expires_at", "expires_at"),)

    #: The token's `jti`.
    jti: Mapped[str] = mapped_column(primary_key=True)
    user_id: Mapped[int] = mapped_column(ForeignKey("users.id", ondelete="CASCADE"))
    expires_at: Mapped[datetime]


class LoginFailure(Base):
    """One wrong password. `subject` is a digest of an account's name or of an address: people type passwords there.

    `is_pending`: it is being compared and may yet be right.
    """

    __tablename__ = "login_failures"
    __table_args__ = (
        Index("ix_login_failures_subject_failed_at", "subject", "failed_at"),
        {"prefixes": ["UNLOGGED"]},
    )

    id: Mapped[_RowId]
    subject: Mapped[str]
    failed_at: Mapped[Created]
    is_pending: Mapped[bool] = mapped_column(server_default=false())


class LoginAddress(Base):
    """An address that an operator has logged in from, as a digest: guesses from elsewhere do not lock it out."""

    __tablename__ = "login_addresses"
    __table_args__ = (Index("ix_login_addresses_last_login_at", "last_login_at"),)

    user_id: Mapped[int] = mapped_column(ForeignKey("users.id", ondelete="CASCADE"), primary_key=True)
    address_digest: Mapped[str] = mapped_column(primary_key=True)
    last_login_at: Mapped[datetime]


class IdempotencyKey(Base):
    """The answer to a POST that carried an `Idempotency-Key`, kept in the transaction that did the work."""

    __tablename__ = "idempotency_keys"
    __table_args__ = (
        UniqueConstraint("caller", "key_digest"),
        Index("ix_idempotency_keys_created_at", "created_at"),
        CheckConstraint("status between 200 and 299", name="status_is_success"),
    )

    id: Mapped[_RowId]
    #: The tenant that was worked in; null for a superadmin outside of one.
    isp_id: Mapped[int | None] = mapped_column(ForeignKey("isps.id", ondelete="CASCADE"))
    #: `user:<id>` or `isp:<id>`.
    caller: Mapped[str]
    key_digest: Mapped[str]
    #: Of method, path and body: the same key with another request is an error.
    request_digest: Mapped[str]
    status: Mapped[int | None]
    #: The answer's body, encrypted (models.secrets.keyring): it may hold a secret that is shown once.
    answer: Mapped[str | None]
    created_at: Mapped[Created]
