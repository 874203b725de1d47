"""What makes the tables live: news for the directories, partitions, touch times, rights of the roles."""

from __future__ import annotations

from alembic import context, op

revision = "0002"
down_revision = "0001"

#: The payload of one NOTIFY is `<topic> <isp_id> <ids separated by commas, or *> <origin>`; ids are customers',
#: devices', plans', or the tenant's own. `origin` is the setting `infora.origin` of the transaction (`-` if unset): a
#: writer does not need its own news back. Statement triggers with transition tables: one function call a statement.
NOTIFY_FUNCTION = """
create function infora_notify() returns trigger language plpgsql security definer set search_path = public, pg_temp as $$
declare
  topic constant text := tg_argv[0];
  id_of constant text := tg_argv[1];
  origin constant text := coalesce(nullif(current_setting('infora.origin', true), ''), '-');
  tenant constant text := case when tg_table_name = 'isps' then 'id' else 'isp_id' end;
  changed text;
  news record;
begin
  changed := case tg_op
    when 'INSERT' then format('select %I as isp_id, (%s)::bigint as id from new_rows', tenant, id_of)
    when 'DELETE' then format('select %I as isp_id, (%s)::bigint as id from old_rows', tenant, id_of)
    else format('select %1$I as isp_id, (%2$s)::bigint as id from new_rows union select %1$I, (%2$s)::bigint from old_rows',
                tenant, id_of)
  end;
  for news in execute
    'select isp_id, case when count(*) > 300 then ''*'' else string_agg(id::text, '','') end as ids
       from (select distinct isp_id, id from (' || changed || ') as rows where id is not null) as distinct_rows
      group by isp_id'
  loop
    perform pg_notify('infora', topic || ' ' || news.isp_id || ' ' || news.ids || ' ' || origin);
  end loop;
  return null;
end $$;
"""

#: A truncated table: everything is to be read anew.
NOTIFY_ALL = """
create function infora_notify_all() returns trigger language plpgsql security definer set search_path = public, pg_temp as $$
begin
  perform pg_notify('infora', 'all 0 * -');
  return null;
end $$;
"""

PLAN_OF_GROUP = "substring(groupname from '^plan_([0-9]{1,18})$')"

#: table → topic, expression of the id.
NEWS = {
    "isps": ("isps", "id"),
    "mikrotik_devices": ("devices", "id"),
    "service_plans": ("plans", "id"),
    "radgroupcheck": ("plans", PLAN_OF_GROUP),
    "radgroupreply": ("plans", PLAN_OF_GROUP),
    "customers": ("customers", "id"),
    "radcheck": ("customers", "customer_id"),
    "radreply": ("customers", "customer_id"),
    "radusergroup": ("customers", "customer_id"),
    "subscriptions": ("customers", "customer_id"),
    "topups": ("customers", "customer_id"),
    "usage": ("usage", "customer_id"),
    "radacct": ("sessions", "customer_id"),
}

FIND_CUSTOMER = """
create function infora_find_customer() returns trigger language plpgsql as $$
begin
  if new.customer_id is null and new.username is not null then
    select id into new.customer_id from customers c
     where c.isp_id = new.isp_id and lower(c.username) = lower(new.username);
  end if;
  return new;
end $$;
"""

TOUCH = """
create function infora_touch() returns trigger language plpgsql as $$
begin
  new.updated_at := clock_timestamp();
  return new;
end $$;
"""

#: Makes the monthly partitions from `first` on; returns how many were made. Security definer: the writer's role may
#: have partitions made, and owns none of them.
PARTITIONS = """
create function infora_make_partitions(first date, months integer) returns integer
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
        execute format('create table %I partition of %I for values from (%L) to (%L)', child, parent,
                       case parent when 'radacct' then month::text else month || ' 00:00:00+00' end,
                       case parent when 'radacct' then (month + interval '1 month')::date::text
                                   else (month + interval '1 month')::date || ' 00:00:00+00' end);
        execute format('alter table %I set (fillfactor = 85)', child);
        made := made + 1;
      end if;
    end loop;
  end loop;
  return made;
end $$;
"""


def upgrade() -> None:
    for statement in (NOTIFY_FUNCTION, NOTIFY_ALL, FIND_CUSTOMER, TOUCH, PARTITIONS):
        op.execute(statement)
    for table, (topic, id_of) in NEWS.items():
        _news(table, topic, id_of)
    for table in ("radcheck", "radreply", "radusergroup", "radacct"):
        op.execute(
            f"create trigger find_customer before insert on {table} for each row "
            "when (new.customer_id is null) execute function infora_find_customer()"
        )
    for table in ("isps", "users", "mikrotik_devices", "service_plans", "customers"):
        op.execute(f"create trigger touch before update on {table} for each row execute function infora_touch()")
    op.execute("create table radacct_default partition of radacct default")
    op.execute("create table radpostauth_default partition of radpostauth default")
    op.execute("select infora_make_partitions((now() - interval '1 month')::date, 5)")
    _rights(context.config.attributes["engine_role"], context.config.attributes["api_role"])


def _news(table: str, topic: str, id_of: str) -> None:
    quoted = id_of.replace("'", "''")
    for event, tables in {
        "insert": "new table as new_rows",
        "delete": "old table as old_rows",
        "update": "old table as old_rows new table as new_rows",
    }.items():
        op.execute(
            f"create trigger news_{event} after {event} on {table} referencing {tables} "
            f"for each statement execute function infora_notify('{topic}', '{quoted}')"
        )
    op.execute(
        f"create trigger news_truncate after truncate on {table} for each statement execute function infora_notify_all()"
    )


def _rights(engine_role: str, api_role: str) -> None:
    for role in (engine_role, api_role):
        name = role.replace('"', '""')
        op.execute(f'grant usage on schema public to "{name}"')
        op.execute(f'grant select, insert, update, delete on all tables in schema public to "{name}"')
        op.execute(f'grant usage, select on all sequences in schema public to "{name}"')
        op.execute(
            f'alter default privileges in schema public grant select, insert, update, delete on tables to "{name}"'
        )
        op.execute(f'alter default privileges in schema public grant usage, select on sequences to "{name}"')
        op.execute(f'revoke insert, update, delete on alembic_version from "{name}"')
    op.execute("revoke execute on function infora_make_partitions(date, integer) from public")
    op.execute(f'grant execute on function infora_make_partitions(date, integer) to "{engine_role}"')


def downgrade() -> None:
    raise NotImplementedError("restore the backup taken before the upgrade (docs/upgrade.md)")
