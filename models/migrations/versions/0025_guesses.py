"""Wrong passwords of customers are counted beside a flood of refusals that are none; operators' second factor.

Both indexes hold wrong passwords alone, so that logins pay nothing for them.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import context, op
from sqlalchemy.dialects import postgresql

revision = "0025"
down_revision = "0024"

_WRONG = sa.text("code = 'bad_password'")

#: As operators themselves are seen (migration 0004).
VISIBLE = (
    "isp_id = nullif(current_setting('infora.isp_id', true), '')::bigint"
    " or current_setting('infora.scope', true) = 'all'"
)


def upgrade() -> None:
    op.create_index("ix_radpostauth_wrong_of_customer", "radpostauth", ["isp_id", "customer_id", "authdate"],
                    postgresql_where=_WRONG)  # fmt: skip
    op.create_index("ix_radpostauth_wrong", "radpostauth", ["isp_id", "authdate"], postgresql_where=_WRONG)
    op.create_table(
        "operator_totp",
        sa.Column("user_id", sa.BigInteger(), nullable=False),
        sa.Column("isp_id", sa.BigInteger()),
        sa.Column("secret", sa.Text(), nullable=False),
        sa.Column("confirmed_at", sa.DateTime(timezone=True)),
        sa.Column("last_step", sa.BigInteger(), server_default=sa.text("0"), nullable=False),
        sa.Column("wrong_codes", sa.BigInteger(), server_default=sa.text("0"), nullable=False),
        sa.Column("wrong_code_at", sa.DateTime(timezone=True)),
        sa.Column("recovery_codes", postgresql.ARRAY(sa.Text()), server_default=sa.text("'{}'"), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.ForeignKeyConstraint(["user_id"], ["users.id"], name=op.f("fk_operator_totp_user_id_users"),
                                ondelete="CASCADE"),
        sa.ForeignKeyConstraint(["isp_id"], ["isps.id"], name=op.f("fk_operator_totp_isp_id_isps")),
        sa.PrimaryKeyConstraint("user_id", name=op.f("pk_operator_totp")),
    )  # fmt: skip
    op.create_index("ix_operator_totp_isp_id", "operator_totp", ["isp_id"])
    engine_role, api_role = (context.config.attributes[role] for role in ("engine_role", "api_role"))
    wall = sa.text("select infora_wall_in('operator_totp', :role, :visible)")
    op.get_bind().execute(wall, {"role": api_role, "visible": VISIBLE})
    # Without a role of their own the parts work as the owner, who must not shut themselves out.
    if engine_role != op.get_bind().scalar(sa.text("select current_user")):
        op.execute(f"revoke all on operator_totp from {_quoted(engine_role)}")


def _quoted(name: str) -> str:
    return '"' + name.replace('"', '""') + '"'


def downgrade() -> None:
    raise NotImplementedError("restore the backup taken before the upgrade (docs/upgrade.md)")
