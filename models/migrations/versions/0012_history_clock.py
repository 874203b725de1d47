"""History and wrong clocks: months are detached before they are dropped, and rows leave the default partitions.

A month is created by filling its table from the default partition first: what a wrong clock put there would otherwise
keep the month from ever being created. Detached months can be attached again until they are dropped.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import context, op

revision = "0012"
down_revision = "0011"

#: Moves the month's rows out of the default partition and attaches the table, all in the caller's transaction.
ATTACH = """
create function infora_attach_month(parent text, child text, month date) returns void language plpgsql as $$
declare
  zone constant text := case parent when 'radacct' then '' else ' 00:00:00+00' end;
  begins constant text := month::text || zone;
  ends constant text := (month + interval '1 month')::date::text || zone;
  moment constant text := case parent when 'radacct' then 'session_month' else 'authdate' end;
begin
  execute format('with moved as (delete from %1$I where %2$I >= %3$L and %2$I < %4$L returning *)'
                 ' insert into %5$I select * from moved', parent || '_default', moment, begins, ends, child);
  execute format('alter table %I attach partition %I for values from (%L) to (%L)', parent, child, begins, ends);
end $$;
"""

PARTITIONS = """
create or replace function infora_make_partitions(first date, months integer) returns integer
language plpgsql security definer set search_path = public, pg_temp as $$
declare
  made integer := 0;
  month date;
  parent text;
  child text;
begin
  for i in 0 .. months - 1 loop
    month := (date_trunc('month', first) + make_interval(months => i))::date;
    foreach parent in array array['radacct', 'radpostauth'] loop
      child := parent || to_char(month, '"_"YYYYMM');
      if to_regclass(child) is null then
        execute format('create table %I (like %I including defaults including constraints)', child,
                       parent || '_default');
        execute format('alter table %I set (fillfactor = 85)', child);
        perform infora_close(child::regclass);
        perform infora_attach_month(parent, child, month);
        made := made + 1;
      end if;
    end loop;
  end loop;
  return made;
end $$;
"""

#: Takes the months before that day out of the books; `running` is noted with each. Returns their names.
DETACH = """
create function infora_detach_partitions(before date, running bigint) returns setof text
language plpgsql security definer set search_path = public, pg_temp as $$
declare
  child text;
  parent text;
begin
  if before > (date_trunc('month', now()) - interval '1 month')::date then
    raise exception 'partitions of this month and of the last are never detached';
  end if;
  for parent, child in
    select i.inhparent::regclass::text, c.relname from pg_inherits i join pg_class c on c.oid = i.inhrelid
     where i.inhparent in ('radacct'::regclass, 'radpostauth'::regclass)
       and c.relname ~ '^(radacct|radpostauth)_[0-9]{6}$' and to_date(right(c.relname, 6), 'YYYYMM') < before
     order by 2
  loop
    execute format('alter table %I detach partition %I', parent, child);
    insert into detached_partitions (name, parent, month, running_seconds)
      values (child, parent, to_date(right(child, 6), 'YYYYMM'), running);
    return next child;
  end loop;
end $$;
"""

#: Puts detached months from that day on back into the books: somebody keeps them after all.
REATTACH = """
create function infora_reattach_partitions(since date) returns setof text
language plpgsql security definer set search_path = public, pg_temp as $$
declare
  kept detached_partitions;
begin
  for kept in select * from detached_partitions where month >= since order by name loop
    begin
      perform infora_attach_month(kept.parent, kept.name, kept.month);
      delete from detached_partitions where name = kept.name;
      return next kept.name;
    exception when unique_violation then
      raise warning 'partition % stays detached: a session of it has been booked anew', kept.name;
    end;
  end loop;
end $$;
"""

#: Drops months before that day that were detached at `running` or earlier. Returns their names.
DROP_DETACHED = """
create function infora_drop_detached(before date, running bigint) returns setof text
language plpgsql security definer set search_path = public, pg_temp as $$
declare
  child text;
begin
  for child in
    delete from detached_partitions where month < before and running_seconds <= running returning name
  loop
    execute format('drop table %I', child);
    return next child;
  end loop;
end $$;
"""
FUNCTIONS = (
    "infora_detach_partitions(date, bigint)",
    "infora_reattach_partitions(date)",
    "infora_drop_detached(date, bigint)",
)


def upgrade() -> None:
    op.create_table(
        "history_clock",
        sa.Column("id", sa.SmallInteger(), autoincrement=False, server_default=sa.text("1"), nullable=False),
        sa.Column("verified_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("confirmed_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("running_seconds", sa.BigInteger(), server_default=sa.text("0"), nullable=False),
        sa.Column("month", sa.Date(), nullable=True),
        sa.Column("month_since", sa.BigInteger(), server_default=sa.text("0"), nullable=False),
        sa.Column("settled_month", sa.Date(), nullable=True),
        sa.Column("alarm", sa.Text(), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_history_clock")),
        sa.CheckConstraint("id = 1", name=op.f("ck_history_clock_one_row")),
    )
    op.create_table(
        "detached_partitions",
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("parent", sa.Text(), nullable=False),
        sa.Column("month", sa.Date(), nullable=False),
        sa.Column("detached_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("running_seconds", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("name", name=op.f("pk_detached_partitions")),
    )
    op.execute("insert into history_clock default values")
    op.execute("drop function infora_drop_partitions(date)")
    for statement in (ATTACH, PARTITIONS, DETACH, REATTACH, DROP_DETACHED):
        op.execute(statement)
    engine, api = (_quoted(context.config.attributes[role]) for role in ("engine_role", "api_role"))
    op.execute(f"revoke all on history_clock, detached_partitions from {api}")
    op.execute("revoke execute on function infora_attach_month(text, text, date) from public")
    for function in FUNCTIONS:
        op.execute(f"revoke execute on function {function} from public")
        op.execute(f"grant execute on function {function} to {engine}")


def _quoted(role: str) -> str:
    return '"' + role.replace('"', '""') + '"'


def downgrade() -> None:
    raise NotImplementedError("restore the backup taken before the upgrade (docs/upgrade.md)")
