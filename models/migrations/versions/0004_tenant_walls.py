"""Row-level security: the API's role sees one tenant per transaction, whatever its queries say (DESIGN 4).

The tenant is the setting `infora.isp_id` of the transaction; without it nothing is seen. `infora.scope = 'all'`
(a superadmin's transaction) opens the tables that are about tenants and operators, and no tenant's own data.
"""

from __future__ import annotations

from alembic import context, op

revision = "0004"
down_revision = "0003"

TENANT = "nullif(current_setting('infora.isp_id', true), '')::bigint"
EVERYWHERE = "current_setting('infora.scope', true) = 'all'"

TENANT_TABLES = (
    "mikrotik_devices", "device_contacts", "service_plans", "customers", "subscriptions", "topups",
    "radcheck", "radreply", "radusergroup", "radgroupcheck", "radgroupreply",
    "radacct", "radpostauth", "usage", "usage_daily", "outbox",
)  # fmt: skip
#: table → what makes a row visible.
SHARED_TABLES = {
    "isps": f"id = {TENANT} or {EVERYWHERE}",
    "users": f"isp_id = {TENANT} or {EVERYWHERE}",
    "audit_log": f"isp_id = {TENANT} or {EVERYWHERE}",
    "idempotency_keys": f"isp_id is not distinct from {TENANT}",
}

#: Adds the two walls to a table. For later migrations too: `select infora_wall_in('<table>', '<API role>')`.
WALL_IN = f"""
create function infora_wall_in(name regclass, api_role name, visible text default 'isp_id = {TENANT.replace("'", "''")}')
returns void language plpgsql as $$
begin
  execute format('alter table %s enable row level security, force row level security', name);
  execute format('create policy owner_works on %s to %I using (true) with check (true)', name, current_user);
  execute format('create policy one_tenant on %s to %I using (%s) with check (%s)', name, api_role, visible, visible);
end $$;
"""

#: What has to be found before a tenant is known. Each answers one question about one row. Customers' names are looked
#: up here, too: lower() is not leakproof, so that row-level security would keep the query away from the index.
LOOKUPS = """
create function infora_operator_named(wanted text)
returns table (id bigint, isp_id bigint, username text, password_hash text, role text, is_active boolean, token_version bigint)
language sql stable security definer set search_path = public, pg_temp as $$
  select id, isp_id, username, password_hash, role, is_active, token_version from users
   where lower(username) = lower(wanted)
$$;
create function infora_operator_of_token(wanted bigint, wanted_jti text)
returns table (id bigint, isp_id bigint, username text, role text, token_version bigint)
language sql stable security definer set search_path = public, pg_temp as $$
  select id, isp_id, username, role, token_version from users
   where id = wanted and is_active and not exists (select from revoked_tokens where jti = wanted_jti)
$$;
create function infora_isp_of_key(wanted text)
returns table (id bigint, name text)
language sql stable security definer set search_path = public, pg_temp as $$
  select id, name from isps where api_key_hash = wanted
$$;
create function infora_customer_named(wanted text[]) returns bigint
language sql stable security definer set search_path = public, pg_temp as $$
  select id from customers
   where isp_id = nullif(current_setting('infora.isp_id', true), '')::bigint
     and lower(username) = any (array(select lower(name) from unnest(wanted) as name))
   order by id limit 1
$$;
create function infora_names_taken(wanted text[]) returns setof text
language sql stable security definer set search_path = public, pg_temp as $$
  select lower(username) from customers
   where isp_id = nullif(current_setting('infora.isp_id', true), '')::bigint and lower(username) = any (wanted)
$$;
create function infora_learn_sizes() returns void
language plpgsql security definer set search_path = public, pg_temp as $$
begin
  if (select reltuples from pg_class where oid = 'customers'::regclass) < 1000 then
    analyze customers;
  end if;
end $$;
create function infora_totals()
returns table (customers bigint, devices bigint, online_sessions bigint, last_accounting_at timestamptz)
language sql stable security definer set search_path = public, pg_temp as $$
  with tenant as (select nullif(current_setting('infora.isp_id', true), '')::bigint as id)
  select (select count(*) from customers c, tenant where c.isp_id = tenant.id),
         (select count(*) from mikrotik_devices d, tenant where d.isp_id = tenant.id),
         (select count(*) from radacct r, tenant where r.isp_id = tenant.id and r.acctstoptime is null),
         (select max(last_seen_at) from device_contacts c, tenant where c.isp_id = tenant.id)
$$;
"""
LOOKUP_NAMES = (
    "infora_operator_named(text)",
    "infora_operator_of_token(bigint, text)",
    "infora_isp_of_key(text)",
    "infora_customer_named(text[])",
    "infora_names_taken(text[])",
    "infora_learn_sizes()",
    "infora_totals()",
)

#: As in 0002, with each partition walled in: a partition that is asked by its own name answers nobody but those who
#: bypass row-level security (the parent's policies do not reach that way).
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
        execute format('create table %I partition of %I for values from (%L) to (%L)', child, parent,
                       case parent when 'radacct' then month::text else month || ' 00:00:00+00' end,
                       case parent when 'radacct' then (month + interval '1 month')::date::text
                                   else (month + interval '1 month')::date || ' 00:00:00+00' end);
        execute format('alter table %I set (fillfactor = 85)', child);
        perform infora_close(child::regclass);
        made := made + 1;
      end if;
    end loop;
  end loop;
  return made;
end $$;
"""
CLOSE = """
create function infora_close(partition regclass) returns void language plpgsql as $$
begin
  execute format('alter table %s enable row level security, force row level security', partition);
  execute format('create policy owner_works on %s to %I using (true) with check (true)', partition, current_user);
end $$;
"""


def upgrade() -> None:
    api_role = context.config.attributes["api_role"]
    for statement in (WALL_IN, CLOSE, PARTITIONS, LOOKUPS):
        op.execute(statement)
    op.execute("revoke execute on function infora_wall_in(regclass, name, text), infora_close(regclass) from public")
    for table in TENANT_TABLES:
        op.execute(f"select infora_wall_in('{table}', {_literal(api_role)})")
    for table, visible in SHARED_TABLES.items():
        op.execute(f"select infora_wall_in('{table}', {_literal(api_role)}, {_literal(visible)})")
    op.execute(
        "select infora_close(inhrelid::regclass) from pg_inherits "
        "where inhparent in ('radacct'::regclass, 'radpostauth'::regclass)"
    )
    name = '"' + api_role.replace('"', '""') + '"'
    for function in LOOKUP_NAMES:
        op.execute(f"revoke execute on function {function} from public")
        op.execute(f"grant execute on function {function} to {name}")


def _literal(text: str) -> str:
    return "'" + text.replace("'", "''") + "'"


def downgrade() -> None:
    raise NotImplementedError("restore the backup taken before the upgrade (docs/upgrade.md)")
