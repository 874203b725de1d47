"""Growth that no line carries is kept beside the session, operators correct usage, and the writer sets records aside."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import context, op

revision = "0014"
down_revision = "0013"


def upgrade() -> None:
    for column in ("implausible_input", "implausible_output"):
        op.add_column("radacct", sa.Column(column, sa.Numeric(20, 0), nullable=True))
    op.create_table(
        "usage_corrections",
        sa.Column("isp_id", sa.BigInteger(), nullable=False),
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("customer_id", sa.BigInteger(), nullable=False),
        sa.Column("period_start", sa.DateTime(timezone=True), nullable=False),
        sa.Column("bytes_in", sa.BigInteger(), nullable=False),
        sa.Column("bytes_out", sa.BigInteger(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.PrimaryKeyConstraint("isp_id", "id", name=op.f("pk_usage_corrections")),
        sa.ForeignKeyConstraint(["isp_id"], ["isps.id"], name=op.f("fk_usage_corrections_isp_id_isps")),
        sa.ForeignKeyConstraint(
            ["isp_id", "customer_id"], ["customers.isp_id", "customers.id"],
            name=op.f("fk_usage_corrections_isp_id_customer_id_customers"), ondelete="CASCADE",
        ),
        sa.CheckConstraint("bytes_in <> 0 or bytes_out <> 0", name=op.f("ck_usage_corrections_changes_something")),
        sa.CheckConstraint("length(reason) between 1 and 500", name=op.f("ck_usage_corrections_reason_length")),
    )  # fmt: skip
    op.create_index("ix_usage_corrections_isp_id_customer_id", "usage_corrections", ["isp_id", "customer_id"])
    op.create_table(
        "set_aside",
        sa.Column("isp_id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("node", sa.Text(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("records", sa.BigInteger(), nullable=False),
        sa.Column("octets", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("isp_id", "id", name=op.f("pk_set_aside")),
    )
    api_role = context.config.attributes["api_role"]
    for table in ("usage_corrections", "set_aside"):
        op.execute(f"select infora_wall_in('{table}', {_literal(api_role)})")
    op.execute("revoke all on set_aside from " + '"' + api_role.replace('"', '""') + '"')


def _literal(text: str) -> str:
    return "'" + text.replace("'", "''") + "'"


def downgrade() -> None:
    raise NotImplementedError("restore the backup taken before the upgrade (docs/upgrade.md)")
