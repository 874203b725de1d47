"""An import learns the sizes of the tables of charges too, and keeps them until it ends.

As for customers (0011): a charge that is given away is taken back by one that refers to it, and by the statistics of a
table that looked empty each of those checks read all charges of the tenant. So do those of transfers, of the accounts.
Transfers themselves stay free: whoever sums them up locks them, and all payments would wait behind that lock.
"""

from __future__ import annotations

from alembic import context, op

revision = "0033"
down_revision = "0032"

LEARN_SIZES = """
create function infora_learn_charge_sizes() returns boolean
language plpgsql security definer set search_path = public, pg_temp as $$
begin
  lock table charges, ledger_accounts in share update exclusive mode nowait;
  analyze charges, ledger_accounts;
  return true;
exception when lock_not_available then
  return false;
end $$;
"""


def upgrade() -> None:
    api_role = context.config.attributes["api_role"].replace('"', '""')
    op.execute(LEARN_SIZES)
    op.execute("revoke execute on function infora_learn_charge_sizes() from public")
    op.execute(f'grant execute on function infora_learn_charge_sizes() to "{api_role}"')


def downgrade() -> None:
    raise NotImplementedError("restore the backup taken before the upgrade (docs/upgrade.md)")
