"""Whose server sends a tenant's e-mail, and the messages that are or were to be sent."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import context, op

revision = "0034"
down_revision = "0033"

ERRORS = (
    "no_settings", "refused_address", "no_answer", "tls_failed", "bad_login", "rejected", "unknown_outcome",
    "no_document", "unsendable",
)  # fmt: skip


def upgrade() -> None:
    _settings()
    _mails()
    op.execute("create trigger touch before update on smtp_settings for each row execute function infora_touch()")
    api_role = context.config.attributes["api_role"]
    for table in ("smtp_settings", "mails"):
        op.execute(f"select infora_wall_in('{table}', '{api_role.replace(chr(39), chr(39) * 2)}')")


def _settings() -> None:
    op.create_table(
        "smtp_settings",
        sa.Column("isp_id", sa.BigInteger(), nullable=False),
        sa.Column("host", sa.Text(), nullable=False),
        sa.Column("port", sa.BigInteger(), server_default=sa.text("587"), nullable=False),
        sa.Column("security", sa.Text(), server_default="starttls", nullable=False),
        sa.Column("username", sa.Text()),
        sa.Column("password", sa.Text()),
        sa.Column("sender", sa.Text(), nullable=False),
        sa.Column("sender_name", sa.Text(), server_default="", nullable=False),
        sa.Column("reply_to", sa.Text()),
        sa.Column("text", sa.Text(), server_default="", nullable=False),
        sa.Column("sent_through", sa.BigInteger()),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.CheckConstraint("security in ('starttls', 'tls', 'none')", name=op.f("ck_smtp_settings_security_known")),
        sa.CheckConstraint("port between 1 and 65535", name=op.f("ck_smtp_settings_port_range")),
        sa.CheckConstraint("(username is null) = (password is null)", name=op.f("ck_smtp_settings_login_whole")),
        sa.CheckConstraint(
            "security <> 'none' or password is null", name=op.f("ck_smtp_settings_no_password_in_clear")
        ),
        sa.ForeignKeyConstraint(["isp_id"], ["isps.id"], name=op.f("fk_smtp_settings_isp_id_isps")),
        sa.PrimaryKeyConstraint("isp_id", name=op.f("pk_smtp_settings")),
    )


def _mails() -> None:
    op.create_table(
        "mails",
        sa.Column("isp_id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("id", sa.BigInteger(), sa.Identity(), nullable=False),
        sa.Column("key", sa.Text(), nullable=False),
        sa.Column("customer_id", sa.BigInteger()),
        sa.Column("document_id", sa.BigInteger()),
        sa.Column("recipient", sa.Text(), nullable=False),
        sa.Column("subject", sa.Text(), nullable=False),
        sa.Column("body", sa.Text(), nullable=False),
        sa.Column("token", sa.Text(), server_default=sa.text("(gen_random_uuid())::text"), nullable=False),
        sa.Column("status", sa.Text(), server_default="pending", nullable=False),
        sa.Column("error", sa.Text()),
        sa.Column("answer", sa.Text()),
        sa.Column("attempts", sa.BigInteger(), server_default=sa.text("0"), nullable=False),
        sa.Column("next_attempt_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("claimed_at", sa.DateTime(timezone=True)),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("done_at", sa.DateTime(timezone=True)),
        sa.Column("actor", sa.Text(), nullable=False),
        sa.CheckConstraint("status in ('pending', 'sending', 'sent', 'failed')", name=op.f("ck_mails_status_known")),
        sa.CheckConstraint(f"error in {ERRORS}", name=op.f("ck_mails_error_known")),
        sa.CheckConstraint(
            "(status in ('sent', 'failed')) = (done_at is not null)", name=op.f("ck_mails_done_has_time")
        ),
        sa.CheckConstraint(
            "(status = 'sending') = (claimed_at is not null)", name=op.f("ck_mails_claimed_while_sending")
        ),
        sa.PrimaryKeyConstraint("isp_id", "id", name=op.f("pk_mails")),
        sa.UniqueConstraint("isp_id", "key", name=op.f("uq_mails_isp_id_key")),
    )
    for name, columns, where in (
        ("ix_mails_due", ["isp_id", "next_attempt_at"], "status = 'pending'"),
        ("ix_mails_sending", ["claimed_at"], "status = 'sending'"),
        ("ix_mails_isp_id_customer_id", ["isp_id", "customer_id"], None),
        ("ix_mails_isp_id_document_id", ["isp_id", "document_id"], None),
        ("ix_mails_isp_id_done_at", ["isp_id", "done_at"], "done_at is not null"),
    ):
        op.create_index(name, "mails", columns, postgresql_where=None if where is None else sa.text(where))


def downgrade() -> None:
    raise NotImplementedError("restore the backup taken before the upgrade (docs/upgrade.md)")
