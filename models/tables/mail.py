"""How a tenant sends e-mail, and the messages that are or were to be sent."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import CheckConstraint, Index, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column

from models.tables.base import Base, Created, HistoryTenantKey, Id, TenantKey, Updated

MAIL_ERRORS = (
    "no_settings", "refused_address", "no_answer", "tls_failed", "bad_login", "rejected", "unknown_outcome",
    "no_document", "unsendable",
)  # fmt: skip


class SmtpSettings(Base):
    """A tenant's mail server."""

    __tablename__ = "smtp_settings"
    __table_args__ = (
        CheckConstraint("security in ('starttls', 'tls', 'none')", name="security_known"),
        CheckConstraint("port between 1 and 65535", name="port_range"),
        CheckConstraint("(username is null) = (password is null)", name="login_whole"),
        CheckConstraint("security <> 'none' or password is null", name="no_password_in_clear"),
    )

    isp_id: Mapped[TenantKey]
    host: Mapped[str]
    port: Mapped[int] = mapped_column(server_default=text("587"))
    #: `starttls`: the connection becomes a secret one or is not used; `tls`: it is one from its first octet.
    security: Mapped[str] = mapped_column(server_default="starttls")
    username: Mapped[str | None]
    #: Encrypted (models.secrets.keyring), associated data `<isp_id>/smtp_settings/<isp_id>`.
    password: Mapped[str | None]
    #: The address that messages come from.
    sender: Mapped[str]
    sender_name: Mapped[str] = mapped_column(server_default="")
    reply_to: Mapped[str | None]
    #: Above the words of every message with a document.
    text: Mapped[str] = mapped_column(server_default="")
    #: Documents are sent when they are issued: those behind this place in the tenant's chain. Null: by hand only.
    sent_through: Mapped[int | None]
    created_at: Mapped[Created]
    updated_at: Mapped[Updated]


class Mail(Base):
    """One message to one address. It leaves once: what became of a message that was cut off is `unknown_outcome`."""

    __tablename__ = "mails"
    __table_args__ = (
        UniqueConstraint("isp_id", "key"),
        CheckConstraint("status in ('pending', 'sending', 'sent', 'failed')", name="status_known"),
        CheckConstraint(f"error in {MAIL_ERRORS}", name="error_known"),
        CheckConstraint("(status in ('sent', 'failed')) = (done_at is not null)", name="done_has_time"),
        CheckConstraint("(status = 'sending') = (claimed_at is not null)", name="claimed_while_sending"),
        Index("ix_mails_due", "isp_id", "next_attempt_at", postgresql_where=text("status = 'pending'")),
        Index("ix_mails_sending", "claimed_at", postgresql_where=text("status = 'sending'")),
        Index("ix_mails_isp_id_customer_id", "isp_id", "customer_id"),
        Index("ix_mails_isp_id_document_id", "isp_id", "document_id"),
        Index("ix_mails_isp_id_done_at", "isp_id", "done_at", postgresql_where=text("done_at is not null")),
    )

    isp_id: Mapped[HistoryTenantKey]
    id: Mapped[Id]
    #: What it is about, and to whom: it is written once.
    key: Mapped[str]
    customer_id: Mapped[int | None]
    document_id: Mapped[int | None]
    recipient: Mapped[str]
    subject: Mapped[str]
    body: Mapped[str]
    #: The left part of its Message-ID, the same at every attempt.
    token: Mapped[str] = mapped_column(server_default=text("(gen_random_uuid())::text"))
    status: Mapped[str] = mapped_column(server_default="pending")
    error: Mapped[str | None]
    #: The server's own words.
    answer: Mapped[str | None]
    attempts: Mapped[int] = mapped_column(server_default=text("0"))
    next_attempt_at: Mapped[Created]
    claimed_at: Mapped[datetime | None]
    created_at: Mapped[Created]
    done_at: Mapped[datetime | None]
    actor: Mapped[str]
