"""The daily proof of the books leaves a row; checkpoints are summed without holding up anybody who pays.

What is summed lies below a horizon: an id below which every transfer has been committed or never will be. Only finding
that needs a lock, for a moment; the sums need none.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import context, op
from sqlalchemy.dialects import postgresql

revision = "0023"
down_revision = "0022"

#: An insert takes its lock before its id, so that under this lock no id is under way.
HORIZON = """
create function infora_ledger_horizon() returns bigint
language plpgsql security definer set search_path = public, pg_temp as $$
declare
  horizon bigint;
begin
  lock table transfers in share mode;
  execute 'select case when is_called then last_value else 0 end from '
          || pg_get_serial_sequence('transfers', 'id') into horizon;
  return horizon;
end $$;
"""
CHECKPOINT = """
create function infora_checkpoint_ledger(horizon bigint) returns bigint
language plpgsql security definer set search_path = public, pg_temp as $$
declare
  written bigint;
begin
  insert into ledger_checkpoints (isp_id, account_id, through_id, balance)
  select a.isp_id, a.id, horizon, coalesce(c.balance, 0) + news.delta
    from ledger_accounts a
    left join lateral (select balance, through_id from ledger_checkpoints c
                        where c.isp_id = a.isp_id and c.account_id = a.id order by through_id desc limit 1) c on true
   cross join lateral (
     select sum(delta)::bigint as delta
       from (select amount as delta from transfers t
              where t.isp_id = a.isp_id and t.to_account = a.id
                and t.id > coalesce(c.through_id, 0) and t.id <= horizon
             union all
             select -amount from transfers t
              where t.isp_id = a.isp_id and t.from_account = a.id
                and t.id > coalesce(c.through_id, 0) and t.id <= horizon) moves) news
   where a.credit is null and news.delta is not null
  on conflict do nothing;
  get diagnostics written = row_count;
  return written;
end $$;
"""
#: For metrics, which belong to no tenant: numbers, and nothing of anybody's.
FIGURES = """
create function infora_book_figures()
returns table (age_seconds double precision, broken_rules bigint, took_seconds double precision)
language sql stable security definer set search_path = public, pg_temp as $$
  select extract(epoch from now() - verified_at), jsonb_array_length(findings), took_ms / 1000.0
    from book_verifications order by id desc limit 1
$$;
"""


def upgrade() -> None:
    engine, api = (_quoted(context.config.attributes[role]) for role in ("engine_role", "api_role"))
    op.create_table(
        "book_verifications",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("verified_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("took_ms", sa.BigInteger(), nullable=False),
        sa.Column("rules", sa.BigInteger(), nullable=False),
        sa.Column("findings", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_book_verifications")),
    )
    op.execute(f"revoke all on book_verifications from {engine}, {api}")
    op.execute(f"grant select, insert on book_verifications to {engine}")
    op.execute("drop function infora_checkpoint_ledger()")
    for statement in (HORIZON, CHECKPOINT, FIGURES):
        op.execute(statement)
    for function, role in (
        ("infora_ledger_horizon()", engine),
        ("infora_checkpoint_ledger(bigint)", engine),
        ("infora_book_figures()", api),
    ):
        op.execute(f"revoke execute on function {function} from public")
        op.execute(f"grant execute on function {function} to {role}")


def _quoted(name: str) -> str:
    return '"' + name.replace('"', '""') + '"'


def downgrade() -> None:
    raise NotImplementedError("restore the backup taken before the upgrade (docs/upgrade.md)")
