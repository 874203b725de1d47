"""The demo tenant is known as such, and can be removed whole: ledger, audit log and all.

Rows of a ledger cannot go, but for this one tenant, which nobody does business with. It is a demo from its creation by
the schema's owner, or it is none: no tenant becomes one, and one that gets another name is a tenant like any other.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0031"
down_revision = "0030"

#: As every start has made it since there is one.
MARK = """
update isps set is_demo = true where id = (
  select min(id) from isps where name = 'Demo ISP' and company_name = 'Demo ISP' and email = 'demo@example.com')
"""
GUARD = """
create function infora_guard_demo() returns trigger language plpgsql as $$
begin
  if tg_op = 'INSERT' then
    if current_user <> (select pg_get_userbyid(relowner) from pg_class where oid = tg_relid) then
      raise exception 'a demo tenant is made by the owner of the schema' using errcode = 'restrict_violation';
    end if;
  elsif not old.is_demo then
    raise exception 'a tenant does not become a demo' using errcode = 'restrict_violation';
  elsif new.name <> old.name then
    new.is_demo := false;
  end if;
  return new;
end $$;
"""
#: Takes no tenant: there is one that it removes, or none. Each table's rows go as often as a trigger writes new ones.
REMOVE = """
create function infora_remove_demo() returns table (name text, gone bigint)
language plpgsql security definer set search_path = public, pg_temp as $$
declare
  demo bigint := (select id from isps where is_demo);
  refusing record;
  place regclass;
  waiting regclass[];
  kept regclass[];
begin
  if demo is null then
    return;
  end if;
  for refusing in select * from infora_refusing_deletes() loop
    execute format('alter table %s disable trigger %I', refusing.place, refusing.trigger_name);
  end loop;
  for turn in 1 .. 2 loop
    waiting := array(
      select c.oid::regclass from pg_class c
        join pg_attribute a on a.attrelid = c.oid and a.attname = 'isp_id' and not a.attisdropped
       where c.relnamespace = 'public'::regnamespace and c.relkind in ('r', 'p') and not c.relispartition
       order by c.relname);
    while cardinality(waiting) > 0 loop
      kept := '{}';
      foreach place in array waiting loop
        begin
          execute format('delete from %s where isp_id = $1', place) using demo;
          get diagnostics gone = row_count;
          if gone > 0 then
            name := place::text;
            return next;
          end if;
        exception when foreign_key_violation then
          kept := kept || place;
        end;
      end loop;
      if cardinality(kept) = cardinality(waiting) then
        raise exception 'other rows refer to those of the demo tenant in %', kept;
      end if;
      waiting := kept;
    end loop;
  end loop;
  delete from isps where id = demo;
  for refusing in select * from infora_refusing_deletes() loop
    execute format('alter table %s enable trigger %I', refusing.place, refusing.trigger_name);
  end loop;
end $$;
"""
#: A table that keeps its rows does so by this function; what it refuses besides deletes is not asked for here.
REFUSING = """
create function infora_refusing_deletes() returns table (place regclass, trigger_name name)
language sql stable set search_path = public, pg_temp as $$
  select t.tgrelid::regclass, t.tgname from pg_trigger t join pg_proc p on p.oid = t.tgfoid
   where p.proname = 'infora_append_only' and not t.tgisinternal
   order by t.tgrelid::regclass::text, t.tgname
$$;
"""


def upgrade() -> None:
    op.add_column("isps", sa.Column("is_demo", sa.Boolean(), server_default=sa.text("false"), nullable=False))
    op.execute(MARK)
    op.create_index("uq_isps_is_demo", "isps", ["is_demo"], unique=True, postgresql_where=sa.text("is_demo"))
    for function in (GUARD, REFUSING, REMOVE):
        op.execute(function)
    op.execute("revoke execute on function infora_remove_demo(), infora_refusing_deletes() from public")
    op.execute(
        "create trigger guard_new_demo before insert on isps for each row when (new.is_demo) "
        "execute function infora_guard_demo()"
    )
    op.execute(
        "create trigger guard_demo before update on isps for each row when (new.is_demo) "
        "execute function infora_guard_demo()"
    )


def downgrade() -> None:
    raise NotImplementedError("restore the backup taken before the upgrade (docs/upgrade.md)")
