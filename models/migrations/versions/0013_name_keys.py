"""One key for user names: case folding of NFC, stored beside the name, unique in the tenant (docs/decisions/0071).

The database's own `lower` knows neither final sigma nor ẞ, and differed from what the login process compares by. Names
that were different until now and are the same by the new key stay as they are, numbered apart; no new one joins them.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import context, op

from models.migrations.case_folding import fold_function

revision = "0013"
down_revision = "0012"

#: models.names.login_name in SQL; a test compares them over every code point.
LOGIN_NAME = r"""
create or replace function infora_login_name(name text) returns text language sql immutable strict parallel safe as $$
  select case
    when name ~ '^[0-9]{12}$' then name
    when name ~ ('^([0-9A-Fa-f]{12}'
                 '|[0-9A-Fa-f]{2}(:[0-9A-Fa-f]{2}){5}|[0-9A-Fa-f]{2}(-[0-9A-Fa-f]{2}){5}'
                 '|[0-9A-Fa-f]{4}([.:-])[0-9A-Fa-f]{4}\4[0-9A-Fa-f]{4}|[0-9A-Fa-f]{6}[.:-][0-9A-Fa-f]{6})$')
    then regexp_replace(upper(translate(name, ':-.', '')), '(..)(?=.)', '\1:', 'g')
    else infora_fold(name)
  end
$$;
"""

#: models.names.second_name in SQL: twelve decimal digits are a name first and a MAC address second.
SECOND_NAME = r"""
create function infora_second_name(name text) returns text language sql immutable strict parallel safe as $$
  select case
    when name ~ '^[0-9]{12}$' then regexp_replace(name, '(..)(?=.)', '\1:', 'g')
    when infora_login_name(name) ~ '^[0-9]{2}(:[0-9]{2}){5}$' then replace(infora_login_name(name), ':', '')
  end
$$;
"""

#: The tenant's customer of that name. Of several with one key: the one who is spelt so, or else the oldest.
CUSTOMER_OF = """
create function infora_customer_of(tenant bigint, wanted text) returns bigint language sql stable parallel safe as $$
  select c.id from customers c
   where c.isp_id = tenant and c.login_name in (infora_login_name(wanted), infora_second_name(wanted))
   order by c.login_name <> infora_login_name(wanted), c.username <> wanted, c.id
   limit 1
$$;
"""

#: The key follows the name, whoever writes it; nobody joins names that were alike before they were compared so.
NAME_CUSTOMER = """
create function infora_name_customer() returns trigger language plpgsql as $$
begin
  if tg_op = 'UPDATE' and new.username = old.username then
    new.login_name := old.login_name;
    new.name_twin := old.name_twin;
    return new;
  end if;
  new.login_name := infora_login_name(new.username);
  new.name_twin := 0;
  if exists (select from customers c where c.isp_id = new.isp_id and c.login_name = new.login_name
                and c.name_twin <> 0 and c.id <> new.id) then
    raise unique_violation using message = 'another customer has this user name',
      constraint = 'uq_customers_isp_id_username', table = 'customers';
  end if;
  return new;
end $$;
"""

FIND_CUSTOMER = """
create or replace function infora_find_customer() returns trigger language plpgsql as $$
begin
  if new.customer_id is null and new.username is not null then
    new.customer_id := infora_customer_of(new.isp_id, new.username);
  end if;
  return new;
end $$;
"""

LOOKUPS = """
create or replace function infora_customer_named(wanted text) returns bigint
language sql stable security definer set search_path = public, pg_temp as $$
  select infora_customer_of(nullif(current_setting('infora.isp_id', true), '')::bigint, wanted)
$$;
create or replace function infora_names_taken(wanted text[]) returns setof text
language sql stable security definer set search_path = public, pg_temp as $$
  select taken.name from unnest(wanted) as asked(name)
   cross join lateral (
     select c.login_name as name from customers c
      where c.isp_id = nullif(current_setting('infora.isp_id', true), '')::bigint and c.login_name = asked.name
      limit 1
   ) as taken
$$;
"""

#: Names that are alike from now on; the oldest of them is what the key finds.
_NUMBER_TWINS = """
with alike as (
    select isp_id, id, row_number() over (partition by isp_id, login_name order by id) as place from customers
)
update customers c set name_twin = c.id from alike
 where alike.place > 1 and c.isp_id = alike.isp_id and c.id = alike.id
"""

#: As people sort: letters by their alphabet whatever their case, numbers by their value. Without ICU as the database does.
_COLLATION = """
do $$ begin
  if exists (select from pg_collation where collprovider = 'i') then
    create collation infora_people (provider = icu, locale = 'und-u-kn-true');
  else
    create collation infora_people from "C";
  end if;
end $$
"""


def upgrade() -> None:
    op.drop_index("uq_customers_isp_id_username", "customers")
    op.add_column("customers", sa.Column("login_name", sa.Text(), server_default=sa.text("''"), nullable=False))
    op.add_column("customers", sa.Column("name_twin", sa.BigInteger(), server_default=sa.text("0"), nullable=False))
    for statement in (fold_function(), LOGIN_NAME, SECOND_NAME):
        op.execute(statement)
    op.execute("alter table customers disable trigger user")
    op.execute("update customers set login_name = infora_login_name(username)")
    op.execute(_NUMBER_TWINS)
    op.execute("alter table customers enable trigger user")
    op.create_index("uq_customers_isp_id_username", "customers", ["isp_id", "login_name", "name_twin"], unique=True)
    for statement in (CUSTOMER_OF, NAME_CUSTOMER, FIND_CUSTOMER, LOOKUPS):
        op.execute(statement)
    op.execute(
        "create trigger name_customer before insert or update of username, login_name, name_twin on customers "
        "for each row execute function infora_name_customer()"
    )
    op.execute(_COLLATION)
    # Sessions that have just ended are found by their end: they may have begun in any month.
    op.create_index(
        "ix_radacct_ended", "radacct", ["isp_id", "acctstoptime"],
        postgresql_where=sa.text("acctstoptime is not null"),
    )  # fmt: skip
    _rights(context.config.attributes["api_role"])


def _rights(api_role: str) -> None:
    """Functions that are replaced keep theirs; the others are anybody's, and show only what the caller may see."""
    api = '"' + api_role.replace('"', '""') + '"'
    op.execute(f"grant execute on function infora_customer_named(text), infora_names_taken(text[]) to {api}")


def downgrade() -> None:
    raise NotImplementedError("restore the backup taken before the upgrade (docs/upgrade.md)")
