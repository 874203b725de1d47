"""A tenant's mail server is saved; its password is encrypted and never shown."""

from __future__ import annotations

from typing import Any

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from models.audit_trail import record, snapshot
from models.refusals import Invalid
from models.secrets.keyring import Keyring
from models.tables.documents import Document
from models.tables.mail import SmtpSettings

TABLE = SmtpSettings.__tablename__


def read(session: Session, isp_id: int) -> SmtpSettings | None:
    """None: the tenant sends no e-mail."""
    return session.get(SmtpSettings, isp_id)


def save(
    session: Session, keyring: Keyring, isp_id: int, values: dict[str, Any], *, automatic: bool, password: str | None
) -> SmtpSettings:
    """The settings become the given ones. Without a password the one that there is stays, for the same host and login.

    `automatic`: from now on documents are sent when they are issued.
    """
    settings = read(session, isp_id)
    before = None if settings is None else snapshot(settings)
    if settings is None:
        settings = SmtpSettings(isp_id=isp_id)
    same = (settings.host, settings.username) == (values["host"], values["username"])
    kept = settings.password if same and values["username"] else None
    encrypted = kept if password is None else keyring.encrypt(password, isp_id, TABLE, isp_id)
    if (values["username"] is None) != (encrypted is None):
        raise Invalid("password", "goes together with username, and is asked for again with another host or login")
    if encrypted is not None and values["security"] == "none":
        raise Invalid("security", "must be starttls or tls where there is a password")
    for name, value in (values | {"password": encrypted}).items():
        setattr(settings, name, value)
    if not automatic:
        settings.sent_through = None
    elif settings.sent_through is None:
        settings.sent_through = _end_of_chain(session, isp_id)
    session.add(settings)
    session.flush()
    session.refresh(settings)
    record(session, "create" if before is None else "update", settings, before)
    return settings


def _end_of_chain(session: Session, isp_id: int) -> int:
    return session.scalar(select(func.max(Document.chain_no)).where(Document.isp_id == isp_id)) or 0
