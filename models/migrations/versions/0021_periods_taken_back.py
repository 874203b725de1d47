"""An expiry that is moved, by whomever, moves the end of the last period, and cancels the periods that lie behind it.

A renewal that was taken back by hand left its period behind: when its start came, it was a second allowance. A period that
has been used stays, so that what was used stays used; it ends with the change.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0021"
down_revision = "0020"

#: Nothing was used of the period `s`, and nothing bought for it.
_UNTOUCHED = """
  not exists (select from usage u where u.isp_id = s.isp_id and u.customer_id = s.customer_id
                 and u.period_start = s.period_start and u.bytes_in + u.bytes_out > 0)
  and not exists (select from topups t where t.isp_id = s.isp_id and t.customer_id = s.customer_id
                     and t.period_start = s.period_start)
"""

FOLLOW_EXPIRY = f"""
create function infora_follow_expiry() returns trigger language plpgsql as $$
declare
  last subscriptions;
  new_end timestamptz;
begin
  delete from subscriptions s
   where s.isp_id = new.isp_id and s.customer_id = new.id and s.period_start >= new.expires_at and {_UNTOUCHED};
  select * into last from subscriptions s where s.isp_id = new.isp_id and s.customer_id = new.id
   order by s.period_start desc limit 1;
  if found then
    new_end := case when last.period_start < new.expires_at then new.expires_at
                    else least(last.period_end, greatest(now(), last.period_start + interval '1 microsecond')) end;
    update subscriptions set period_end = new_end
     where isp_id = last.isp_id and id = last.id and period_end <> new_end;
  end if;
  return null;
end $$;
"""  # noqa: S608  # a constant of this file

#: What renewals that were taken back before have left behind.
_LEFT_BEHIND = f"""
delete from subscriptions s using customers c
 where c.isp_id = s.isp_id and c.id = s.customer_id and s.period_start >= c.expires_at and s.period_start > now()
   and {_UNTOUCHED}
"""  # noqa: S608  # as above


def upgrade() -> None:
    for column in ("paid_until", "undone_at"):
        op.add_column("subscriptions", sa.Column(column, sa.DateTime(timezone=True), nullable=True))
    op.execute(_LEFT_BEHIND)
    op.execute(FOLLOW_EXPIRY)
    op.execute(
        "create trigger follow_expiry after update of expires_at on customers for each row "
        "when (new.expires_at <> old.expires_at) execute function infora_follow_expiry()"
    )


def downgrade() -> None:
    raise NotImplementedError("restore the backup taken before the upgrade (docs/upgrade.md)")
