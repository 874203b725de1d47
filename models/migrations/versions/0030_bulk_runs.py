"""One act done to many customers, a slice at a time: which are done, so that a repeated request goes on."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import context, op

revision = "0030"
down_revision = "0029"


def upgrade() -> None:
    op.create_table(
        "bulk_runs",
        sa.Column("isp_id", sa.BigInteger(), nullable=False),
        sa.Column("id", sa.BigInteger(), sa.Identity(), nullable=False),
        sa.Column("idempotency_key_id", sa.BigInteger()),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.ForeignKeyConstraint(["isp_id"], ["isps.id"], name=op.f("fk_bulk_runs_isp_id_isps")),
        sa.PrimaryKeyConstraint("isp_id", "id", name=op.f("pk_bulk_runs")),
    )
    op.create_index(
        "uq_bulk_runs_isp_id_idempotency_key_id", "bulk_runs", ["isp_id", "idempotency_key_id"], unique=True
    )
    op.create_table(
        "bulk_results",
        sa.Column("isp_id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("run_id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("customer_id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("code", sa.Text()),
        sa.Column("message", sa.Text()),
        sa.Column("charged", sa.BigInteger()),
        sa.Column("expires_at", sa.DateTime(timezone=True)),
        sa.ForeignKeyConstraint(
            ["isp_id", "run_id"], ["bulk_runs.isp_id", "bulk_runs.id"], ondelete="CASCADE",
            name=op.f("fk_bulk_results_isp_id_run_id_bulk_runs"),
        ),
        sa.PrimaryKeyConstraint("isp_id", "run_id", "customer_id", name=op.f("pk_bulk_results")),
    )  # fmt: skip
    op.create_index(
        "ix_bulk_results_waiting", "bulk_results", ["isp_id", "run_id", "customer_id"],
        postgresql_where=sa.text("code is null"),
    )  # fmt: skip
    api_role = context.config.attributes["api_role"].replace("'", "''")
    for table in ("bulk_runs", "bulk_results"):
        op.execute(f"select infora_wall_in('{table}', '{api_role}')")


def downgrade() -> None:
    raise NotImplementedError("restore the backup taken before the upgrade (docs/upgrade.md)")
