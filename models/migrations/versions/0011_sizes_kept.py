"""An import learns the sizes of its table for itself, and keeps them until it ends; nobody waits for that.

The checks of a customer's foreign keys follow the statistics. Autovacuum, which came by in the middle of an import and
counted no row of it, had them read all of the tenant's customers for each row: minutes in place of seconds. While the
import holds the lock of its own `analyze`, autovacuum passes the table by. Where another import has the lock, it is
told so, and asks again with its next rows.
"""

from __future__ import annotations

from alembic import context, op

revision = "0011"
down_revision = "0010"

LEARN_SIZES = """
create function infora_learn_sizes() returns boolean
language plpgsql security definer set search_path = public, pg_temp as $$
begin
  lock table customers in share update exclusive mode nowait;
  analyze customers;
  return true;
exception when lock_not_available then
  return false;
end $$;
"""


def upgrade() -> None:
    api_role = context.config.attributes["api_role"].replace('"', '""')
    op.execute("drop function infora_learn_sizes()")
    op.execute(LEARN_SIZES)
    op.execute("revoke execute on function infora_learn_sizes() from public")
    op.execute(f'grant execute on function infora_learn_sizes() to "{api_role}"')


def downgrade() -> None:
    raise NotImplementedError("restore the backup taken before the upgrade (docs/upgrade.md)")
