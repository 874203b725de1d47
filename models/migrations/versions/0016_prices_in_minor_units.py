"""Prices as whole minor units, so that three decimals fit and none are invented; what bills customers; cashiers."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0016"
down_revision = "0015"

#: Currencies of ISO 4217 without two digits, as they stood when this was written.
DIGITS = {
    0: "BIF CLP DJF GNF ISK JPY KMF KRW PYG RWF UGX UYI VND VUV XAF XOF XPF BYR",
    3: "BHD IQD JOD KWD LYD OMR TND",
    4: "CLF UYW",
}
UNTIL_NOW = ("service_plans", "subscriptions")


def upgrade() -> None:
    _prices()
    op.add_column("topups", sa.Column("price_minor", sa.BigInteger(), server_default=sa.text("0"), nullable=False))
    op.create_check_constraint(op.f("ck_topups_price_not_negative"), "topups", "price_minor >= 0")
    _customers()
    op.drop_constraint(op.f("ck_users_role_known"), "users", type_="check")
    op.create_check_constraint(
        op.f("ck_users_role_known"), "users", "role in ('superadmin', 'admin', 'staff', 'cashier', 'viewer')"
    )


def _prices() -> None:
    scale = " ".join(
        f"when i.currency in ({', '.join(repr(code) for code in codes.split())}) then {10**places}"
        for places, codes in DIGITS.items()
    )
    op.drop_constraint(op.f("ck_service_plans_price_not_negative"), "service_plans", type_="check")
    for table in UNTIL_NOW:
        op.add_column(table, sa.Column("price_minor", sa.BigInteger(), server_default=sa.text("0"), nullable=False))
        # Nobody is told: to the directories nothing changes.
        op.execute(f"alter table {table} disable trigger user")
        op.execute(
            f"update {table} t set price_minor = round(t.price * case {scale} else 100 end) "  # noqa: S608  # our own text
            "from isps i where i.id = t.isp_id"
        )
        op.execute(f"alter table {table} enable trigger user")
        op.drop_column(table, "price")
    op.create_check_constraint(op.f("ck_service_plans_price_not_negative"), "service_plans", "price_minor >= 0")


def _customers() -> None:
    for column in (
        sa.Column("billing", sa.Text(), server_default="prepaid", nullable=False),
        sa.Column("auto_renew", sa.Boolean(), server_default=sa.text("false"), nullable=False),
        sa.Column("tax_id", sa.Text(), nullable=True),
        sa.Column("language", sa.Text(), nullable=True),
        sa.Column("credit_limit_minor", sa.BigInteger(), nullable=True),
        sa.Column("next_service_plan_id", sa.BigInteger(), nullable=True),
    ):
        op.add_column("customers", column)
    op.create_foreign_key(
        op.f("fk_customers_isp_id_next_service_plan_id_service_plans"), "customers", "service_plans",
        ["isp_id", "next_service_plan_id"], ["isp_id", "id"],
    )  # fmt: skip
    for name, condition in {
        "billing_known": "billing in ('prepaid', 'postpaid')",
        "credit_limit_not_negative": "credit_limit_minor >= 0",
    }.items():
        op.create_check_constraint(op.f(f"ck_customers_{name}"), "customers", condition)
    op.create_index(
        "ix_customers_renewal_due", "customers", ["expires_at"], postgresql_where=sa.text("auto_renew"), unique=False
    )


def downgrade() -> None:
    raise NotImplementedError("restore the backup taken before the upgrade (docs/upgrade.md)")
