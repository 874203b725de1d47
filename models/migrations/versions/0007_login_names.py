"""One customer a device: user names that are the same MAC address, however written, are one name (models.names)."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import context, op

revision = "0007"
down_revision = "0006"

#: models.names.login_name in SQL; a test compares them.
LOGIN_NAME = r"""
create function infora_login_name(name text) returns text language sql immutable strict parallel safe as $$
  select case
    when name ~ ('^([0-9A-Fa-f]{12}'
                 '|[0-9A-Fa-f]{2}(:[0-9A-Fa-f]{2}){5}|[0-9A-Fa-f]{2}(-[0-9A-Fa-f]{2}){5}'
                 '|[0-9A-Fa-f]{4}([.:-])[0-9A-Fa-f]{4}\4[0-9A-Fa-f]{4}|[0-9A-Fa-f]{6}[.:-][0-9A-Fa-f]{6})$')
    then regexp_replace(upper(translate(name, ':-.', '')), '(..)(?=.)', '\1:', 'g')
    else lower(name)
  end
$$;
"""

#: As before (0002, 0004), by login name.
FIND_CUSTOMER = """
create or replace function infora_find_customer() returns trigger language plpgsql as $$
begin
  if new.customer_id is null and new.username is not null then
    select id into new.customer_id from customers c
     where c.isp_id = new.isp_id and infora_login_name(c.username) = infora_login_name(new.username);
  end if;
  return new;
end $$;
"""
LOOKUPS = """
drop function infora_customer_named(text[]);
create function infora_customer_named(wanted text) returns bigint
language sql stable security definer set search_path = public, pg_temp as $$
  select id from customers
   where isp_id = nullif(current_setting('infora.isp_id', true), '')::bigint
     and infora_login_name(username) = infora_login_name(wanted)
$$;
create or replace function infora_names_taken(wanted text[]) returns setof text
language sql stable security definer set search_path = public, pg_temp as $$
  select infora_login_name(username) from customers
   where isp_id = nullif(current_setting('infora.isp_id', true), '')::bigint and infora_login_name(username) = any (wanted)
$$;
"""

_TWINS = """
select isp_id, string_agg(username, ', ' order by id) from customers
 group by isp_id, infora_login_name(username) having count(*) > 1 order by 1 limit 10
"""


def upgrade() -> None:
    op.execute(LOGIN_NAME)
    twins = op.get_bind().execute(sa.text(_TWINS)).all()
    if twins:
        said = "; ".join(f"tenant {isp_id}: {names}" for isp_id, names in twins)
        raise ValueError(f"Customers whose user names are the same MAC address: rename or delete all but one ({said}).")
    op.drop_index("uq_customers_isp_id_username", "customers")
    op.create_index(
        "uq_customers_isp_id_username", "customers", ["isp_id", sa.literal_column("infora_login_name(username)")],
        unique=True,
    )  # fmt: skip
    op.execute(FIND_CUSTOMER)
    op.execute(LOOKUPS)
    api = '"' + context.config.attributes["api_role"].replace('"', '""') + '"'
    op.execute("revoke execute on function infora_customer_named(text) from public")
    op.execute(f"grant execute on function infora_customer_named(text) to {api}")


def downgrade() -> None:
    raise NotImplementedError("restore the backup taken before the upgrade (docs/upgrade.md)")
