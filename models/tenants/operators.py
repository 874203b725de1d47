"""Operators are created, change their password, are deleted. In the caller's transaction; commits nothing."""

from __future__ import annotations

from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from models.audit_trail import record, snapshot
from models.refusals import Refused
from models.secrets.password_hashes import hash_operator_password
from models.tables.users import ROLES, User


def create_user(session: Session, isp_id: int | None, *, username: str, password: str, role: str) -> User:
    """A new operator: of a tenant, or a superadmin, who has none."""
    user = User(isp_id=isp_id, username=username, password_hash=hash_operator_password(password), role=role)
    session.add(user)
    record(session, "create", user)
    return user


def update_user(session: Session, user: User, changes: dict[str, Any]) -> None:
    """Change the given columns. A new password, a lower role and a lock end all of the user's tokens."""
    before = snapshot(user)
    changes = dict(changes)
    password = changes.pop("password", None)
    for name, value in changes.items():
        setattr(user, name, value)
    if password is not None:
        user.password_hash = hash_operator_password(password)
    if password is not None or changes.keys() & {"role", "is_active"}:
        user.token_version += 1
    _keep_one_superadmin(session, user, before)
    record(session, "update", user, before)


def change_password(session: Session, user: User, password: str) -> None:
    """The user's own new password; every token of the user ends."""
    user.password_hash = hash_operator_password(password)
    user.token_version += 1
    record(session, "password", user)


def delete_user(session: Session, user: User) -> None:
    """Remove an operator; what the operator did stays in the audit log under that name."""
    before = snapshot(user)
    user.is_active = False
    _keep_one_superadmin(session, user, before)
    record(session, "delete", user, before)
    session.delete(user)
    session.flush()


def rank(role: str) -> int:
    """Higher is weaker."""
    return ROLES.index(role)


def _keep_one_superadmin(session: Session, user: User, before: dict[str, Any]) -> None:
    session.flush()
    if before["role"] != "superadmin" or (user.role == "superadmin" and user.is_active):
        return
    # All of them are locked, so that two who remove each other at once cannot both succeed.
    left = session.scalars(
        select(User.id).where(User.role == "superadmin", User.is_active.is_(True)).with_for_update(key_share=True)
    ).all()
    if not left:
        raise Refused("last_superadmin", "This is the last active superadmin.")
