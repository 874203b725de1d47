"""Room in the pages of the counters, so that a counter that grows stays where it is and no index hears of it."""

from __future__ import annotations

from alembic import op

revision = "0008"
down_revision = "0007"


def upgrade() -> None:
    for table in ("usage", "usage_daily"):
        op.execute(f"alter table {table} set (fillfactor = 60)")


def downgrade() -> None:
    raise NotImplementedError("restore the backup taken before the upgrade (docs/upgrade.md)")
