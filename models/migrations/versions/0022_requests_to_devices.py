"""The outbox becomes what is asked of the network, one row a session; what devices can do by CoA is remembered.

Rows of before nobody was there to send: they are closed, never sent. A new row wakes the worker.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import context, op
from sqlalchemy.dialects import postgresql

revision = "0022"
down_revision = "0021"

COLUMNS = (
    sa.Column("parent_id", sa.BigInteger()),
    sa.Column("device_id", sa.BigInteger()),
    sa.Column("acctuniqueid", sa.Text()),
    sa.Column("session_month", sa.Date()),
    sa.Column("session_id", sa.Text()),
    sa.Column("username", sa.Text()),
    sa.Column("nas_address", postgresql.INET()),
    sa.Column("step", sa.Text()),
    sa.Column("error", sa.Text()),
    sa.Column("error_cause", sa.BigInteger()),
    sa.Column("give_up_at", sa.DateTime(timezone=True)),
    sa.Column("sent_at", sa.DateTime(timezone=True)),
)

WAKE = """
create function infora_outbox_wake() returns trigger language plpgsql as $$
begin
  perform pg_notify('infora_outbox', '');
  return null;
end $$;
create trigger wake after insert on outbox for each statement execute function infora_outbox_wake();
"""

#: For metrics, which belong to no tenant: numbers, and nothing of anybody's.
FIGURES = """
create function infora_request_figures() returns table (figure text, label text, value double precision)
language sql stable security definer set search_path = public, pg_temp as $$
  select 'waiting', kind, count(*) from outbox where status = 'pending' and acctuniqueid is not null group by kind
  union all
  select 'acknowledged', kind, count(*) from outbox where status = 'sent' group by kind
  union all
  select 'oldest', '', coalesce(extract(epoch from now() - min(created_at)), 0) from outbox where status = 'pending'
  union all
  select 'ended', coalesce(error, status), count(*) from outbox
   where done_at > now() - interval '5 minutes' and acctuniqueid is not null group by 2
  union all
  select 'answers', answer, number from
    (select coalesce(sum(acknowledged), 0), coalesce(sum(refused), 0), coalesce(sum(unanswered), 0),
            coalesce(sum(without_effect), 0) from device_abilities) as s (a, r, u, w)
    cross join lateral (values ('acknowledged', a), ('refused', r), ('unanswered', u), ('without_effect', w))
      as n (answer, number)
$$;
"""


def upgrade() -> None:
    for column in COLUMNS:
        op.add_column("outbox", column)
    op.execute("update outbox set status = 'failed', done_at = now() where status in ('pending', 'sent')")
    op.execute("update outbox set error = 'superseded' where status = 'failed'")
    op.drop_column("outbox", "last_error")
    op.create_check_constraint(
        "error_known",
        "outbox",
        "error in ('no_answer', 'no_effect', 'nak', 'session_unknown', 'refused_address', 'bad_reply', 'superseded')",
    )
    op.create_check_constraint("session_whole", "outbox", "(acctuniqueid is null) = (session_month is null)")
    op.drop_index("ix_outbox_due", "outbox")
    for name, columns, where, unique in (
        ("ix_outbox_due", ["isp_id", "device_id", "next_attempt_at"],
         "status = 'pending' and acctuniqueid is not null", False),
        ("ix_outbox_events", ["created_at"], "acctuniqueid is null", False),
        ("ix_outbox_acctuniqueid", ["acctuniqueid"], None, False),
        ("uq_outbox_parent", ["isp_id", "parent_id", "acctuniqueid"], "parent_id is not null", True),
        ("uq_outbox_disconnect", ["isp_id", "acctuniqueid"],
         "kind = 'disconnect' and status in ('pending', 'sent') and acctuniqueid is not null", True),
    ):  # fmt: skip
        op.create_index(
            name, "outbox", columns, unique=unique, postgresql_where=None if where is None else sa.text(where)
        )
    op.create_index("ix_customers_expires_at", "customers", ["expires_at"])
    op.create_index("ix_outbox_done_at", "outbox", ["done_at"], postgresql_where=sa.text("done_at is not null"))
    op.execute(WAKE)
    _abilities()


def _abilities() -> None:
    op.create_table(
        "device_abilities",
        sa.Column("isp_id", sa.BigInteger(), nullable=False),
        sa.Column("device_id", sa.BigInteger(), nullable=False),
        sa.Column("service", sa.Text(), nullable=False),
        sa.Column("version", sa.Text(), server_default="", nullable=False),
        sa.Column("coa", sa.Boolean()),
        sa.Column("disconnect", sa.Boolean()),
        sa.Column("step", sa.Text()),
        sa.Column("error_cause", sa.BigInteger()),
        sa.Column("acknowledged", sa.BigInteger(), server_default=sa.text("0"), nullable=False),
        sa.Column("refused", sa.BigInteger(), server_default=sa.text("0"), nullable=False),
        sa.Column("unanswered", sa.BigInteger(), server_default=sa.text("0"), nullable=False),
        sa.Column("without_effect", sa.BigInteger(), server_default=sa.text("0"), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.ForeignKeyConstraint(["isp_id"], ["isps.id"], name=op.f("fk_device_abilities_isp_id_isps")),
        sa.ForeignKeyConstraint(
            ["isp_id", "device_id"], ["mikrotik_devices.isp_id", "mikrotik_devices.id"],
            name=op.f("fk_device_abilities_isp_id_device_id_mikrotik_devices"), ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("isp_id", "device_id", "service", "version", name=op.f("pk_device_abilities")),
    )  # fmt: skip
    api_role = context.config.attributes["api_role"].replace("'", "''")
    op.execute(f"select infora_wall_in('device_abilities', '{api_role}')")
    op.execute(FIGURES)
    name = '"' + context.config.attributes["api_role"].replace('"', '""') + '"'
    op.execute("revoke execute on function infora_request_figures() from public")
    op.execute(f"grant execute on function infora_request_figures() to {name}")


def downgrade() -> None:
    raise NotImplementedError("restore the backup taken before the upgrade (docs/upgrade.md)")
