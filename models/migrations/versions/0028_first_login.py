"""Plans whose clock begins with the first login: their new customers have not started until then.

Whoever sets an end, by the API or by SQL alone, starts the customer.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0028"
down_revision = "0027"

_START_WITH_AN_END = """
create function infora_start_with_an_end() returns trigger language plpgsql as $$
begin
  new.not_started := false;
  return new;
end $$;
create trigger start_with_an_end before update of expires_at on customers for each row
  when (old.not_started and new.expires_at < '2900-01-01T00:00:00Z') execute function infora_start_with_an_end();
"""


def upgrade() -> None:
    op.add_column("service_plans", sa.Column("clock", sa.Text(), server_default="from_creation", nullable=False))
    op.create_check_constraint("clock_known", "service_plans", "clock in ('from_creation', 'from_first_login')")
    op.add_column("customers", sa.Column("not_started", sa.Boolean(), server_default=sa.text("false"), nullable=False))
    op.create_index("ix_customers_not_started", "customers", ["isp_id", "id"], postgresql_where=sa.text("not_started"))
    op.execute(_START_WITH_AN_END)


def downgrade() -> None:
    raise NotImplementedError("restore the backup taken before the upgrade (docs/upgrade.md)")
