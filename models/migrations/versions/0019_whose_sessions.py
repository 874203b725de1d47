"""Whose a session is: by Class, or by a name whose customer was there before it; other Classes of one session.

Sessions without a Class of ours are known by the user name too from here on: those that still run, or ended a moment
ago, are named anew, so that they stay one session.
"""

from __future__ import annotations

from hashlib import blake2b

import sqlalchemy as sa
from alembic import context, op

revision = "0019"
down_revision = "0018"

#: Rows that are inserted by hand find their customer by the rule of the books (models.accounting.batch_sessions).
#: A Class of ours is version 2, time, nonce, customer and interval, in hex.
FIND_OWNER = r"""
create function infora_find_owner() returns trigger language plpgsql as $$
declare
  named bigint;
begin
  if new.class ~ '^02[0-9a-f]{44}$' then
    select id into new.customer_id from customers c
     where c.isp_id = new.isp_id and c.id = ('x' || substr(new.class, 27, 16))::bit(64)::bigint;
  elsif new.username is not null then
    -- Looked up once: in the condition below it would be for each customer of the tenant.
    named := infora_customer_of(new.isp_id, new.username);
    select id into new.customer_id from customers c
     where c.isp_id = new.isp_id and c.id = named
       and c.created_at <= coalesce(new.acctstarttime, now());
  end if;
  return new;
end $$;
"""

#: Sessions without a Class of ours. A Class of version 1 whose time could not be was not believed.
_NAMELESS = """
select isp_id, acctuniqueid, session_month, device_id, acctsessionid, infora_login_name(username)
  from (select distinct on (isp_id, device_id, acctsessionid, infora_login_name(username)) *
          from radacct
         where (acctstoptime is null or acctstoptime > now() - interval '1 day')
           and device_id is not null and username is not null
           and not (coalesce(class, '') ~ '^01[0-9a-f]{24}$'
                    and to_timestamp(('x' || substr(class, 3, 8))::bit(32)::bigint)
                        between acctupdatetime - interval '732 days' and acctupdatetime + interval '1 day')
         order by isp_id, device_id, acctsessionid, infora_login_name(username), acctstarttime desc) as newest
"""
_NAME_ANEW = """
update radacct set acctuniqueid = :fresh
 where isp_id = :isp and acctuniqueid = :uid and session_month = :month
   and not exists (select from radacct r where r.isp_id = :isp and r.acctuniqueid = :fresh)
"""


def nameless_id(isp_id: int, device_id: int, session_id: str, name: str) -> str:
    """As models.accounting.session_id gives it to a session that is the first of its name."""
    whose = b"%d.%d.name.%d." % (isp_id, device_id, len(name.encode()))
    return blake2b(whose + name.encode() + session_id.encode(), digest_size=16).hexdigest()


def name_anew(connection: sa.Connection) -> int:
    """Running sessions without a Class get the identifier that has the name in it; how many."""
    values = [
        {"isp": isp_id, "uid": uid, "month": month, "fresh": nameless_id(isp_id, device_id, session_id, name)}
        for isp_id, uid, month, device_id, session_id, name in connection.execute(sa.text(_NAMELESS))
    ]
    fresh = [row for row in values if row["uid"] != row["fresh"]]
    if fresh:
        connection.execute(sa.text(_NAME_ANEW), fresh)
    return len(fresh)


def upgrade() -> None:
    op.add_column("radacct", sa.Column("router", sa.Text(), nullable=True))
    op.create_table(
        "session_aliases",
        sa.Column("isp_id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("alias", sa.Text(), nullable=False),
        sa.Column("acctuniqueid", sa.Text(), nullable=False),
        sa.Column("session_month", sa.Date(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.PrimaryKeyConstraint("isp_id", "alias", name=op.f("pk_session_aliases")),
    )
    op.create_index("ix_session_aliases_created_at", "session_aliases", ["created_at"])
    api_role = context.config.attributes["api_role"]
    op.get_bind().execute(sa.text("select infora_wall_in('session_aliases', :role)"), {"role": api_role})
    op.execute(FIND_OWNER)
    op.execute("drop trigger find_customer on radacct")
    op.execute(
        "create trigger find_owner before insert on radacct for each row "
        "when (new.customer_id is null) execute function infora_find_owner()"
    )
    name_anew(op.get_bind())


def downgrade() -> None:
    raise NotImplementedError("restore the backup taken before the upgrade (docs/upgrade.md)")
