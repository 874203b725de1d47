"""Operators: the people who work with the admin API."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import BigInteger, CheckConstraint, ForeignKey, Identity, Index, Text, func, text
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.orm import Mapped, mapped_column

from models.tables.base import Base, Created, Updated, Yes

ROLES = ("superadmin", "admin", "staff", "cashier", "viewer")


class User(Base):
    """An operator. A superadmin belongs to no tenant, so the key here cannot carry `isp_id` (docs/decisions)."""

    __tablename__ = "users"
    __table_args__ = (
        CheckConstraint("role in ('superadmin', 'admin', 'staff', 'cashier', 'viewer')", name="role_known"),
        CheckConstraint("(role = 'superadmin') = (isp_id is null)", name="superadmin_has_no_tenant"),
        CheckConstraint("length(username) between 1 and 200", name="username_length"),
        Index("uq_users_username", func.lower(text("username")), unique=True),
        Index("ix_users_isp_id", "isp_id"),
    )

    id: Mapped[int] = mapped_column(BigInteger, Identity(), primary_key=True)
    isp_id: Mapped[int | None] = mapped_column(ForeignKey("isps.id"))
    username: Mapped[str]
    #: argon2id, by models.secrets.keyring.hash_operator_password.
    password_hash: Mapped[str]
    role: Mapped[str]
    is_active: Mapped[Yes]
    #: Grows when all the user's tokens are to end (password change, logout everywhere).
    token_version: Mapped[int] = mapped_column(server_default=text("0"))
    created_at: Mapped[Created]
    updated_at: Mapped[Updated]


class OperatorTotp(Base):
    """An operator's second factor (RFC 6238). Asked for once it is confirmed."""

    __tablename__ = "operator_totp"
    __table_args__ = (Index("ix_operator_totp_isp_id", "isp_id"),)

    user_id: Mapped[int] = mapped_column(ForeignKey("users.id", ondelete="CASCADE"), primary_key=True)
    #: The operator's: null for a superadmin.
    isp_id: Mapped[int | None] = mapped_column(ForeignKey("isps.id"))
    #: Encrypted by models.secrets.keyring.
    secret: Mapped[str]
    confirmed_at: Mapped[datetime | None]
    #: Time step of the last code that was taken: it is not taken again.
    last_step: Mapped[int] = mapped_column(server_default=text("0"))
    #: Since the last right one.
    wrong_codes: Mapped[int] = mapped_column(server_default=text("0"))
    wrong_code_at: Mapped[datetime | None]
    #: SHA-256 of those that are left.
    recovery_codes: Mapped[list[str]] = mapped_column(ARRAY(Text), server_default=text("'{}'"))
    created_at: Mapped[Created]
