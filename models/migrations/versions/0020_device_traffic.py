"""Metrics of each device: sessions that are open, octets that were booked."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import context, op

revision = "0020"
down_revision = "0019"

#: Of all tenants, and nothing but numbers: `/metrics` is the installation's.
FIGURES = """
create function infora_device_figures()
returns table (isp_id bigint, device_id bigint, sessions bigint, bytes_in bigint, bytes_out bigint)
language sql stable security definer set search_path = public, pg_temp as $$
  select d.isp_id, d.id, coalesce(o.sessions, 0), coalesce(c.bytes_in, 0), coalesce(c.bytes_out, 0)
    from mikrotik_devices d
    left join device_contacts c on c.isp_id = d.isp_id and c.device_id = d.id
    left join (select r.isp_id, r.device_id, count(*) as sessions from radacct r where r.acctstoptime is null
                group by r.isp_id, r.device_id) o on o.isp_id = d.isp_id and o.device_id = d.id
$$;
"""


def upgrade() -> None:
    for column in ("bytes_in", "bytes_out"):
        op.add_column(
            "device_contacts", sa.Column(column, sa.BigInteger(), server_default=sa.text("0"), nullable=False)
        )
    op.create_check_constraint(
        op.f("ck_device_contacts_bytes_not_negative"), "device_contacts", "bytes_in >= 0 and bytes_out >= 0"
    )
    op.execute(FIGURES)
    op.execute("revoke execute on function infora_device_figures() from public")
    api_role = context.config.attributes["api_role"].replace('"', '""')
    op.execute(f'grant execute on function infora_device_figures() to "{api_role}"')


def downgrade() -> None:
    raise NotImplementedError("restore the backup taken before the upgrade (docs/upgrade.md)")
