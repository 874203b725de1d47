"""Sessions' identifiers begin with the time of the login (models.identity): those that still run are named anew.

The rest of the old identifier is the rest of the new one. A session that is over and forgotten keeps what it had.
"""

from __future__ import annotations

from alembic import op

revision = "0010"
down_revision = "0009"

#: A Class of ours is version 1, the time of the login and a nonce, in hex. A time that could not be was not believed:
#: such a session has the month in which it was first seen, and no nonce in its identifier.
#: `materialized`, for the time is read of nothing but a Class of ours: a plan of one piece could read any.
NAME_ANEW = """
with old as materialized (
    select isp_id, acctuniqueid, session_month, to_timestamp(('x' || substr(class, 3, 8))::bit(32)::bigint) as logged_in
      from radacct
     where class ~ '^01[0-9a-f]{24}$' and (acctstoptime is null or acctstoptime > now() - interval '7 days')
)
update radacct r
   set acctuniqueid = substr(r.class, 3, 8) || left(r.acctuniqueid, 24)
  from old
 where r.isp_id = old.isp_id and r.acctuniqueid = old.acctuniqueid and r.session_month = old.session_month
   and r.session_month = date_trunc('month', old.logged_in at time zone 'UTC')::date
   and old.logged_in between r.acctupdatetime - interval '732 days' and r.acctupdatetime + interval '1 day'
   and left(r.acctuniqueid, 8) <> substr(r.class, 3, 8)
"""


def upgrade() -> None:
    op.execute(NAME_ANEW)


def downgrade() -> None:
    raise NotImplementedError("restore the backup taken before the upgrade (docs/upgrade.md)")
