"""The writer's progress, and the quarantine (models.spooling)."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import context, op
from sqlalchemy.dialects import postgresql

revision = "0005"
down_revision = "0004"

#: Drops the partitions whose month is over and older than every tenant keeps history; returns their names. Security
#: definer, as the engine's role owns no table.
DROP_PARTITIONS = """
create function infora_drop_partitions(before date) returns setof text
language plpgsql security definer set search_path = public, pg_temp as $$
declare
  child text;
begin
  if before > (date_trunc('month', now()) - interval '1 month')::date then
    raise exception 'partitions of this month and of the last are never dropped';
  end if;
  for child in
    select c.relname from pg_inherits i join pg_class c on c.oid = i.inhrelid
     where i.inhparent in ('radacct'::regclass, 'radpostauth'::regclass)
       and c.relname ~ '^(radacct|radpostauth)_[0-9]{6}$' and to_date(right(c.relname, 6), 'YYYYMM') < before
     order by 1
  loop
    execute format('drop table %I', child);
    return next child;
  end loop;
end $$;
"""


def upgrade() -> None:
    op.create_table(
        "spool_progress",
        sa.Column("node", sa.Text(), nullable=False),
        sa.Column("segment", sa.Text(), nullable=False),
        sa.Column("position", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("node", "segment", name=op.f("pk_spool_progress")),
    )
    op.create_table(
        "quarantine",
        sa.Column("isp_id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("received_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("node", sa.Text(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("record", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("octets", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("isp_id", "id", name=op.f("pk_quarantine")),
    )
    op.execute(DROP_PARTITIONS)
    engine, api = (_quoted(context.config.attributes[role]) for role in ("engine_role", "api_role"))
    op.execute(f"revoke all on spool_progress from {api}")
    op.execute(f"select infora_wall_in('quarantine', '{context.config.attributes['api_role']}')")
    op.execute("revoke execute on function infora_drop_partitions(date) from public")
    op.execute(f"grant execute on function infora_drop_partitions(date) to {engine}")


def _quoted(role: str) -> str:
    return '"' + role.replace('"', '""') + '"'


def downgrade() -> None:
    raise NotImplementedError("restore the backup taken before the upgrade (docs/upgrade.md)")
