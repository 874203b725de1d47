"""A detached month gets what its table has got since, before it is attached again.

Migrations change a table and its partitions, and a month that is detached is none at that moment: without this it could
not be attached again after an upgrade, and what somebody keeps would stay out of the books. No migration has to
think of it.
"""

from __future__ import annotations

from alembic import op

revision = "0024"
down_revision = "0023"

#: Columns that came, went or changed, and checks. Whatever else differs, attaching refuses with PostgreSQL's own words.
FIT = """
create function infora_fit_month(parent text, child text) returns void language plpgsql as $$
declare
  col record;
begin
  for col in
    select a.attname, format_type(a.atttypid, a.atttypmod) as type, a.attnotnull, b.attname is null as is_new,
           b.attnotnull as had_notnull, pg_get_expr(d.adbin, d.adrelid) as preset,
           format_type(a.atttypid, a.atttypmod) is distinct from format_type(b.atttypid, b.atttypmod) as is_other
      from pg_attribute a
      left join pg_attrdef d on d.adrelid = a.attrelid and d.adnum = a.attnum
      left join pg_attribute b on b.attrelid = child::regclass and b.attname = a.attname and not b.attisdropped
     where a.attrelid = parent::regclass and a.attnum > 0 and not a.attisdropped
     order by a.attnum
  loop
    if col.is_new then
      execute format('alter table %I add column %I %s', child, col.attname, col.type)
              || coalesce(' default ' || col.preset, '') || case when col.attnotnull then ' not null' else '' end;
      continue;
    end if;
    if col.is_other then
      execute format('alter table %1$I alter column %2$I type %3$s using %2$I::%3$s', child, col.attname, col.type);
    end if;
    if col.attnotnull is distinct from col.had_notnull then
      execute format('alter table %I alter column %I %s not null', child, col.attname,
                     case when col.attnotnull then 'set' else 'drop' end);
    end if;
  end loop;
  for col in
    select b.attname from pg_attribute b
     where b.attrelid = child::regclass and b.attnum > 0 and not b.attisdropped and not exists (
           select from pg_attribute a
            where a.attrelid = parent::regclass and a.attname = b.attname and not a.attisdropped)
  loop
    execute format('alter table %I drop column %I', child, col.attname);
  end loop;
  for col in
    select p.conname, pg_get_constraintdef(p.oid) as definition from pg_constraint p
     where p.conrelid = parent::regclass and p.contype = 'c' and not exists (
           select from pg_constraint c where c.conrelid = child::regclass and c.conname = p.conname)
  loop
    execute format('alter table %I add constraint %I %s', child, col.conname, col.definition);
  end loop;
end $$;
"""

#: By names: a column that came later stands elsewhere in a table that was there before.
ATTACH = """
create or replace function infora_attach_month(parent text, child text, month date) returns void
language plpgsql as $$
declare
  zone constant text := case parent when 'radacct' then '' else ' 00:00:00+00' end;
  begins constant text := month::text || zone;
  ends constant text := (month + interval '1 month')::date::text || zone;
  moment constant text := case parent when 'radacct' then 'session_month' else 'authdate' end;
  columns text;
begin
  perform infora_fit_month(parent, child);
  select string_agg(quote_ident(attname), ', ' order by attnum) into columns
    from pg_attribute where attrelid = parent::regclass and attnum > 0 and not attisdropped;
  execute format('with moved as (delete from %1$I where %2$I >= %3$L and %2$I < %4$L returning *)'
                 ' insert into %5$I (%6$s) select %6$s from moved',
                 parent || '_default', moment, begins, ends, child, columns);
  execute format('alter table %I attach partition %I for values from (%L) to (%L)', parent, child, begins, ends);
end $$;
"""


def upgrade() -> None:
    op.execute(FIT)
    op.execute(ATTACH)


def downgrade() -> None:
    raise NotImplementedError("restore the backup taken before the upgrade (docs/upgrade.md)")
