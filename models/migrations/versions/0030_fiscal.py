"""A tenant's tax authority: whose system is told about its documents, and since when."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0030"
down_revision = "0029"


def upgrade() -> None:
    op.add_column("billing_settings", sa.Column("fiscal_authority", sa.Text(), nullable=True))
    op.add_column("billing_settings", sa.Column("fiscal_since", sa.DateTime(timezone=True), nullable=True))
    op.create_check_constraint(
        "fiscal_authority_known", "billing_settings", "fiscal_authority in ('reference') and fiscal_since is not null"
    )
    op.create_index(
        "ix_documents_unanswered", "documents", ["isp_id", "issued_at"],
        postgresql_where=sa.text("fiscal is null and kind in ('invoice', 'credit_note')"),
    )  # fmt: skip


def downgrade() -> None:
    raise NotImplementedError("restore the backup taken before the upgrade (docs/upgrade.md)")
