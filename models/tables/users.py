"""Operators: the people who work with the admin API."""

from __future__ import annotations

from sqlalchemy import BigInteger, CheckConstraint, ForeignKey, Identity, Index, func, text
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
