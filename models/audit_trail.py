"""Writes the audit row of a change or a login, in its own transaction. Rows are added, never changed.

Who acts is told to the session once (`act_as`); what a row showed before is taken with `snapshot`.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from typing import Any

from sqlalchemy import inspect
from sqlalchemy.orm import Session

from models.tables.audit_log import AuditLog
from models.tables.base import Base

#: Columns whose value is never shown.
SECRET_COLUMNS = frozenset(
    {"api_key_hash", "radius_secret", "api_password", "password", "password_hash", "token_version"}
)
MASK = "***"
_UNTOLD = frozenset({"created_at", "updated_at", "login_name", "name_twin"})


@dataclass(frozen=True)
class Actor:
    """Who makes the changes of a session."""

    name: str
    address: str | None = None
    request_id: str | None = None


def act_as(session: Session, actor: Actor) -> None:
    """From here on the session's changes are this actor's."""
    session.info["actor"] = actor


def snapshot(row: Base) -> dict[str, Any]:
    """The row's public columns as JSON holds them; a secret is a mask, or null where there is none."""
    columns = inspect(type(row)).columns.keys()
    return {name: _shown(name, getattr(row, name)) for name in columns if name not in _UNTOLD}


def record(
    session: Session,
    action: str,
    row: Base,
    before: dict[str, Any] | None = None,
    after: dict[str, Any] | None = None,
    *,
    isp_id: int | None = None,
) -> None:
    """One audit row. Of a change, only what differs is kept; `after` defaults to the row as it is (None if deleted)."""
    session.flush()
    if after is None and action != "delete":
        after = snapshot(row)
    if before is not None and after is not None:
        before, after = _difference(before, after)
    belongs_to = isp_id if isp_id is not None else getattr(row, "isp_id", None)
    note(session, action, row.__tablename__, getattr(row, "id", None), belongs_to, before, after)


def note(
    session: Session,
    action: str,
    resource: str,
    resource_id: int | None,
    isp_id: int | None,
    before: dict[str, Any] | None = None,
    after: dict[str, Any] | None = None,
) -> None:
    """One audit row about what is no change of a row, such as a login."""
    actor = session.info.get("actor", Actor("system"))
    session.add(
        AuditLog(
            isp_id=isp_id, actor=actor.name, address=actor.address, request_id=actor.request_id, action=action,
            resource=resource, resource_id=resource_id, before=before, after=after,
        )
    )  # fmt: skip


def _shown(name: str, value: object) -> object:
    if name in SECRET_COLUMNS:
        return None if value is None else MASK
    if isinstance(value, datetime | date):
        return value.isoformat()
    if isinstance(value, bytes):
        return value.hex()
    return str(value) if isinstance(value, Decimal) else value


def _difference(before: dict[str, Any], after: dict[str, Any]) -> tuple[dict[str, Any], dict[str, Any]]:
    changed = [name for name in after if before.get(name) != after[name]]
    return {name: before.get(name) for name in changed}, {name: after[name] for name in changed}
