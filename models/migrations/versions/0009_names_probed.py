"""Names that are taken: each is looked up by the index, whatever the statistics say of a tenant they do not know yet.

A tenant whose first 50,000 customers are being imported is nobody to the statistics. `= any (wanted)` was then answered
by reading all his customers, again for each thousand names: minutes in place of seconds.
"""

from __future__ import annotations

from alembic import op

revision = "0009"
down_revision = "0008"

NAMES_TAKEN = """
create or replace function infora_names_taken(wanted text[]) returns setof text
language sql stable security definer set search_path = public, pg_temp as $$
  select taken.name from unnest(wanted) as asked(name)
   cross join lateral (
     select infora_login_name(c.username) as name from customers c
      where c.isp_id = nullif(current_setting('infora.isp_id', true), '')::bigint
        and infora_login_name(c.username) = asked.name
      limit 1
   ) as taken
$$;
"""


def upgrade() -> None:
    op.execute(NAMES_TAKEN)


def downgrade() -> None:
    raise NotImplementedError("restore the backup taken before the upgrade (docs/upgrade.md)")
